"""Simple Network Time Protocol (RFC 4330)."""
