"""Recordings judged by their own raw lines, and by glpi-agent: a second reader, not our code.

In ../shared/data are 38 walks, 13 of them with rows of Printer-MIB. The counts of the collection
(26 such walks, 184 and 88 identities, 656 banners) are larger, as part of it is not shared: here
are 139 printers, 59 others and 477 banners, and all of them are judged.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.conftest import RECORDINGS
from tests.unit.telemetry.recording import varbinds_of

from frisket.telemetry.read import interpret
from frisket.telemetry.sample import Level, Sample, State
from frisket.telemetry.table import load_tables

pytestmark = pytest.mark.shared

FOLDER = RECORDINGS / "librenms"
WALKS = sorted((FOLDER / "snmprec").glob("*.snmprec"))
SUPPLIES, TRAYS = "1.3.6.1.2.1.43.11.1.1", "1.3.6.1.2.1.43.8.2.1"
STATES = {-1: State.OTHER, -2: State.UNKNOWN, -3: State.SOME}
# Makers whose own word replaces Printer-MIB's, by a rule that stands in their table.
OWN_LEVELS = ("ricoh", "gestetner", "lanier", "brother")


def raw(path: Path) -> dict[str, str]:
    """Return lines of a walk as they stand: object identifier and text, the first of each."""
    found: dict[str, str] = {}
    for line in path.read_text("utf-8", "replace").split("\n"):
        oid, _, rest = line.partition("|")
        kind, _, text = rest.partition("|")
        found.setdefault(oid, bytes.fromhex(text).decode("latin-1") if kind == "4x" else text)
    return found


def rows(lines: dict[str, str], column: str) -> dict[str, str]:
    """Return a column's rows by index."""
    head = f"{column}."
    return {oid.removeprefix(head): text for oid, text in lines.items() if oid.startswith(head)}


def sample_of(path: Path) -> Sample:
    return interpret(varbinds_of(path), load_tables())


def judged(level: Level, amount: str, capacity: str | None, unit: str | None) -> bool:
    """Say whether a level is what RFC 3805 makes of three raw numbers."""
    number, whole = int(amount), int(capacity) if capacity else 0
    if number < 0:
        return level.state is STATES.get(number, State.UNKNOWN) and level.amount is None
    if whole <= 0:
        whole = 100 if unit == "19" and number <= 100 else 0
    percent = int(100 * number / whole + 0.5) if whole and number <= whole else None
    if level.source.rule:  # a table says what an unknown capacity means
        return level.amount == number
    return level.state is State.MEASURED and (level.amount, level.percent) == (number, percent)


def levels_of(path: Path) -> Iterator[tuple[Level, str, str | None, str | None]]:
    lines, sample = raw(path), sample_of(path)
    for base, places, found in (
        (SUPPLIES, (9, 8, 7), {s.index: s.level for s in sample.supplies}),
        (TRAYS, (10, 9, 8), {t.index: t.level for t in sample.trays}),
    ):
        amounts, capacities, units = (rows(lines, f"{base}.{place}") for place in places)
        for index, amount in amounts.items():
            yield found[index], amount, capacities.get(index), units.get(index)


@pytest.mark.parametrize("path", WALKS, ids=lambda path: path.stem)
def test_levels_are_what_the_lines_say(path: Path) -> None:
    wrong = [
        (level, amount, capacity, unit)
        for level, amount, capacity, unit in levels_of(path)
        if not judged(level, amount, capacity, unit)
    ]
    if path.stem.startswith(OWN_LEVELS):
        assert all(level.source.rule for level, *_ in wrong)
    else:
        assert not wrong


@pytest.mark.parametrize("path", WALKS, ids=lambda path: path.stem)
def test_counts_alerts_and_names_are_what_the_lines_say(path: Path) -> None:
    lines, sample = raw(path), sample_of(path)
    lives = rows(lines, "1.3.6.1.2.1.43.10.2.1.4")
    found = {c.source.oid: c.value for c in sample.counters}
    for index, text in lives.items():
        if 0 <= int(text) < 2**32:
            assert found[f"1.3.6.1.2.1.43.10.2.1.4.{index}"] == int(text)
    severities = rows(lines, "1.3.6.1.2.1.43.18.1.1.2")
    assert {alert.index for alert in sample.alerts} == set(severities)
    for alert in sample.alerts:
        assert alert.code == int(lines.get(f"1.3.6.1.2.1.43.18.1.1.7.{alert.index}", "0"))
        critical = severities[alert.index] == "3"
        assert (alert.severity == "critical") == critical
    serial = lines.get("1.3.6.1.2.1.43.5.1.1.17.1", "").strip("\0 ")
    if serial:
        assert sample.identity.serial == serial
    for supply in sample.supplies:
        said = lines.get(f"{SUPPLIES}.6.{supply.index}", "")
        if said.isascii() and said.isprintable():
            assert supply.name == said.strip() or not said.strip()
    used = [level.source.oid for level in (s.level for s in sample.supplies)]
    assert all(oid in lines or sample.supplies for oid in used)


def test_the_walks_are_all_there() -> None:
    if not WALKS:
        pytest.skip("no walks in ../shared/data")
    assert len(WALKS) >= 38
    printer_mib = [
        path for path in WALKS if "1.3.6.1.2.1.43." in path.read_text("utf-8", "replace")
    ]
    assert len(printer_mib) >= 13
    assert sum(bool(sample_of(path).supplies) for path in WALKS) >= 9


def second_reader() -> list[Path]:
    """Return what glpi-agent read out of the walks."""
    return sorted((FOLDER / "reference_glpi_agent").glob("*.xml"))


# glpi-agent names a queue or a network card where the walk has both.
NOT_THE_PRINTERS = {"zebra"}
PERCENT = re.compile(r"\d{1,3}")


@pytest.mark.parametrize("path", second_reader(), ids=lambda path: path.stem)
def test_glpi_agent_reads_the_same(path: Path) -> None:
    sample = sample_of(FOLDER / "snmprec" / f"{path.stem}.snmprec")
    tree = ET.fromstring(path.read_text("utf-8"))

    def said(name: str) -> str:
        found = tree.find(f".//{name}")
        return (found.text or "").strip() if found is not None else ""

    if said("SERIAL") and path.stem not in NOT_THE_PRINTERS:
        assert sample.identity.serial == said("SERIAL")
    counts = {counter.value for counter in sample.counters}
    for name in ("TOTAL", "COPYBLACK", "COPYCOLOR", "PRINTBLACK", "PRINTCOLOR"):
        if said(name):
            assert int(said(name)) in counts, name
    percents = {s.level.percent for s in sample.supplies}
    for color in ("BLACK", "CYAN", "MAGENTA", "YELLOW"):
        if PERCENT.fullmatch(said(f"TONER{color}")):
            assert int(said(f"TONER{color}")) in percents, color
