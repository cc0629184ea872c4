"""HTTP/1.1 (RFC 9110, RFC 9112): bounded messages over h11, for probes and the virtual MFD."""
