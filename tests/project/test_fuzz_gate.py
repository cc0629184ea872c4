"""Every parser of foreign bytes has its fuzz test."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.project.tree import ROOT, SRC, shown

FUZZ = ROOT / "tests" / "fuzz"


def wires() -> list[Path]:
    """Return the wire module or package of each protocol."""
    folders = sorted(p for p in (SRC / "proto").glob("*") if p.is_dir())
    return [w for folder in folders for w in (folder / "wire.py", folder / "wire") if w.exists()]


@pytest.mark.parametrize("wire", wires(), ids=shown)
def test_wire_is_fuzzed(wire: Path) -> None:
    name = wire.parent.name
    test = FUZZ / f"test_{name}.py"
    assert test.is_file(), f"{shown(test)} is missing"
    text = test.read_text(encoding="utf-8")
    assert f"frisket.proto.{name}" in text, "it tests something else"
    assert "@given" in text, "random bytes, and mutations of valid messages"
    assert "WireError" in text, "a value, or WireError and nothing else"
