"""A poll of a device met before: asks only what moves, and all of it where the device has changed.

RFC 3805's prtGeneralConfigChanges is made for this: a manager may keep what describes the printer
for as long as that counter stands still.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final

from frisket.errors import WireError
from frisket.probe.snmp_identity import PRINTER_SERIAL, SYS_OBJECT_ID
from frisket.proto.snmp.client import Manager
from frisket.proto.snmp.errors import StatusError
from frisket.proto.snmp.wire.oid import Oid, parse_oid, within
from frisket.proto.snmp.wire.pdu import VarBind
from frisket.proto.snmp.wire.values import Marker, TimeTicks, Value
from frisket.telemetry.acquaintance import Outline, Remembered
from frisket.telemetry.choice import about
from frisket.telemetry.table import PollTable
from frisket.telemetry.walk import TableWalk

FULL: Final = timedelta(hours=24)  # so often everything is read, whatever the device counts
UPTIME: Final = parse_oid("1.3.6.1.2.1.1.3.0")
CONFIG_CHANGES: Final = parse_oid("1.3.6.1.2.1.43.5.1.1.1.1")
WATCHED: Final = (UPTIME, CONFIG_CHANGES)
_AT_ONCE: Final = 60  # numbers in one answer, which then fits a datagram of an Ethernet frame
_MOVING: Final = {
    "supply": ("level",),
    "tray": ("level",),
    "marker": ("life", "started"),
    "display": ("text",),
}


def fixed(tables: Sequence[PollTable]) -> frozenset[Oid]:
    """Return the variables that tell whether it is the same device in the same configuration."""
    serials = (row.oid for table in tables for row in table.values if row.field == "serial")
    return frozenset({CONFIG_CHANGES, SYS_OBJECT_ID, PRINTER_SERIAL, *serials})


def outline(varbinds: Mapping[Oid, Value], tables: Sequence[PollTable]) -> Outline:
    """Return what a device with these variables is asked again."""
    return _outline(tuple(sorted(varbinds)), about(varbinds, tables))


@lru_cache(maxsize=128)
def _outline(oids: tuple[Oid, ...], tables: tuple[PollTable, ...]) -> Outline:
    single, columns, alerts = _moving(tables)
    lengths = sorted({len(column) for column in (*columns, *alerts)})
    rows: list[tuple[int, int, Oid, Oid]] = []
    last: dict[Oid, Oid] = {}
    for place, oid in enumerate(oids):
        column = next((oid[:n] for n in lengths if oid[:n] in columns or oid[:n] in alerts), ())
        if column or oid in single:
            # UPTIME first, since it always moves; alerts last, since they come and go.
            order = 0 if oid == UPTIME else 2 if column in alerts else 1
            before = last.get(column, column) if column else _before(oid)
            rows.append((order, place, oid, before))
            last[column] = oid
    rows.sort()
    ends = [c for c in columns if columns[c] and c in last] + list(alerts)[:1]
    return Outline(
        oids,
        moving=tuple(oid for _, _, oid, _ in rows),
        places=tuple(place for _, place, _, _ in rows),
        before=(*(before for *_, before in rows), *(last.get(c, c) for c in ends)),
        ends=tuple(ends),
        alerts=sum(order == 2 for order, *_ in rows),
        alert_columns=tuple(alerts),
    )


def _moving(tables: Sequence[PollTable]) -> tuple[set[Oid], dict[Oid, bool], dict[Oid, None]]:
    """Return single variables, columns, and columns of alerts whose values move.

    Of a column it is said whether new rows are looked for behind its last one.
    """
    single = {UPTIME, *fixed(tables)}
    columns: dict[Oid, bool] = {}
    alerts: dict[Oid, None] = {}
    for table in tables:
        single.update(row.oid for row in table.values if row.field.startswith("status."))
        single.update(row.oid for row in table.counters)
        single.update(row.oid for row in table.records)
        for group, names in _MOVING.items():
            for name in names:
                if oid := table.columns.get(group, {}).get(name):
                    columns[oid] = name == "level"
        columns.update((row.column, False) for row in table.levels)
        columns.update((row.values, False) for row in table.counter_tables)
        alerts.update(dict.fromkeys(table.columns.get("alert", {}).values()))
    return single, columns, alerts


def _before(oid: Oid) -> Oid:
    """Return a place close before a single variable: nothing else lies between them."""
    return (*oid[:-1], oid[-1] - 1) if oid[-1] else oid[:-1]


def still_good(kept: Remembered, now: datetime) -> bool:
    """Say whether a reading may be built on, and need not be made anew."""
    return timedelta(0) <= now - kept.full < FULL


@dataclass(slots=True)
class Again:
    """One more poll of a known device: what moved is in `values`, if anything `changed`."""

    manager: Manager
    tables: Sequence[PollTable]
    kept: Remembered
    bulk: bool
    values: dict[Oid, Value] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    changed: bool = False
    uptime: int = 0

    async def run(self) -> bool:
        """Read what moves; False where the device is not as it was, and must be read in full.

        Raises `LinkError` and what a credential meets.
        """
        outline = self.kept.outline
        count = len(outline.moving) - outline.alerts
        try:
            found = await self._read()
            if found is None or [oid for oid, _ in found[:count]] != list(outline.moving[:count]):
                return False
            if not self._take(found[:count]):
                return False
            if self._alerts_moved(found[count:]):
                await self._walk_alerts()
        except (StatusError, WireError):
            return False
        return True

    async def _read(self) -> list[VarBind] | None:
        if self.bulk:
            with suppress(StatusError):  # too big for one answer
                return await self._chain()
        return await self._single()

    async def _chain(self) -> list[VarBind] | None:
        """Read by GETNEXT, from each place to the next; None where a table has more rows.

        SNMPv1 ends such a question with an error at the end of the MIB, so that it asks otherwise.
        """
        before, ends = self.kept.outline.before, self.kept.outline.ends
        found: list[VarBind] = []
        for start in range(0, len(before), _AT_ONCE):
            found += await self.manager.get_next(before[start : start + _AT_ONCE])
        count = len(self.kept.outline.moving)
        more = [
            column
            for column, (oid, value) in zip(ends, found[count:], strict=True)
            if within(oid, column) and not isinstance(value, Marker)
        ]
        if any(column not in self.kept.outline.alert_columns for column in more):
            return None
        return found if more else found[:count]

    async def _single(self) -> list[VarBind] | None:
        """Read by GET, and look for alerts; None where something is gone."""
        outline = self.kept.outline
        count = len(outline.moving) - outline.alerts
        found = list(await self.manager.get(outline.moving[:count]))
        if any(isinstance(value, Marker) for _, value in found):
            return None
        walk = TableWalk(self.manager, outline.alert_columns, bulk=False)
        await walk.run()
        return [*found, *sorted(walk.values.items())]

    def _alerts_moved(self, found: Sequence[VarBind]) -> bool:
        outline = self.kept.outline
        first = len(outline.moving) - outline.alerts
        held = zip(outline.moving[first:], outline.places[first:], strict=True)
        return list(found) != [(oid, self.kept.values[place]) for oid, place in held]

    async def _walk_alerts(self) -> None:
        """Read the table of alerts anew in place of the rows it had."""
        outline = self.kept.outline
        walk = TableWalk(self.manager, outline.alert_columns, self.bulk)
        await walk.run()
        self.notes += dict.fromkeys(walk.faults)
        self.changed = True
        self.values = self.values or self.kept.varbinds()
        for oid in outline.moving[len(outline.moving) - outline.alerts :]:
            self.values.pop(oid, None)
        self.values.update(walk.values)

    def _take(self, found: Sequence[VarBind]) -> bool:
        kept, before = self.kept, self.kept.values
        if found and found[0][0] == UPTIME and isinstance(found[0][1], TimeTicks):
            self.uptime = int(found[0][1])
            if self.uptime < kept.uptime:
                return False
        news = [
            row
            for row, place in zip(found, kept.outline.places, strict=False)
            if row[1] != before[place] and row[0] != UPTIME
        ]
        if not news:
            return True
        same = fixed(about(kept.varbinds(), self.tables))
        if any(oid in same for oid, _ in news):
            return False
        self.changed = True
        self.values = kept.varbinds()
        self.values.update(news)
        return True


def ticks(value: Value | None) -> int:
    """Return hundredths of a second, 0 for anything else."""
    return int(value) if isinstance(value, TimeTicks) else 0
