"""Remote panel: the Remote Framebuffer protocol (RFC 6143)."""
