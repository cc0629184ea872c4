"""A device is one process's turn at a time."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from frisket.cli.support.applying import Turns

TRY = """
import sys
from pathlib import Path
from frisket.cli.support.applying import Turns
turns = Turns(Path(sys.argv[1]))
for address in sys.argv[2:]:
    with turns.of(address) as ours:
        print(address, ours)
"""


def tried(folder: Path, *addresses: str) -> list[str]:
    """Ask for devices from another process."""
    words = [sys.executable, "-c", TRY, str(folder), *addresses]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def test_what_one_process_holds_another_does_not_get(tmp_path: Path) -> None:
    turns = Turns(tmp_path / "runs")
    with turns.of("10.0.0.7") as ours, turns.of("10.0.0.8") as too:
        assert ours
        assert too
        seen = tried(tmp_path / "runs", "10.0.0.7", "10.0.0.8", "10.0.0.9")
        assert seen == ["10.0.0.7 False", "10.0.0.8 False", "10.0.0.9 True"]
    assert tried(tmp_path / "runs", "10.0.0.7") == ["10.0.0.7 True"]
    turns.close()


def test_who_is_gone_holds_nothing(tmp_path: Path) -> None:
    assert tried(tmp_path, "10.0.0.7") == ["10.0.0.7 True"]
    turns = Turns(tmp_path)
    with turns.of("10.0.0.7") as ours:
        assert ours
    turns.close()
