"""The pages: each module declares `PAGES`; found by walking this package."""
