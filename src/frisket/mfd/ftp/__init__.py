"""FTP printing: pyftpdlib behind a file system in which nothing exists but what is being sent."""
