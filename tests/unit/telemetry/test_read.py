"""What variables mean: RFC 3805's sentinels, vendors' own, and what cannot be so."""

from __future__ import annotations

import re
import textwrap
import tomllib
from pathlib import Path

import pytest

from frisket.errors import ContentError
from frisket.proto.snmp.wire.oid import Oid, parse_oid
from frisket.proto.snmp.wire.values import (
    Counter32,
    Counter64,
    Integer,
    ObjectIdentifier,
    OctetString,
    Value,
)
from frisket.telemetry.read import interpret, slug
from frisket.telemetry.sample import Sample, State
from frisket.telemetry.supplies import records
from frisket.telemetry.table import applies, load_tables, parse_table
from frisket.telemetry.words import CODES

SUPPLY = "1.3.6.1.2.1.43.11.1.1"
RICOH = "1.3.6.1.4.1.367.1.1"
RICOH_LEVELS = "1.3.6.1.4.1.367.3.2.1.2.24.1.1"
BROTHER = "1.3.6.1.4.1.2435.2.3.9.1"
CANON = "1.3.6.1.4.1.1602.4.7"
CANON_COUNTERS = "1.3.6.1.4.1.1602.1.11"


def read(rows: dict[str, Value], make: str = "") -> Sample:
    """Interpret variables of a device of a make."""
    varbinds: dict[Oid, Value] = {parse_oid(oid): value for oid, value in rows.items()}
    if make:
        varbinds[parse_oid("1.3.6.1.2.1.1.2.0")] = ObjectIdentifier(parse_oid(make))
    return interpret(varbinds, load_tables())


def supply(level: int, capacity: int = 100, unit: int | None = 19, **more: str) -> dict[str, Value]:
    """Return the row of one supply."""
    rows: dict[str, Value] = {
        f"{SUPPLY}.6.1.1": OctetString(more.get("name", "Black Toner").encode()),
        f"{SUPPLY}.8.1.1": Integer(capacity),
        f"{SUPPLY}.9.1.1": Integer(level),
    }
    if unit is not None:
        rows[f"{SUPPLY}.7.1.1"] = Integer(unit)
    return rows


@pytest.mark.parametrize(
    ("level", "capacity", "unit", "state", "percent"),
    [
        (-1, 100, 19, State.OTHER, None),
        (-2, 100, 19, State.UNKNOWN, None),
        (-3, 100, 19, State.SOME, None),
        (-100, 100, 19, State.UNKNOWN, None),
        (0, 100, 19, State.MEASURED, 0),
        (63, 100, 19, State.MEASURED, 63),
        (63, -2, 19, State.MEASURED, 63),
        (63, -2, 18, State.MEASURED, None),
        (63, -2, None, State.MEASURED, None),
        (17208, 25000, 7, State.MEASURED, 69),
        (1060, 5300, None, State.MEASURED, 20),
        (150, 100, 19, State.MEASURED, None),
        (5, 0, 7, State.MEASURED, None),
    ],
)
def test_a_level_is_a_state(
    level: int, capacity: int, unit: int | None, state: State, percent: int | None
) -> None:
    found = read(supply(level, capacity, unit)).supplies[0].level
    assert (found.state, found.percent) == (state, percent)
    assert (found.amount is None) == (state is not State.MEASURED)
    assert found.source.oid == f"{SUPPLY}.9.1.1"
    assert found.source.table == "printer-mib"


def test_what_cannot_be_so_is_noted() -> None:
    assert any("more than the capacity" in note for note in read(supply(150)).notes)
    assert any("no level" in note for note in read(supply(-7)).notes)


def test_a_receptacle_says_how_much_room_is_left() -> None:
    rows = supply(80, name="Waste Toner") | {f"{SUPPLY}.4.1.1": Integer(4)}
    assert read(rows).supplies[0].receptacle
    assert not read(supply(80)).supplies[0].receptacle


def test_the_colorant_names_the_color() -> None:
    rows = supply(80) | {
        f"{SUPPLY}.3.1.1": Integer(2),
        "1.3.6.1.2.1.43.12.1.1.4.1.2": OctetString(b"magenta"),
    }
    assert read(rows).supplies[0].color == "magenta"


def test_names_end_at_the_first_nul() -> None:
    rows = supply(5)
    rows[f"{SUPPLY}.6.1.1"] = OctetString(b"508A HP CF360A\0\xff\x02rest")
    assert read(rows).supplies[0].name == "508A HP CF360A"


