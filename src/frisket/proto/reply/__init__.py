"""Numbered replies, shared by FTP and SMTP."""
