"""Long work that survives kill -9: the job port, and the one engine behind it."""