def test_ricohs_own_levels_replace_those_of_printer_mib() -> None:
    rows = supply(50) | {
        f"{RICOH_LEVELS}.3.1": OctetString(b"Toner Black"),
        f"{RICOH_LEVELS}.5.1": Integer(20),
    }
    level = read(rows, RICOH).supplies[0].level
    assert level.percent == 20
    assert (level.source.table, bool(level.source.rule)) == ("ricoh", True)
    assert read(rows).supplies[0].level.percent == 50


@pytest.mark.parametrize("at", [f"{RICOH_LEVELS}.5.1", f"{SUPPLY}.9.1.1"])
def test_ricohs_sentinel(at: str) -> None:
    rows = supply(-100) | {f"{RICOH_LEVELS}.3.1": OctetString(b"Black Toner")}
    rows[at] = Integer(-100)
    assert read(rows, RICOH).supplies[0].level.state is State.NEARLY_EMPTY


def test_brothers_records_measure_what_printer_mib_does_not() -> None:
    care = bytes.fromhex("6f010400001d4c41010400002328") + b"\xff"
    record: dict[str, Value] = {"1.3.6.1.4.1.2435.2.3.9.4.2.1.5.5.8.0": OctetString(care)}
    rows = supply(-3, name="Black Toner Cartridge") | record
    found = {supply.name: supply.level for supply in read(rows, BROTHER).supplies}
    assert found["Black Toner Cartridge"].percent == 75
    assert found["Drum Unit"].percent == 90
    measured = read(supply(60, name="Black Toner Cartridge") | record, BROTHER)
    assert measured.supplies[0].level.percent == 60


@pytest.mark.parametrize(
    ("octets", "found"),
    [
        (b"", {}),
        (bytes.fromhex("00010400000d38") + b"\xff", {"00": 3384}),
        (bytes.fromhex("000204ff"), {}),
        (bytes.fromhex("00010400000001ffffffffffffff"), {"00": 1}),
    ],
)
def test_records(octets: bytes, found: dict[str, int]) -> None:
    assert records(OctetString(octets)) == found


def test_canon_counters_by_number_and_name() -> None:
    table = f"{CANON_COUNTERS}.1.4.1"
    rows: dict[str, Value] = {
        f"{table}.3.101": OctetString(b"Gesamt 1"),
        f"{table}.4.101": Counter32(150_000),
        f"{table}.4.112": Integer(7),
        f"{table}.4.2003": Integer(9),
        f"{CANON_COUNTERS}.1.3.1.4.101": Counter32(1),
    }
    counters = read(rows, CANON).counters
    assert [(c.number, c.name, c.label, c.value) for c in counters] == [
        (101, "total-1", "Gesamt 1", 150_000),
        (112, "total-black-large", "Total (Black/Large)", 7),
        (2003, "counter-2003", "Counter 2003", 9),
    ]


def test_canon_counters_of_models_with_less() -> None:
    shown: dict[str, Value] = {f"{CANON_COUNTERS}.1.3.1.4.101": Counter32(1)}
    listed: dict[str, Value] = {
        f"{CANON_COUNTERS}.2.1.1.2.1": OctetString(b"Total 1"),
        f"{CANON_COUNTERS}.2.1.1.3.1": Counter32(2),
    }
    assert [(c.number, c.value) for c in read(shown | listed, CANON).counters] == [(101, 1)]
    assert [(c.name, c.value) for c in read(listed, CANON).counters] == [("total-1", 2)]


def test_counts_that_are_none() -> None:
    table = f"{CANON_COUNTERS}.1.4.1.4"
    found = read({f"{table}.101": Integer(-5), f"{table}.102": Counter64(10**12)}, CANON)
    assert not found.counters
    assert len(found.notes) == 2


def test_status_and_alerts() -> None:
    alert = "1.3.6.1.2.1.43.18.1.1"
    sample = read(
        {
            "1.3.6.1.2.1.25.3.2.1.5.1": Integer(3),
            "1.3.6.1.2.1.25.3.5.1.1.1": Integer(4),
            "1.3.6.1.2.1.25.3.5.1.2.1": OctetString(bytes((0b0100_1000, 0b1000_0000))),
            "1.3.6.1.2.1.43.16.5.1.2.1.1": OctetString(b"Printing."),
            f"{alert}.2.1.5": Integer(3),
            f"{alert}.4.1.5": Integer(8),
            f"{alert}.5.1.5": Integer(2),
            f"{alert}.7.1.5": Integer(8),
            f"{alert}.8.1.5": OctetString(b"Jam in tray 2"),
        }
    )
    assert (sample.status.printer, sample.status.device) == ("printing", "warning")
    assert sample.status.problems == ("no paper", "door open", "input tray missing")
    assert sample.status.display == ("Printing.",)
    found = sample.alerts[0]
    assert (found.severity, found.group, found.member, found.code, found.text) == (
        *("critical", "input", 2, 8, "Jam in tray 2"),
    )


