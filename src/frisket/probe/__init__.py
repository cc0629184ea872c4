"""The network witness: one module per protocol, read-only; found by walking this package."""
