"""Runs the command line as `python -m frisket.cli`."""

from frisket.cli import main

main()