def test_nothing_gives_nothing() -> None:
    assert not interpret({}, load_tables())


def test_a_flood_is_cut() -> None:
    rows: dict[str, Value] = {
        f"{SUPPLY}.6.1.{n}": OctetString(b"x" * 65_000) for n in range(1, 999)
    }
    sample = read(rows)
    assert len(sample.supplies) == 128
    assert all(len(supply.name) <= 120 for supply in sample.supplies)
    assert sample.notes


def test_slugs() -> None:
    assert slug("Total (Full Color + Single Color/Large)") == "total-full-color-single-color-large"


def test_tables_are_about_their_makes_only() -> None:
    tables = {table.name: table for table in load_tables()}
    assert applies(tables["canon"], parse_oid(CANON))
    assert not applies(tables["canon"], parse_oid("1.3.6.1.4.1.16020.1"))
    assert applies(tables["printer-mib"], ())


@pytest.mark.parametrize(
    "raw",
    [
        {},
        {"because": "x", "stranger": 1},
        {"because": "x", "columns": {"stranger": {}}},
        {"because": "x", "values": [{"field": "stranger", "oid": "1.3.6.1"}]},
        {"because": "x", "values": [{"field": "serial", "oid": "1.3.6.1", "supersedes": True}]},
        {"because": "x", "objects": ["1.3.6.1.x"]},
        {"because": "x", "numbers": {"one": "x"}},
        {"because": "x", "sentinels": {"-1": "stranger"}},
        {"because": "x", "describes": "("},
        {"because": "x", "supersedes": ["canon"]},
    ],
)
def test_malformed_tables_are_refused(raw: dict[str, object]) -> None:
    with pytest.raises(ContentError):
        parse_table("made", raw)


def test_the_recipe_is_a_table() -> None:
    recipe = Path(__file__).parents[3] / "docs" / "recipes" / "add-a-poll-table.md"
    sample = re.search(r"```toml\n(.*?)```", recipe.read_text("utf-8"), re.DOTALL)
    assert sample
    table = parse_table("acme", tomllib.loads(textwrap.dedent(sample[1])))
    assert table.values[0].supersedes
    assert table.counters[0].name == "copy-color"


@pytest.mark.shared
def test_alert_codes_are_those_of_the_mib(shared_data: Path) -> None:
    """IANA-PRINTER-MIB, read by itself, names every code that has words here, and no other."""
    mib = (shared_data / "mibs" / "IANA-PRINTER-MIB").read_text("utf-8")
    named = re.search(
        r"^PrtAlertCodeTC ::=.*?SYNTAX\s+INTEGER\s*\{(.*?)\n\s*\}", mib, re.DOTALL | re.MULTILINE
    )
    assert named
    codes = {int(number) for number in re.findall(r"\w+\((\d+)\)", re.sub("--.*", "", named[1]))}
    assert set(CODES) <= codes
    finishers = {code for code in codes if code > 30_000}
    assert codes - finishers == set(CODES)


def test_a_variant_stands_instead_of_its_makes_table() -> None:
    plain, variant = (
        parse_table(
            name,
            {
                "because": "made",
                "objects": ["1.3.6.1.4.1.99999"],
                "counters": [{"name": "total", "label": name, "oid": "1.3.6.1.4.1.99999.1.0"}],
                **more,
            },
        )
        for name, more in (
            ("acme", {}),
            ("acme-9000", {"describes": "Acme 9\\d{3}", "supersedes": ["acme"]}),
        )
    )
    rows: dict[Oid, Value] = {
        parse_oid("1.3.6.1.2.1.1.2.0"): ObjectIdentifier(parse_oid("1.3.6.1.4.1.99999.1")),
        parse_oid("1.3.6.1.4.1.99999.1.0"): Counter32(5),
    }
    described = parse_oid("1.3.6.1.2.1.1.1.0")
    for text, table in (("Acme 9000", "acme-9000"), ("Acme 100", "acme")):
        sample = interpret(rows | {described: OctetString(text.encode())}, (plain, variant))
        assert [counter.source.table for counter in sample.counters] == [table]
