"""Session Initiation Protocol (RFC 3261), as used by IP fax."""
