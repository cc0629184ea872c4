"""One poll's result: who the device is, how it is, what is left and what it has counted.

Nothing here is a bare number of Printer-MIB: sentinels have become states (RFC 3805 section 4.4).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from frisket.model.target import Identity


class State(StrEnum):
    """What is known of an amount."""

    MEASURED = "measured"
    SOME = "some left"  # -3: at least one unit
    NEARLY_EMPTY = "nearly empty"  # a vendor's own sentinel, such as Ricoh's -100
    UNKNOWN = "unknown"  # -2
    OTHER = "not restricted"  # -1: the device sets no limit and gives no amount


@dataclass(frozen=True, slots=True)
class Source:
    """Where a value comes from: the poll table and the object identifier; `rule` where one chose.

    `rule` is the reason, from the table, why this value stands where another source has one too.
    """

    table: str
    oid: str
    rule: str = ""


@dataclass(frozen=True, slots=True)
class Level:
    """How much is left. `amount` and `capacity` are in `unit` and None where not measured."""

    state: State
    source: Source
    amount: int | None = None
    capacity: int | None = None
    unit: str = ""

    @property
    def percent(self) -> int | None:
        """Return how much is left of the whole; None where amount or capacity is not known."""
        if self.amount is None or not self.capacity or self.amount > self.capacity:
            return None
        return (200 * self.amount + self.capacity) // (2 * self.capacity)


@dataclass(frozen=True, slots=True)
class Supply:
    """One supply. For a `receptacle` (waste) the level is the room left (RFC 3805 class 4)."""

    index: str
    name: str
    kind: str
    color: str
    receptacle: bool
    level: Level


@dataclass(frozen=True, slots=True)
class Tray:
    """One paper input."""

    index: str
    name: str
    media: str
    level: Level


@dataclass(frozen=True, slots=True)
class Alert:
    """One row of the device's alert table (RFC 3805 prtAlertTable)."""

    index: str
    severity: str
    group: str
    member: int
    code: int
    text: str
    source: Source


@dataclass(frozen=True, slots=True)
class Counter:
    """A count that only rises. `number` is Canon's counter number, None where it has none."""

    name: str
    label: str
    value: int
    unit: str
    source: Source
    number: int | None = None


@dataclass(frozen=True, slots=True)
class Status:
    """How the device is: words of RFC 2790, what is wrong, and what its display says."""

    printer: str = ""
    device: str = ""
    problems: tuple[str, ...] = ()
    display: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sample:
    """What one device reported. `sources` names those of identity's and status's fields.

    `printer` says why it is one, empty where nothing shows it.
    `notes` say what a device gave that cannot be so; it is not among the values.
    """

    identity: Identity = field(default_factory=Identity)
    printer: str = ""
    status: Status = field(default_factory=Status)
    alerts: tuple[Alert, ...] = ()
    supplies: tuple[Supply, ...] = ()
    trays: tuple[Tray, ...] = ()
    counters: tuple[Counter, ...] = ()
    sources: Mapping[str, Source] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def firmware(self) -> str:
        """Return the version of the device's software; empty where it does not say."""
        return self.identity.firmware

    def __bool__(self) -> bool:
        """Say whether this is a printer's: a switch has a name and a place too."""
        return bool(self.printer or self.supplies or self.trays or self.counters)
