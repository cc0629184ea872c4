"""eRDS: what a device reports by itself to its gateway, in a form of our own."""
