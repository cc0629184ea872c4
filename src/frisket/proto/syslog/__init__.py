"""Syslog (RFC 5424) and its framing over TCP and TLS (RFC 6587, RFC 5425)."""
