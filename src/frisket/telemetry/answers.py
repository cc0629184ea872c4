"""What a device answered, by variable and by column; texts and numbers bounded. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from frisket.probe.identity import clean
from frisket.probe.snmp_identity import text as decoded
from frisket.proto.snmp.wire.oid import Oid, format_oid
from frisket.proto.snmp.wire.values import (
    Counter32,
    Counter64,
    Gauge32,
    Integer,
    OctetString,
    Value,
)
from frisket.telemetry.sample import Source

MOST_ROWS = 128  # of one table; the largest recorded one has 61
MOST_KEPT = 1000  # variables of one device whose order is remembered
LARGEST_COUNT = 2**32 - 1
_OCTETS = 512  # of one text; names are shorter
_NOTES = 50
_LEADING = re.compile(r"[0-9]{1,12}\b")


@dataclass(slots=True)
class Answers:
    """Variables, columns (index -> value), and notes on what cannot be so."""

    values: Mapping[Oid, Value]
    columns: Mapping[Oid, Mapping[Oid, Value]]
    notes: list[str] = field(default_factory=list)

    def note(self, said: str) -> None:
        """Keep a note; a flood of them is cut."""
        if len(self.notes) < _NOTES:
            self.notes.append(said)

    def column(self, oid: Oid) -> Mapping[Oid, Value]:
        """Return the rows of a column, empty where there are none."""
        return self.columns.get(oid, {})

    def count(self, value: Value | None, what: str, *, in_text: bool = False) -> int | None:
        """Return a count, `in_text` one that begins a text; None, noted, where it cannot be one."""
        found = leading(text(value)) if in_text else number(value)
        if found is None or 0 <= found <= LARGEST_COUNT:
            return found
        self.note(f"{what}: {found} is no count")
        return None


def text(value: Value | None) -> str:
    """Return a text on one line, bounded; HP and others fill up with NUL and leftovers."""
    return _text(bytes(value[: _OCTETS + 1])) if isinstance(value, OctetString) else ""


@lru_cache(maxsize=8192)
def _text(octets: bytes) -> str:
    """Return what octets say; kept, since devices say the same at every poll."""
    octets = octets.partition(b"\0")[0]
    if len(octets) > _OCTETS:
        return clean(octets.decode(errors="ignore"))
    return clean(decoded(OctetString(octets)))


def number(value: Value | None) -> int | None:
    """Return a number, None for anything else."""
    return int(value) if isinstance(value, Integer | Counter32 | Gauge32 | Counter64) else None


def leading(words: str) -> int | None:
    """Return the number that a text begins with: Zebra's `1920 INCHES, 4876 CENTIMETERS`."""
    found = _LEADING.match(words)
    return int(found[0]) if found else None


def gather(varbinds: Mapping[Oid, Value], columns: frozenset[Oid]) -> Answers:
    """Sort variables into columns, at most `MOST_ROWS` of each."""
    oids = tuple(varbinds)
    # A hostile device's variables must not fill the memory of others.
    layout = _layout if len(oids) <= MOST_KEPT else _layout.__wrapped__
    places, cut = layout(oids, columns)
    found = {column: {row: varbinds[oid] for oid, row in rows} for column, rows in places}
    answers = Answers(varbinds, found)
    for column in cut:
        answers.note(f"{'.'.join(map(str, column))} has more than {MOST_ROWS} rows")
    return answers


@lru_cache(maxsize=16_384)
def origin(table: str, oid: Oid, rule: str = "") -> Source:
    """Return where a value comes from; devices of a model share it."""
    return Source(table, format_oid(oid), rule)


_Rows = tuple[tuple[Oid, Oid], ...]


@lru_cache(maxsize=128)
def _layout(
    oids: tuple[Oid, ...], columns: frozenset[Oid]
) -> tuple[tuple[tuple[Oid, _Rows], ...], tuple[Oid, ...]]:
    """Return the variables of each column, each with its row, and which columns are cut."""
    wanted: dict[Oid, list[tuple[Oid, Oid]]] = {}
    lengths = sorted({len(column) for column in columns if column})
    cut: dict[Oid, None] = {}
    for oid in oids:
        for length in lengths:
            column = oid[:length]
            if column not in columns or len(oid) <= length:
                continue
            rows = wanted.setdefault(column, [])
            if len(rows) < MOST_ROWS:
                rows.append((oid, oid[length:]))
            else:
                cut[column] = None
    return tuple((column, tuple(rows)) for column, rows in wanted.items()), tuple(sorted(cut))
