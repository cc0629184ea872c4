"""The programming interface below `/api/v1`: one module an area, each with a `ROUTER`."""
