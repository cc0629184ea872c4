"""Supplies and paper: levels under RFC 3805's meaning, then a vendor's own word. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from frisket.proto.snmp.wire.oid import Oid, format_oid
from frisket.proto.snmp.wire.values import OctetString, Value
from frisket.telemetry.answers import Answers, number, origin, text
from frisket.telemetry.sample import Level, Source, State, Supply, Tray
from frisket.telemetry.table import Levels, PollTable, Records
from frisket.telemetry.words import PERCENT, RECEPTACLE, SUPPLY_KINDS, UNITS

RECORD = 7  # octets: code, 01 04, number of 32 bits
_MARK = b"\x01\x04"
_MOST_RECORDS = 64
_STATES = {-1: State.OTHER, -2: State.UNKNOWN, -3: State.SOME}

Column = Mapping[Oid, Value]


def records(value: Value | None) -> dict[str, int]:
    """Return code -> number of a string of records; what does not look like one ends it."""
    found: dict[str, int] = {}
    if not isinstance(value, OctetString):
        return found
    octets = bytes(value[: RECORD * _MOST_RECORDS])
    for at in range(0, len(octets) - RECORD + 1, RECORD):
        record = octets[at : at + RECORD]
        if record[1:3] != _MARK:
            break
        found[record[:1].hex()] = int.from_bytes(record[3:], "big")
    return found


class Reader:
    """Reads levels of one device, whose tables may add sentinels and rules."""

    def __init__(self, answers: Answers, tables: Sequence[PollTable]) -> None:
        self._answers = answers
        self._tables = tables
        self._states = dict(_STATES)
        for table in tables:
            self._states |= table.sentinels
        self._percent = next(
            (t.percent_without_capacity for t in tables if t.percent_without_capacity), ""
        )

    def _level(
        self, what: str, amount: int | None, capacity: int | None, unit: str, source: Source
    ) -> Level:
        """Return a level; `what` names it in notes."""
        if amount is None:
            return Level(State.UNKNOWN, source, unit=unit)
        whole = capacity if capacity is not None and capacity > 0 else None
        if amount < 0:
            if amount not in self._states:
                self._answers.note(f"{what}: {amount} is no level")
            state = self._states.get(amount, State.UNKNOWN)
            return Level(state, source, None, whole, unit)
        if whole is None and amount <= 100:
            if unit == PERCENT:
                whole = 100
            elif not unit and self._percent:
                whole, unit, source = 100, PERCENT, replace(source, rule=self._percent)
        if whole is not None and amount > whole:
            self._answers.note(f"{what}: {amount} is more than the capacity of {whole}")
        return Level(State.MEASURED, source, amount, whole, unit)

    def _rows(self, group: str) -> Iterator[tuple[PollTable, Oid, Callable[[str], Value | None]]]:
        for table in self._tables:
            columns = table.columns.get(group, {})
            read = {name: self._answers.column(oid) for name, oid in columns.items()}
            level: Column = read.get("level", {})
            for index in sorted({i for name in ("name", "level") for i in read.get(name, {})}):

                def cell(
                    name: str, index: Oid = index, read: Mapping[str, Column] = read
                ) -> Value | None:
                    return read.get(name, {}).get(index)

                if level or cell("name") is not None:
                    yield table, index, cell

    def _level_of(
        self,
        table: PollTable,
        group: str,
        index: Oid,
        what: str,
        cell: Callable[[str], Value | None],
    ) -> Level:
        source = origin(table.name, (*table.columns[group]["level"], *index))
        unit = UNITS.get(number(cell("unit")) or 0, "")
        return self._level(what, number(cell("level")), number(cell("capacity")), unit, source)

    def trays(self) -> tuple[Tray, ...]:
        """Return the paper inputs."""
        found = []
        for table, index, cell in self._rows("tray"):
            name = text(cell("name")) or f"Tray {index[-1]}"
            level = self._level_of(table, "tray", index, name, cell)
            found.append(Tray(format_oid(index), name, text(cell("media")), level))
        return tuple(found)

    def supplies(self) -> tuple[Supply, ...]:
        """Return the supplies, with levels of the vendor's own where a table says so."""
        found = list(self._standard())
        for table in self._tables:
            for rule in table.levels:
                found = self._with_levels(found, table, rule)
            for records_rule in table.records:
                found = self._with_records(found, table, records_rule)
        return tuple(found)

    def _standard(self) -> Iterator[Supply]:
        for table, index, cell in self._rows("supply"):
            colors = self._answers.column(table.columns.get("colorant", {}).get("value", ()))
            colorant = number(cell("colorant"))
            color = text(colors.get((index[0], colorant))) if colorant and colorant > 0 else ""
            name = text(cell("name")) or f"Supply {index[-1]}"
            kind = SUPPLY_KINDS.get(number(cell("kind")) or 0, "")
            receptacle = number(cell("class")) == RECEPTACLE or kind.startswith("waste")
            level = self._level_of(table, "supply", index, name, cell)
            yield Supply(format_oid(index), name, kind, color, receptacle, level)

    def _with_levels(self, found: list[Supply], table: PollTable, rule: Levels) -> list[Supply]:
        rows = self._answers.column(rule.column)
        names = self._answers.column(rule.names)
        own = []
        for index in sorted(rows):
            name = text(names.get(index)) or f"Supply {index[-1]}"
            source = origin(table.name, (*rule.column, *index), rule.because)
            level = self._level(name, number(rows[index]), 100, PERCENT, source)
            own.append(Supply(format_oid(index), name, "", "", False, level))
        by_name = {_key(supply.name): supply.level for supply in own}
        if not found:
            return own
        if {_key(supply.name) for supply in found} & set(by_name):
            return [replace(s, level=by_name.get(_key(s.name), s.level)) for s in found]
        if len(own) == len(found):
            return [replace(s, level=o.level) for s, o in zip(found, own, strict=True)]
        if own:
            self._answers.note(f"{table.name}: levels of its own fit no supply of Printer-MIB")
        return found

    def _with_records(self, found: list[Supply], table: PollTable, rule: Records) -> list[Supply]:
        codes = records(self._answers.values.get(rule.oid)) if rule.levels else {}
        for code, name in rule.levels.items():
            if code not in codes:
                continue
            if codes[code] > 10_000:
                self._answers.note(f"{name}: {codes[code]} hundredths are more than all")
                continue
            level = Level(
                State.MEASURED,
                origin(table.name, rule.oid, rule.because),
                round(codes[code] / 100),
                100,
                PERCENT,
            )
            same = [supply for supply in found if _key(supply.name) == _key(name)]
            if not same:
                found = [*found, Supply(f"record {code}", name, "", "", False, level)]
            found = [
                replace(s, level=level) if s in same and s.level.percent is None else s
                for s in found
            ]
        return found


def _key(name: str) -> tuple[str, ...]:
    """Return what two names of one supply share: their words in any order."""
    return tuple(sorted(name.casefold().split()))
