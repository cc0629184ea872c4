"""Reads the columns of one SNMP table side by side: a row costs one question, or less in bulk."""

from __future__ import annotations

from dataclasses import dataclass, field

from frisket.errors import WireError
from frisket.proto.snmp.client import Manager
from frisket.proto.snmp.errors import StatusError
from frisket.proto.snmp.wire.oid import Oid, within
from frisket.proto.snmp.wire.pdu import ErrorStatus, VarBind
from frisket.proto.snmp.wire.values import END_OF_MIB_VIEW, Value
from frisket.telemetry.answers import MOST_ROWS

_AT_ONCE = 48  # variables in one answer, so that most fit a datagram of an Ethernet frame
# net-snmp 5.9 says general error where an encrypted answer does not fit a datagram.
_TOO_MANY = frozenset({ErrorStatus.TOO_BIG, ErrorStatus.GENERAL_ERROR})


@dataclass(slots=True)
class TableWalk:
    """A walk over `columns`; what came is in `values`, what the agent did wrong in `faults`.

    A column ends where its object identifiers leave it or do not grow, and after `MOST_ROWS`.
    """

    manager: Manager
    columns: tuple[Oid, ...]
    bulk: bool
    rows: int = 0  # that are expected; 0 where nobody knows
    values: dict[Oid, Value] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    _at: dict[Oid, Oid] = field(default_factory=dict)
    _rows: dict[Oid, int] = field(default_factory=dict)

    async def run(self) -> None:
        """Read all of it. Raises `LinkError` and what a credential meets."""
        self._at = {column: column for column in self.columns}
        repeat = max(_AT_ONCE // max(len(self.columns), 1), 1) if self.bulk else 1
        if self.rows:
            repeat = min(repeat, self.rows)
        while self._at:
            places = list(self._at.values())
            try:
                if repeat > 1:
                    found = await self.manager.get_bulk(places, repetitions=repeat)
                else:
                    found = await self.manager.get_next(places)
            except StatusError as fault:
                if repeat > 1 and fault.status in _TOO_MANY:
                    repeat //= 2
                elif not self._end_blamed(fault):
                    return
                continue
            except WireError as fault:
                self.faults.append(str(fault))
                return
            if not found:
                return
            self._take(found)

    def _end_blamed(self, fault: StatusError) -> bool:
        """End the column that SNMPv1 blames at the end of its MIB; say whether there was one."""
        blamed = [column for column, place in self._at.items() if place == fault.oid]
        for column in blamed:
            del self._at[column]
        return bool(blamed) and fault.status == ErrorStatus.NO_SUCH_NAME

    def _take(self, found: tuple[VarBind, ...]) -> None:
        asked = tuple(self._at)
        for place, (oid, value) in enumerate(found):
            column = asked[place % len(asked)]
            last = self._at.get(column)
            if last is None:
                continue
            if value is END_OF_MIB_VIEW or not within(oid, column):
                del self._at[column]
            elif oid <= last:
                self.faults.append("the agent does not walk forward")
                del self._at[column]
            elif self._rows.get(column, 0) >= MOST_ROWS:
                self.faults.append(f"a table of more than {MOST_ROWS} rows")
                del self._at[column]
            else:
                self._at[column] = oid
                self._rows[column] = self._rows.get(column, 0) + 1
                self.values[oid] = value
