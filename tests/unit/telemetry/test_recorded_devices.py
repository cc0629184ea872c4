"""Recordings of real printers give what LibreNMS reads out of them, under RFC 3805's meaning."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import RECORDINGS
from tests.unit.telemetry.recording import varbinds_of

from frisket.proto.snmp.wire.oid import Oid, parse_oid
from frisket.proto.snmp.wire.values import ObjectIdentifier, OctetString, Value
from frisket.telemetry.read import interpret
from frisket.telemetry.sample import Level, Sample, State
from frisket.telemetry.table import load_tables

LIBRENMS = RECORDINGS / "librenms"
BROTHER = RECORDINGS / "brother-ha"
# LibreNMS writes "some left" (-3) as 50.
SOME = 50
# Read by LibreNMS, but not in the recording itself.
ELSEWHERE = {("brother_hl5370dw", "1.3.6.1.4.1.367.3.2.1.2.24.1.1.5.1")}
# LibreNMS gives the serial number of the network card; the printer's is as glpi-agent reads it.
CARDS = {"zebra": "37J162600538"}
# Its own count and Printer-MIB's differ, and both are reported.
APART = {"hl-l2340dw"}

pytestmark = pytest.mark.shared


@cache
def sample_of(name: str) -> Sample:
    return interpret(varbinds_of(LIBRENMS / "snmprec" / f"{name}.snmprec"), load_tables())


def expected(part: str, rows: str) -> list[tuple[str, dict[str, Any]]]:
    """Return recording and row of each thing that LibreNMS found."""
    found = []
    for path in sorted((LIBRENMS / "expected").glob("*.json")):
        document = json.loads(path.read_text("utf-8"))
        found += [
            (path.stem, row) for row in document.get(part, {}).get("discovery", {}).get(rows, [])
        ]
    return found


def measured(sample: Sample) -> list[tuple[str, Level]]:
    """Return name and level of every supply and tray."""
    supplies = [(supply.name, supply.level) for supply in sample.supplies]
    return supplies + [(tray.name, tray.level) for tray in sample.trays]


def in_words(level: Level) -> int | None:
    """Return a level as LibreNMS writes it."""
    return SOME if level.state is State.SOME else level.percent


def test_levels_are_those_of_the_recordings() -> None:
    rows = expected("printer-supplies", "printer_supplies")
    wrong, right = [], 0
    for name, row in rows:
        oid = row["supply_oid"].lstrip(".")
        if (name, oid) in ELSEWHERE:
            continue
        sample = sample_of(name)
        levels = {level.source.oid: level for _, level in measured(sample)}
        if oid in levels and in_words(levels[oid]) == row["supply_current"]:
            right += 1
        else:
            wrong.append((name, oid, row["supply_current"], levels.get(oid)))
    assert not wrong
    assert right >= 70


def test_supplies_have_the_names_of_the_recordings() -> None:
    for name, row in expected("printer-supplies", "printer_supplies"):
        oid = row["supply_oid"].lstrip(".")
        if (name, oid) in ELSEWHERE:
            continue
        sample = sample_of(name)
        names = {level.source.oid: name for name, level in measured(sample)}
        # LibreNMS cuts Xerox's part and serial numbers off.
        assert names[oid].startswith(row["supply_descr"]) or not row["supply_descr"], (name, oid)


def test_counters_are_those_of_the_recordings() -> None:
    rows = [row for row in expected("sensors", "sensors") if row[1]["sensor_class"] == "count"]
    assert len(rows) >= 25
    for name, row in rows:
        values = {counter.source.oid: counter.value for counter in sample_of(name).counters}
        assert values.get(row["sensor_oid"].lstrip(".")) == row["sensor_current"], (name, row)


def test_serials_and_versions_are_those_of_the_recordings() -> None:
    devices = expected("os", "devices")
    assert len(devices) >= 12
    for name, row in devices:
        identity = sample_of(name).identity
        if row["serial"] and name not in CARDS:
            assert identity.serial == row["serial"], name
        if row["version"]:
            assert identity.firmware == row["version"], name
        if row["hardware"] and identity.model:
            model = identity.model.removesuffix(" series")
            # A Develop ineo+ is a bizhub under another name, and says so in one place only.
            assert model in row["hardware"] or name == "konica", name


@pytest.mark.parametrize("name", CARDS)
def test_the_serial_is_the_printers_not_the_cards(name: str) -> None:
    sample = sample_of(name)
    assert sample.identity.serial == CARDS[name]
    assert sample.sources["serial"].rule
    agent = LIBRENMS / "reference_glpi_agent" / f"{name}.xml"
    assert f"<SERIAL>{CARDS[name]}</SERIAL>" in agent.read_text("utf-8")


@pytest.mark.parametrize(
    "path", sorted((LIBRENMS / "snmprec").glob("*.snmprec")), ids=lambda path: path.stem
)
def test_every_value_says_where_it_comes_from(path: Path) -> None:
    sample = sample_of(path.stem)
    present = {".".join(map(str, oid)) for oid in varbinds_of(path)}
    sources = [level.source for _, level in measured(sample)]
    sources += [counter.source for counter in sample.counters]
    sources += [source for source in sample.sources.values() if source.oid]
    for _, level in measured(sample):
        assert level.percent is None or 0 <= level.percent <= 100
    missing = [source for source in sources if source.oid not in present]
    # A level whose row has only a name is unknown, and names where it would stand.
    assert all(".43.11.1.1.9." in source.oid or ".43.8.2.1.10." in source.oid for source in missing)
    assert not sample.notes


@pytest.mark.parametrize("path", sorted(BROTHER.glob("*.json")), ids=lambda path: path.stem)
def test_brothers_own_records(path: Path) -> None:
    raw = json.loads(path.read_text("utf-8"))
    base = "1.3.6.1.4.1.2435.2.3.9.4.2.1.5.5."
    counters, care = (raw.get(f"{base}{n}.0") or [] for n in (10, 8))
    varbinds: dict[Oid, Value] = {
        parse_oid("1.3.6.1.2.1.1.2.0"): ObjectIdentifier(parse_oid("1.3.6.1.4.1.2435.2.3.9.1")),
        parse_oid(f"{base}10.0"): OctetString(bytes.fromhex("".join(counters)) + b"\xff"),
        parse_oid(f"{base}8.0"): OctetString(bytes.fromhex("".join(care)) + b"\xff"),
    }
    sample = interpret(varbinds, load_tables())
    values = {counter.name: counter.value for counter in sample.counters}
    if counters and counters[0].startswith("000104"):
        assert values["pages"] == int(counters[0][-8:], 16)
    if "1.3.6.1.2.1.43.10.2.1.4.1.1" in raw and "pages" in values and path.stem not in APART:
        assert values["pages"] == int(raw["1.3.6.1.2.1.43.10.2.1.4.1.1"])
    if {"pages", "pages-black", "pages-color"} <= set(values):
        assert values["pages-black"] + values["pages-color"] == values["pages"]
    levels = {supply.name: supply.level.percent for supply in sample.supplies}
    toner = [record for record in care if record.startswith("6f0104")]
    if toner:
        assert levels["Black Toner Cartridge"] == round(int(toner[0][-8:], 16) / 100)


METRIC = re.compile(r"(prtMarker\w+)\{([^}]*)\} (-?[0-9.e+]+)")
EXPORTED = sorted((LIBRENMS / "reference_snmp_exporter").glob("*.prom"))


@pytest.mark.parametrize("path", EXPORTED, ids=lambda path: path.stem)
def test_nothing_is_missed_that_prometheus_snmp_exporter_reads(path: Path) -> None:
    sample = sample_of(path.stem)
    levels: dict[str, int] = {}
    lives: list[int] = []
    for name, labels, value in METRIC.findall(path.read_text("utf-8")):
        index = re.search(r'prtMarkerSuppliesIndex="([0-9]+)"', labels)
        if name == "prtMarkerSuppliesLevel" and index:
            levels[index[1]] = int(float(value))
        elif name == "prtMarkerLifeCount":
            lives.append(int(float(value)))
    states = {-1: State.OTHER, -2: State.UNKNOWN, -3: State.SOME}
    ours = {s.index.rpartition(".")[2]: s.level for s in sample.supplies}
    assert set(levels) <= set(ours)
    for row, raw in levels.items():
        assert ours[row].state is states.get(raw, State.MEASURED)
        assert ours[row].amount == (raw if raw >= 0 else None)
    assert lives == [c.value for c in sample.counters if c.name == "life"][: len(lives)]
