"""The scripts run in any POSIX shell, and what they install is pinned by hash."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from tests.project.tree import ROOT, shown

SCRIPTS = sorted(p for folder in ("script", ".ci") for p in (ROOT / folder).iterdir())
PINS = sorted((ROOT / "requirements").glob("*.txt"))


@pytest.mark.parametrize("path", SCRIPTS, ids=shown)
def test_script(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    assert path.stat().st_mode & 0o111 == 0o111, "executable"
    assert lines[0] == "#!/bin/sh"
    assert lines[1].startswith("# "), "says what it does"
    assert "set -eu" in lines
    subprocess.run(["sh", "-n", path], check=True)


def test_make_offers_the_same_names() -> None:
    rules = (ROOT / "Makefile").read_text(encoding="utf-8")
    for name in ("demo", "test", "lock"):
        assert f"\n{name}: ; script/{name}\n" in rules


@pytest.mark.parametrize("path", PINS, ids=shown)
def test_pins_have_hashes_and_no_addresses(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert "://" not in text
    assert not re.search(r"^\s*--?(?!hash=)\w", text, re.MULTILINE), "no option but --hash"
    rows = [row for row in text.replace("\\\n", " ").splitlines() if row and row[0] != "#"]
    assert rows
    for row in rows:
        assert re.match(r"[a-z0-9._\[\]-]+==\S+", row), row[:60]
        assert re.search(r"--hash=sha256:[0-9a-f]{64}\b", row), row[:60]


def test_both_sets_pin_the_same_versions() -> None:
    run, dev = (
        dict(re.findall(r"^([a-z0-9._-]+)==(\S+)", (ROOT / name).read_text(), re.MULTILINE))
        for name in ("requirements/run.txt", "requirements/dev.txt")
    )
    assert run.items() <= dev.items()
