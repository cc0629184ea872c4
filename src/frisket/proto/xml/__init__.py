"""XML from devices, read without document types or entities."""
