"""The protocols of the virtual MFD: one module each; found by walking this package."""
