"""One module per area of the Remote UI; a module with `ROUTES` is found by walking this package."""
