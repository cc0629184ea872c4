"""One module a screen; a module with a `SCREEN` is one."""
