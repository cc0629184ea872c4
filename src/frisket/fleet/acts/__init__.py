"""What takes two persons: one module an area, each with `ACTS`; found by walking this package."""
