"""Recorded IPP answers become samples that equal what libcups and python-ipp read out of them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from frisket.errors import WireError
from frisket.proto.ipp.wire import decode
from frisket.telemetry.ipp_read import interpret_ipp
from frisket.telemetry.ipp_table import load_ipp_table
from frisket.telemetry.sample import Level, Sample, State

RECORDINGS = Path(__file__).parents[3] / "shared" / "data" / "ipp"
FOLDERS = ("jipp", "gmuth", "python-ipp", "go-mfp", "goipp")
LINE = re.compile(r"^ +([\w-]+) \((?:1setOf )?[\w-]+\) = (.*)$", re.ASCII)
WORDS = {"idle": "idle", "processing": "printing", "stopped": "stopped"}
SENTINELS = {-1: State.OTHER, -2: State.UNKNOWN, -3: State.SOME}

pytestmark = pytest.mark.shared


def stem(path: Path) -> str:
    """Return the name under which the references keep a recording."""
    return "_".join(path.relative_to(RECORDINGS).parts)


def libcups(path: Path) -> dict[str, list[str]]:
    """Return what ipptool printed of a recording: an attribute's values as text."""
    file = RECORDINGS / "reference_ipptool" / f"{stem(path)}.txt"
    found: dict[str, list[str]] = {}
    for line in file.read_text("utf-8", "replace").splitlines():
        if row := LINE.match(line):
            found.setdefault(row[1], row[2].removesuffix("[en]").split(","))
    return found


def printers() -> list[Path]:
    """Return the recordings in which libcups found a printer."""
    files = [path for folder in FOLDERS for path in (RECORDINGS / folder).rglob("*")]
    kept = [p for p in files if (RECORDINGS / "reference_ipptool" / f"{stem(p)}.txt").is_file()]
    return sorted(path for path in kept if "printer-make-and-model" in libcups(path))


def sample_of(path: Path) -> Sample:
    """Return the sample of a recording."""
    return interpret_ipp(decode(path.read_bytes()), load_ipp_table())


def as_number(level: Level) -> int:
    """Return a level as IPP writes it."""
    if level.amount is not None:
        return level.amount
    return next(number for number, state in SENTINELS.items() if state is level.state)


@pytest.mark.parametrize("path", printers(), ids=lambda path: path.name[:60])
def test_a_sample_is_what_libcups_reads(path: Path) -> None:
    said, sample = libcups(path), sample_of(path)
    model = said["printer-make-and-model"][0]
    assert sample.printer
    assert f"{sample.identity.vendor} {sample.identity.model}".strip().endswith(
        model.split(" ", 1)[-1]
    ) or model.startswith(sample.identity.model)
    assert sample.status.printer == WORDS[said["printer-state"][0]]
    told = said.get("printer-state-reasons", ["none"])
    reasons = [reason for reason in told if not reason.startswith("cups-")]
    troubles = [reason for reason in reasons if reason.endswith(("-warning", "-error"))]
    assert len(sample.status.problems) <= len(reasons)
    assert bool(sample.status.problems) >= bool(troubles)
    if reasons == ["none"]:
        assert not sample.status.problems
    versions = said.get("printer-firmware-string-version", [""])
    # A version may have commas of its own.
    assert sample.identity.firmware in {versions[0], ",".join(versions)}
    for field, oid in (("firmware", "printer-firmware-string-version"),):
        if sample.identity.firmware:
            assert sample.sources[field].oid == oid


@pytest.mark.parametrize("path", printers(), ids=lambda path: path.name[:60])
def test_levels_are_what_libcups_reads(path: Path) -> None:
    said, sample = libcups(path), sample_of(path)
    levels = [int(level) for level in said.get("marker-levels", [])]
    # printer-supply says the same in other words and with a class; where a printer has both they
    # must not contradict each other, but for a waste box, of which one counts what is full.
    found = [as_number(supply.level) for supply in sample.supplies]
    if "printer-supply" in said:
        rows = ",".join(said["printer-supply"])
        assert found == [int(level) for level in re.findall(r"(?<![a-z])level=(-?\d+)", rows)]
        assert all(
            f"printer-supply[{n}]" == s.level.source.oid for n, s in enumerate(sample.supplies)
        )
    else:
        assert found == levels
    trays = ",".join(said.get("printer-input-tray", []))
    amounts = [int(level) for level in re.findall(r"(?<![a-z])level=(-?\d+)", trays)]
    assert [as_number(tray.level) for tray in sample.trays] == amounts
    alerts = ",".join(said.get("printer-alert", []))
    assert len(sample.alerts) == len(re.findall("code=", alerts))


def markers() -> list[Path]:
    """Return the recordings that python-ipp read markers out of."""
    return [p for p in printers() if (RECORDINGS / "reference_pyipp" / f"{stem(p)}.json").is_file()]


@pytest.mark.parametrize("path", markers(), ids=lambda path: path.name[:60])
def test_percentages_are_what_python_ipp_reads(path: Path) -> None:
    file = RECORDINGS / "reference_pyipp" / f"{stem(path)}.json"
    judged: dict[str, Any] = json.loads(file.read_text("utf-8"))
    sample = sample_of(path)
    wanted = sorted(
        row["level"] for row in judged["markers"] if row["marker_type"] != "waste-toner"
    )
    consumed = [supply for supply in sample.supplies if not supply.receptacle]
    found = sorted(
        as_number(s.level) if s.level.percent is None else s.level.percent for s in consumed
    )
    assert found == wanted
    assert judged["info"]["model"] in f"{sample.identity.vendor} {sample.identity.model}" or (
        sample.identity.model in judged["info"]["model"]
    )
    if judged["info"]["serial"]:
        assert sample.identity.serial == judged["info"]["serial"]


def test_the_recordings_are_all_there() -> None:
    """The issue counts 58 answers; here are so many, and each is a sample or a WireError."""
    if not RECORDINGS.is_dir():
        pytest.skip("no IPP recordings in ../shared/data")
    assert len(printers()) >= 36
    assert len(markers()) >= 30
    files = [path for folder in FOLDERS for path in (RECORDINGS / folder).rglob("*")]
    whole = 0
    for path in files:
        if path.suffix not in {".bin", ".ipp", ".response"}:
            continue
        try:
            message = decode(path.read_bytes())
        except WireError:
            continue
        whole += 1
        interpret_ipp(message, load_ipp_table())
    assert whole >= 200
