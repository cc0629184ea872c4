"""`frisket poll` as a user meets it: a real lab, every format, exit codes."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.loop.test_command_line import frisket

pytestmark = pytest.mark.xdist_group("lab")


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("p") / "lab"
    up = frisket("lab", "up", "--devices", "2", "--state", "factory", lab=folder)
    assert up.returncode == 0, up.stderr
    yield folder
    assert frisket("lab", "down", lab=folder).returncode == 0


def test_the_table(lab: Path) -> None:
    done = frisket("poll", "lab", lab=lab)
    assert done.returncode == 0, done.stderr
    for word in ("serial VMF00001", "Supplies", "Paper", "Total 1", "impressions"):
        assert word in done.stdout
    assert "2 of 2 devices polled" in done.stderr
    assert "\x1b" not in done.stdout


def test_the_machine_formats_agree(lab: Path) -> None:
    told = json.loads(frisket("poll", "-q", "-f", "json", "lab", lab=lab).stdout)
    assert told["schema_version"] == 1
    assert not told["silent"]
    first = told["devices"][0]
    totals = {c["number"]: c["value"] for c in first["counters"]}
    rows = list(csv.DictReader(io.StringIO(frisket("poll", "-f", "csv", "lab", lab=lab).stdout)))
    mine = [r for r in rows if r["serial"] == "VMF00001" and r["number"] == "101"]
    assert [int(row["value"]) for row in mine] == [totals[101]]
    page = frisket("poll", "-f", "prometheus", "lab", lab=lab).stdout
    meters = [line for line in page.splitlines() if 'number="101"' in line]
    assert f" {totals[101]}" in " ".join(meters)


def test_a_target_that_gives_nothing_is_named(lab: Path) -> None:
    frisket("lab", "set", "127.0.1.2", "snmp.v1.enabled=false", lab=lab)
    done = frisket("poll", "--patience", "0.5", "lab", lab=lab)
    assert done.returncode == 3
    assert "127.0.1.2: " in done.stderr
    assert "VMF00001" in done.stdout


@pytest.mark.parametrize(
    "words",
    [
        ("poll",),
        ("poll", "lab", "--format", "nonsense"),
        ("poll", "lab", "--parallel", "0"),
        ("poll", "127.0.0.1", "--community-file", "/nonexistent"),
        ("poll", "127.0.0.1", "--community-file", "/dev/null"),
    ],
)
def test_what_cannot_be_done_says_why(words: tuple[str, ...], lab: Path) -> None:
    done = frisket(*words, lab=lab)
    assert done.returncode == 2
    assert done.stderr.strip()
    assert "Traceback" not in done.stderr
