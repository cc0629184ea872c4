"""The virtual MFD's settings file: everything that can be set, sealed under a password."""
