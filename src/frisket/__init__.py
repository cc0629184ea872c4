"""Frisket: hardens, watches and services fleets of networked multifunction printers."""
