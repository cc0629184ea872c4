"""Tables of variables in MIB order, shared by all devices of a model.

A variable that never changes is kept as its encoded bytes; a live one is a function of the device.
Rows come and go with the device's state: a live variable that reads None is not there now.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from operator import itemgetter

from frisket.mfd.device import Device
from frisket.proto.snmp.wire import (
    END_OF_MIB_VIEW,
    NO_SUCH_INSTANCE,
    NO_SUCH_OBJECT,
    ErrorStatus,
    Gauge32,
    Integer,
    Level,
    Marker,
    ObjectIdentifier,
    OctetString,
    Oid,
    Value,
    encode_oid,
    encode_value,
    encode_varbind,
)
from frisket.proto.snmp.wire.ber import OBJECT_IDENTIFIER, SEQUENCE, element


@dataclass(frozen=True, slots=True)
class Rights:
    """Who asks, how well protected, and whether that one may write."""

    actor: str
    level: Level = Level.PLAIN
    may_write: bool = False


@dataclass(slots=True)
class Memory:
    """What an agent remembers between requests. `pages`: the total counter when it started."""

    started: float
    engine_id: bytes = b""
    boots: int = 1
    pages: int = 0
    bad_communities: int = 0
    requests: int = 0
    last_refusal: str = ""


@dataclass(frozen=True, slots=True)
class View:
    """What one request sees: the device, the asker's rights, the agent's memory."""

    device: Device
    rights: Rights
    memory: Memory

    @property
    def uptime(self) -> int:
        """Return hundredths of a second since the agent started."""
        return int((self.device.clock() - self.memory.started) * 100) & 0xFFFF_FFFF


Read = Callable[[View], Value | None]
Cell = Value | Read


@dataclass(frozen=True, slots=True)
class Write:
    """How a variable is written: `check` says why not, `do` writes and returns how to undo it."""

    check: Callable[[View, Value], ErrorStatus]
    do: Callable[[View, Value], Callable[[], None]]


@dataclass(frozen=True, slots=True)
class Live:
    """A variable read on demand; `name` is its encoded object identifier."""

    name: bytes
    read: Read


# The object (a column, or a scalar without its zero), the instance below it, and the cell.
Row = tuple[Oid, Oid, Cell]


def text(value: str) -> OctetString:
    """Return a string as SNMP carries it."""
    return OctetString(value.encode())


def number(value: int) -> Integer:
    """Return an INTEGER."""
    return Integer(value)


def gauge(value: int) -> Gauge32:
    """Return a Gauge32."""
    return Gauge32(value)


def scalars(base: Oid, cells: Mapping[int, Cell]) -> Iterator[Row]:
    """Yield `base.n.0` for every scalar."""
    for column, cell in cells.items():
        yield (*base, column), (0,), cell


def table(entry: Oid, rows: Mapping[Oid, Mapping[int, Cell]]) -> Iterator[Row]:
    """Yield `entry.column.index` for every cell; `rows` maps an index to its columns."""
    for index, cells in rows.items():
        for column, cell in cells.items():
            yield (*entry, column), index, cell


def identifier(*subids: int) -> ObjectIdentifier:
    """Return an object identifier as a value."""
    return ObjectIdentifier(subids)


@dataclass(frozen=True, slots=True)
class Tree:
    """All variables of a model, sorted; `writes` holds those that can be written."""

    oids: list[Oid]
    cells: list[bytes | Live]
    index: Mapping[Oid, int]
    objects: frozenset[Oid]
    writes: Mapping[Oid, Write]

    def get(self, oid: Oid, view: View) -> bytes | Marker:
        """Return the encoded variable `oid`, or which kind of nothing it is."""
        at = self.index.get(oid)
        if at is not None:
            cell = self.cells[at]
            if type(cell) is bytes:
                return cell
            found = read(cell, view)
            if found is not None:
                return found
            return NO_SUCH_INSTANCE
        return NO_SUCH_INSTANCE if self._is_instance(oid) else NO_SUCH_OBJECT

    def _is_instance(self, oid: Oid) -> bool:
        """Say whether `oid` is below an object that this model has."""
        return any(oid[:length] in self.objects for length in range(7, len(oid)))

    def after(self, oid: Oid, view: View) -> tuple[int, bytes] | None:
        """Return where the next variable behind `oid` is, and it encoded; None at the end."""
        return self.from_position(self.position_after(oid), view)

    def position_after(self, oid: Oid) -> int:
        """Return the position behind `oid`, whether or not `oid` is there."""
        at = self.index.get(oid)
        return bisect_left(self.oids, oid) if at is None else at + 1

    def from_position(self, at: int, view: View) -> tuple[int, bytes] | None:
        """Return the first variable at or behind a position that is there now."""
        cells = self.cells
        size = len(cells)
        while at < size:
            cell = cells[at]
            if type(cell) is bytes:
                return at, cell
            found = read(cell, view)
            if found is not None:
                return at, found
            at += 1
        return None

    def run(self, oid: Oid, view: View, count: int, room: int) -> list[bytes]:
        """Return up to `count` variables behind `oid` that fit into `room` octets.

        The last one says that the tree ends, where it does. This is the way a walk takes.
        """
        parts: list[bytes] = []
        at, last = self.position_after(oid), oid
        cells, size = self.cells, len(self.cells)
        while len(parts) < count:
            if at >= size:
                part: bytes | None = encode_varbind(last, END_OF_MIB_VIEW)
                count = 0
            else:
                cell = cells[at]
                part = cell if type(cell) is bytes else read(cell, view)
                at += 1
            if part is not None:
                room -= len(part)
                if room < 0:
                    break
                parts.append(part)
                last = self.oids[at - 1]
        return parts


def read(cell: bytes | Live, view: View) -> bytes | None:
    """Return a variable encoded, None where it is not there now."""
    if isinstance(cell, bytes):
        return cell
    value = cell.read(view)
    if value is None:
        return None
    return element(SEQUENCE, cell.name + encode_value(value))


def build_tree(rows: Iterable[Row], writes: Mapping[Oid, Write]) -> Tree:
    """Sort rows into a tree. A variable that stands twice is a mistake of its module."""
    known = list(rows)
    ordered = sorted((((*base, *index), cell) for base, index, cell in known), key=itemgetter(0))
    oids = [oid for oid, _ in ordered]
    assert len(set(oids)) == len(oids), "a variable stands twice"
    cells: list[bytes | Live] = [
        Live(element(OBJECT_IDENTIFIER, encode_oid(oid)), cell)
        if callable(cell)
        else encode_varbind(oid, cell)
        for oid, cell in ordered
    ]
    objects = frozenset(base for base, _, _ in known)
    return Tree(oids, cells, {oid: at for at, oid in enumerate(oids)}, objects, dict(writes))
