"""A ledger on a disk that fills up: nothing that was acknowledged is lost, notes are kept."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from frisket.ledger import Ledger, LedgerFault

# The limit is a process's own, and its other files would meet it too.
PROGRAM = """
import resource, sys
from pathlib import Path
from frisket.ledger import Ledger, LedgerFault

path, room = Path(sys.argv[1]), int(sys.argv[2])
ledger = Ledger(path)
ledger.append({"n": 1})
resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + room, resource.RLIM_INFINITY))
try:
    ledger.append({"n": 2}, {"n": 3})
except LedgerFault:
    ledger.note({"n": 4})
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    ledger.note({"n": 5})
    ledger.append({"n": 6})
"""


@pytest.mark.parametrize("room", [0, 1, 9, 17, 18, 33])
def test_a_record_that_was_written_in_part_damages_no_other(room: int, tmp_path: Path) -> None:
    path = tmp_path / "x.ledger"
    subprocess.run([sys.executable, "-c", PROGRAM, str(path), str(room)], check=True, timeout=60)
    assert [record["n"] for record in Ledger(path).read()] == [1, 4, 5, 6]


def test_what_cannot_be_read_is_said(tmp_path: Path) -> None:
    (tmp_path / "x.ledger").mkdir()
    with pytest.raises(LedgerFault, match="cannot be read"):
        list(Ledger(tmp_path / "x.ledger").read())


def test_notes_wait_in_order_and_not_without_end(tmp_path: Path) -> None:
    folder = tmp_path / "later"
    ledger = Ledger(folder / "x.ledger")
    for n in range(3000):
        ledger.note({"n": n})
    folder.mkdir()
    ledger.note({"n": 3000})
    kept = [record["n"] for record in Ledger(folder / "x.ledger").read()]
    assert kept == list(range(1000, 3001))
