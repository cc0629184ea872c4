"""Printer Job Language, as spoken on the raw print port."""
