"""The vocabulary: whatever can be set on, seen of or attested about an MFD, each key once."""
