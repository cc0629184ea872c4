"""Every capture gives the sample that stands beside it; a wrong table turns one of them red.

A capture is made by `frisket record`, and what it means is checked by hand once. These are of
virtual devices: no recording of another's device is kept here.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from frisket.cli.record import expected
from frisket.telemetry.capture import read_capture
from frisket.telemetry.ipp_table import load_ipp_table
from frisket.telemetry.record import file_name, sample_of
from frisket.telemetry.table import load_tables

HERE = Path(__file__).parent
CAPTURES = sorted(HERE.glob("*.capture"))


def test_there_are_captures() -> None:
    assert len(CAPTURES) >= 4


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.stem)
def test_a_capture_means_what_stands_beside_it(path: Path) -> None:
    capture = read_capture(path.read_text("utf-8"))
    sample = sample_of(capture, load_tables(), load_ipp_table())
    wanted = path.with_suffix(".json").read_text("utf-8") if path.suffix else ""
    assert json.loads(expected(sample)) == json.loads(wanted)
    assert path.stem == file_name(sample, capture.via)
