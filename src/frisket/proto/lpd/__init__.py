"""Line printer daemon protocol (RFC 1179)."""
