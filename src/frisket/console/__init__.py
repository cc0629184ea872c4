"""The web: pages, the programming interface, and who may come in. It shows; `fleet` decides."""
