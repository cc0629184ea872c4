"""Poll tables (content/poll/*.toml): what to read from whose device, and whose word counts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from frisket.catalog.load import build, content, read_toml, toml_files
from frisket.errors import ContentError, WireError
from frisket.proto.snmp.wire.oid import Oid, parse_oid, within
from frisket.telemetry.sample import State

GROUPS = frozenset({"supply", "tray", "alert", "marker", "colorant", "display"})
FIELDS = frozenset(
    {
        *("vendor", "model", "serial", "firmware", "name", "location"),
        *("status.printer", "status.device", "status.problems"),
    }
)


@dataclass(frozen=True, slots=True)
class Field:
    """A field of identity or status read from one variable; `because` where it `supersedes`."""

    field: str
    oid: Oid
    supersedes: bool = False
    because: str = ""


@dataclass(frozen=True, slots=True)
class Count:
    """A counter read from one variable; a number that begins a text where `text`."""

    name: str
    label: str
    oid: Oid
    unit: str = "impressions"
    number: int | None = None
    text: bool = False


@dataclass(frozen=True, slots=True)
class CountTable:
    """A column of counters. Its index is Canon's counter number where `numbered`.

    It is read `otherwise`: only where the tables before it gave nothing.
    """

    values: Oid
    names: Oid = ()
    numbered: bool = False
    otherwise: bool = False
    unit: str = "impressions"


@dataclass(frozen=True, slots=True)
class Levels:
    """A column of a vendor's own supply levels, in percent, by row of the column `names`.

    A row replaces the level of the Printer-MIB supply of the same name, or of the same place
    where both have as many rows.
    """

    column: Oid
    names: Oid
    because: str


@dataclass(frozen=True, slots=True)
class Records:
    """A string of records of seven octets: code, 01 04, number of 32 bits (Brother).

    `counters` gives a code its counter, `levels` a code its supply with hundredths of a percent,
    which replaces the level of the Printer-MIB supply of that name where that is no measurement.
    """

    oid: Oid
    because: str = ""
    counters: Mapping[str, str] = field(default_factory=dict)
    levels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class PollTable:
    """What to read from devices whose sysObjectID is below one of `objects`; all where empty.

    A variant is also for those only whose sysDescr or hrDeviceDescr matches `describes`, and stands
    instead of the tables it `supersedes`. There is one of each: a table equals only itself.
    """

    name: str
    because: str
    objects: tuple[Oid, ...] = ()
    values: tuple[Field, ...] = ()
    counters: tuple[Count, ...] = ()
    counter_tables: tuple[CountTable, ...] = ()
    numbers: Mapping[int, str] = field(default_factory=dict)
    levels: tuple[Levels, ...] = ()
    records: tuple[Records, ...] = ()
    columns: Mapping[str, Mapping[str, Oid]] = field(default_factory=dict)
    percent_without_capacity: str = ""  # the reason why an unknown capacity means percent
    sentinels: Mapping[int, State] = field(default_factory=dict)  # levels that are no amounts
    describes: str = ""
    supersedes: tuple[str, ...] = ()
    contexts: tuple[str, ...] = ()  # of SNMPv3, in which such a device may be a printer

    @property
    def scalars(self) -> tuple[Oid, ...]:
        """Return the single variables to read."""
        return (
            *(row.oid for row in self.values),
            *(row.oid for row in self.counters),
            *(row.oid for row in self.records),
        )

    @property
    def walks(self) -> tuple[tuple[Oid, ...], ...]:
        """Return the columns to read, those of one table together; counters are apart."""
        return (
            *(tuple(columns.values()) for columns in self.columns.values()),
            *((row.names, row.column) for row in self.levels),
        )


def applies(table: PollTable, object_id: Oid, described: str = "") -> bool:
    """Say whether a table is about the device with this sysObjectID and description."""
    if table.objects and not any(within(object_id, at) for at in table.objects):
        return False
    return not table.describes or re.search(table.describes, described[:1200]) is not None


def _oids(raw: Any, where: str) -> Any:
    """Return `raw` with texts that are object identifiers parsed, at any depth."""
    if isinstance(raw, Mapping):
        return {key: _oids(value, where) for key, value in raw.items()}
    if isinstance(raw, list):
        return [_oids(value, where) for value in raw]
    if isinstance(raw, str) and raw.startswith("1.3.6."):
        try:
            return parse_oid(raw)
        except WireError as fault:
            raise ContentError(f"{where}: {fault}") from fault
    return raw


def _rows(cls: type[Any], raw: Iterable[Mapping[str, Any]], where: str) -> tuple[Any, ...]:
    return tuple(build(cls, row, where) for row in raw)


def parse_table(name: str, raw: Mapping[str, Any]) -> PollTable:
    """Build a table from its parsed file. Raises `ContentError`."""
    where = f"poll/{name}.toml"
    row = dict(_oids(raw, where))
    kinds = {
        "values": Field,
        "counters": Count,
        "counter_tables": CountTable,
        "levels": Levels,
        "records": Records,
    }
    for part, cls in kinds.items():
        row[part] = _rows(cls, row.get(part, ()), where)
    try:
        row["numbers"] = {int(key): label for key, label in row.get("numbers", {}).items()}
        row["sentinels"] = {int(n): State(word) for n, word in row.get("sentinels", {}).items()}
    except ValueError as fault:
        raise ContentError(f"{where}: {fault}") from fault
    table: PollTable = build(PollTable, {"name": name, **row}, where)
    try:
        re.compile(table.describes)
    except re.error as fault:
        raise ContentError(f"{where}: {fault}") from fault
    if table.supersedes and not table.describes:
        raise ContentError(f"{where}: a variant describes the devices it is for")
    if strange := set(table.columns) - GROUPS:
        raise ContentError(f"{where}: unknown table {', '.join(sorted(strange))}")
    for value in table.values:
        if value.field not in FIELDS:
            raise ContentError(f"{where}: unknown field {value.field}")
        if value.supersedes and not value.because:
            raise ContentError(f"{where}: {value.field} replaces another's word without a reason")
    return table


@cache
def load_tables() -> tuple[PollTable, ...]:
    """Return the packaged tables: those for every device first. Raises `ContentError`."""
    tables = [
        parse_table(path.name.removesuffix(".toml"), read_toml(path))
        for path in toml_files(content("poll"))
    ]
    strangers = {name for table in tables for name in table.supersedes}
    if strange := strangers - {table.name for table in tables}:
        raise ContentError(f"poll: no table is called {', '.join(sorted(strange))}")
    return tuple(sorted(tables, key=lambda table: (bool(table.objects), table.name)))
