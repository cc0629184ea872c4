"""What the packaged device tables promise, held against the catalogue, the engine and the docs."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest
from tests.unit.drivers.states import CATALOG

from frisket.catalog.setting import Kind, Type
from frisket.drivers.access.ipp_hand import attribute_of
from frisket.drivers.access.pjl import shown, words_of
from frisket.drivers.access.snmp import text_in
from frisket.drivers.access.snmp_hand import variable
from frisket.drivers.base import (
    ACCESSES,
    IPP,
    PJL,
    SNMP_COMMUNITY,
    SNMP_V3,
    Driver,
    IppKey,
    IppTable,
    PjlKey,
    PjlTable,
    SnmpKey,
    SnmpTable,
    Way,
    WebTable,
)
from frisket.drivers.load import load_drivers
from frisket.errors import SettingRefused
from frisket.model.reading import Value

DRIVERS = load_drivers()
SHIPPED = {
    "virtual-mfd",
    "printer-mib",
    "ipp-printer",
    "pjl-printer",
    "net-snmp",
    "canon-imagerunner-advance",
    "canon-laser",
}
REFERENCE = Path(__file__).parents[3] / "docs" / "reference" / "device-tables.md"


def samples(key: str) -> list[Value]:
    """Return values that a setting accepts: all of a small range, some of a large one."""
    setting = CATALOG[key]
    match setting.type:
        case Type.BOOLEAN:
            return [True, False]
        case Type.CHOICE:
            return list(setting.values)
        case Type.INTEGER:
            return [setting.minimum, setting.maximum]
        case Type.TEXT:
            return ["Cellar", ""]
        case _:
            return [tuple(setting.values[:2]) or ("a", "b")]


def test_what_is_promised_is_shipped() -> None:
    assert {driver.name for driver in DRIVERS} >= SHIPPED


@pytest.mark.parametrize("driver", DRIVERS, ids=lambda d: d.name)
def test_what_is_written_can_be_told_and_is_no_secret(driver: Driver) -> None:
    tables = [table for table in (driver.snmp, driver.ipp, driver.pjl) if table]
    for key, row in (each for table in tables for each in table.key.items()):
        assert not CATALOG[key].secret
        if row.writes:
            assert CATALOG[key].kind is Kind.SETTING
            assert CATALOG[key].menu, "what is refused becomes a step of a work order"


@pytest.mark.parametrize("driver", DRIVERS, ids=lambda d: d.name)
def test_what_is_written_by_snmp_is_read_back_the_same(driver: Driver) -> None:
    for key, row in driver.snmp.key.items():
        for value in samples(key) if row.writes else ():
            text = text_in(row, variable(row, value))
            assert text is not None
            assert CATALOG[key].parse(text) == value


@pytest.mark.parametrize("driver", DRIVERS, ids=lambda d: d.name)
def test_what_is_written_by_pjl_is_read_back_the_same(driver: Driver) -> None:
    for key, row in driver.pjl.key.items() if driver.pjl else ():
        for value in samples(key) if row.writes else ():
            assert CATALOG[key].parse(words_of(row, shown(row, value))) == value


@pytest.mark.parametrize("driver", DRIVERS, ids=lambda d: d.name)
def test_what_is_written_by_ipp_has_a_syntax(driver: Driver) -> None:
    for key, row in driver.ipp.key.items() if driver.ipp else ():
        for value in samples(key) if row.writes else ():
            assert attribute_of(row.attribute, row.syntax, value).values


@pytest.mark.parametrize("driver", DRIVERS, ids=lambda d: d.name)
def test_a_way_that_manages_is_one_that_writes(driver: Driver) -> None:
    by_access = {way.access: way for way in driver.ways if way.access}
    rows = driver.snmp.key.values()
    for access in (SNMP_V3, SNMP_COMMUNITY):
        writes = access in driver.snmp.writes or any(access in row.writes for row in rows)
        if access in by_access:
            assert by_access[access].manages is writes, access
    for access, table in ((IPP, driver.ipp), (PJL, driver.pjl)):
        if access in by_access and table:
            written = any(row.writes for row in table.key.values())
            assert by_access[access].manages is written, access


def test_nothing_is_written_to_what_was_not_tried() -> None:
    assert not any(driver.writes for driver in DRIVERS if driver.name.startswith("canon"))
    assert all(driver.writes for driver in DRIVERS if not driver.name.startswith("canon"))


def test_a_value_without_a_number_or_word_is_refused() -> None:
    with pytest.raises(SettingRefused):
        variable(SnmpKey(numbers={"on": 1}), value=False)
    with pytest.raises(SettingRefused):
        shown(PjlKey("X", words={"on": "ON"}), value=False)
    with pytest.raises(SettingRefused):
        attribute_of("x", "text", ())


def test_the_reference_names_every_field() -> None:
    text = REFERENCE.read_text(encoding="utf-8")
    known = set(re.findall(r"`([a-z0-9_-]+)`", text))
    tables = (SnmpTable, SnmpKey, WebTable, IppTable, IppKey, PjlTable, PjlKey, Way)
    fields = {field.name for table in tables for field in dataclasses.fields(table)}
    # Put in by the engine, or tables of their own.
    assert fields - known <= {"key", "filter", "source"}
    assert set(ACCESSES) <= known
