"""Bytes to messages and back, for protocols no well-kept library covers."""
