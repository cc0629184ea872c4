"""The virtual MFD: one store, one door, one small service per protocol."""
