"""The gateway: takes in what collectors send, and keeps it. It never connects to a site."""
