"""Files and functions stay small enough to be read in one go."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from tests.project.tree import SRC, parsed, shown, sources

FILE_LINES = 400
FUNCTION_LINES = 60
# A migration is one list of statements that a tool writes from the tables.
MIGRATIONS = SRC / "store" / "migrations" / "versions"


@pytest.mark.parametrize("path", sources(), ids=shown)
def test_size(path: Path) -> None:
    lines = len(path.read_text(encoding="utf-8").splitlines())
    assert lines <= FILE_LINES, f"{shown(path)} has {lines} lines: split it"
    long = [
        f"{node.name} (line {node.lineno}): {node.end_lineno - node.lineno + 1} lines"
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and path.parent != MIGRATIONS
        and node.end_lineno is not None
        and node.end_lineno - node.lineno + 1 > FUNCTION_LINES
    ]
    assert not long, f"{shown(path)}: split {long}"
