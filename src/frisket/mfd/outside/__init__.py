"""Clients of the outside: what the virtual MFD asks of mail, file, directory, time, log servers."""
