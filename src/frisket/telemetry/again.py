"""A poll of a device met before: asks only what moves, and all of it where the device has changed.

RFC 3805 section 5.3, prtGeneralConfigChanges, is made for this: a manager may keep what describes
the printer for as long as that counter stands still.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from frisket.errors import WireError
from frisket.probe.snmp_identity import PRINTER_SERIAL, SYS_OBJECT_ID, identifier_of
from frisket.proto.snmp.client import Manager
from frisket.proto.snmp.errors import StatusError
from frisket.proto.snmp.wire.oid import Oid, parse_oid, within
from frisket.proto.snmp.wire.values import Marker, TimeTicks, Value
from frisket.telemetry.acquaintance import Remembered
from frisket.telemetry.table import PollTable, applies
from frisket.telemetry.walk import TableWalk

FULL: Final = timedelta(hours=24)  # so often everything is read, whatever the device counts
UPTIME: Final = parse_oid("1.3.6.1.2.1.1.3.0")
CONFIG_CHANGES: Final = parse_oid("1.3.6.1.2.1.43.5.1.1.1.1")
WATCHED: Final = (UPTIME, CONFIG_CHANGES)
_MOVING: Final = {
    "supply": ("level",),
    "tray": ("level",),
    "marker": ("life", "started"),
    "display": ("text",),
}


def moving(varbinds: Mapping[Oid, Value], tables: Sequence[PollTable]) -> tuple[Oid, ...]:
    """Return which of a device's variables are asked at every poll; alerts are walked instead.

    First those that tell whether it is still the same device in the same configuration.
    """
    single = {UPTIME, CONFIG_CHANGES, SYS_OBJECT_ID, PRINTER_SERIAL}
    columns: set[Oid] = set()
    for table in tables:
        named = [
            v.oid for v in table.values if v.field == "serial" or v.field.startswith("status.")
        ]
        single.update(named)
        single.update(row.oid for row in table.counters)
        single.update(row.oid for row in table.records)
        for group, names in _MOVING.items():
            columns.update(oid for n in names if (oid := table.columns.get(group, {}).get(n)))
        columns.update(row.column for row in table.levels)
        columns.update(row.values for row in table.counter_tables)
    lengths = sorted({len(column) for column in columns})
    return tuple(
        oid
        for oid in varbinds
        if oid in single or any(oid[:length] in columns for length in lengths)
    )


def alert_columns(tables: Sequence[PollTable]) -> tuple[tuple[Oid, ...], ...]:
    """Return the columns of the tables of alerts."""
    return tuple(tuple(t.columns["alert"].values()) for t in tables if "alert" in t.columns)


def about(varbinds: Mapping[Oid, Value], tables: Sequence[PollTable]) -> list[PollTable]:
    """Return the tables that are about the device with these variables."""
    object_id = identifier_of(varbinds.get(SYS_OBJECT_ID))
    return [table for table in tables if applies(table, object_id)]


def still_good(kept: Remembered | None, now: datetime) -> bool:
    """Say whether a reading may be built on, and need not be made anew."""
    return kept is not None and timedelta(0) <= now - kept.full < FULL


@dataclass(slots=True)
class Again:
    """What one more poll of a known device has read so far: `values`, as the last reading's."""

    manager: Manager
    tables: Sequence[PollTable]
    kept: Remembered
    bulk: bool
    values: dict[Oid, Value] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    changed: bool = False

    async def run(self) -> bool:
        """Read what moves; False where the device is not as it was, and must be read in full.

        Raises `LinkError` and what a credential meets.
        """
        kept = self.kept
        try:
            found = await self.manager.get(kept.moving)
        except (StatusError, WireError):
            return False
        before = self.values = kept.varbinds()
        if any(isinstance(value, Marker) for _, value in found):
            return False
        news = [(oid, value) for oid, value in found if before[oid] != value and oid != UPTIME]
        if any(oid in self._fixed() for oid, _ in news) or self._restarted(found):
            return False
        before.update(found)
        self.changed = bool(news)
        await self._alerts()
        return True

    def _fixed(self) -> frozenset[Oid]:
        serials = (v.oid for t in self.tables for v in t.values if v.field == "serial")
        return frozenset({CONFIG_CHANGES, SYS_OBJECT_ID, PRINTER_SERIAL, *serials})

    def _restarted(self, found: Iterable[tuple[Oid, Value]]) -> bool:
        uptime = next((ticks(value) for oid, value in found if oid == UPTIME), 0)
        return uptime < self.kept.uptime

    async def _alerts(self) -> None:
        """Walk the alerts, which come and go; the rows of before are replaced."""
        for columns in alert_columns(about(self.values, self.tables)):
            had = {oid: self.values[oid] for oid in self.kept.alerts if within_any(oid, columns)}
            rows = len({oid[len(columns[0]) :] for oid in had})
            walk = TableWalk(self.manager, columns, self.bulk, rows + 1)
            try:
                await walk.run()
            finally:
                self.notes += dict.fromkeys(walk.faults)
            if had != walk.values:
                self.changed = True
                for oid in had:
                    del self.values[oid]
                self.values.update(walk.values)


def within_any(oid: Oid, columns: Iterable[Oid]) -> bool:
    """Say whether a variable is of one of the columns."""
    return any(within(oid, column) for column in columns)


def ticks(value: Value | None) -> int:
    """Return hundredths of a second, 0 for anything else."""
    return int(value) if isinstance(value, TimeTicks) else 0
