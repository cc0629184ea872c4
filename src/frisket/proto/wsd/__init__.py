"""Web Services for Devices: WS-Discovery and metadata exchange."""
