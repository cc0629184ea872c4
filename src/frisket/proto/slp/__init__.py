"""Service Location Protocol, version 2 (RFC 2608)."""
