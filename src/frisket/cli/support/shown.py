"""Small printing shared by verbs: JSON documents and plain tables, to standard output."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Sequence
from typing import Literal

from rich.console import Console
from rich.table import Table

from frisket.report.escape import visible

TableOrJson = Literal["table", "json"]


def print_json(document: object) -> None:
    """Print one JSON document."""
    json.dump(document, sys.stdout, indent=2, ensure_ascii=False)
    sys.stdout.write("\n")


def print_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table; every cell is escaped."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(visible(cell) for cell in row), style=None)
    # A pipe has no width: cut nothing there.
    width = None if sys.stdout.isatty() else 240
    Console(highlight=False, markup=False, width=width).print(table)


def in_order(target: str) -> list[tuple[int, str]]:
    """Return a sort key that puts 10.0.0.9 before 10.0.0.10."""
    parts = re.split(r"([0-9]+)", target)
    return [(int(part), "") if part.isdigit() else (0, part) for part in parts]


def say(message: str) -> None:
    """Print a line of news to standard error."""
    sys.stderr.write(f"{message}\n")
