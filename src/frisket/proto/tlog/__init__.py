"""Transparency logs: signed notes, checkpoints, cosignatures (C2SP) and their trees (RFC 6962)."""
