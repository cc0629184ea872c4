"""Which device of the inventory a sighting is. Pure.

An address is not who a device is: leases move, boards are replaced, and another printer may be
put where one stood. Serial number, hardware address and SNMP engine are, in this order. A TLS key
is not either, as whole series leave the factory with the same one; it only tells that one changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

NAMING: Final = ("serial", "mac", "engine")  # from the strongest to the weakest
MARKS: Final = (*NAMING, "tls")
_NO_SERIAL: Final = frozenset({"", "0", "unknown", "none", "n/a", "xxxxxxxxxx", "00000000"})


def _plain(text: str) -> str:
    """Return a mark without what cannot be printed: a database takes no NUL."""
    return "".join(c for c in text if c.isprintable()).strip()


@dataclass(frozen=True, slots=True)
class Marks:
    """What tells one device from another; empty is unknown. `address` is only where it was met."""

    address: str = ""
    vendor: str = ""
    serial: str = ""
    mac: str = ""
    engine: str = ""
    tls: str = ""

    def cleaned(self) -> Marks:
        """Return the marks in one spelling; serial numbers that many devices share are none."""
        serial = _plain(self.serial).upper()[:100]
        if serial.casefold() in _NO_SERIAL or len(set(serial)) == 1:
            serial = ""
        mac = "".join(c for c in self.mac.lower() if c in "0123456789abcdef")
        return Marks(
            _plain(self.address)[:100],
            _plain(self.vendor).casefold()[:60],
            serial,
            mac if len(mac) == 12 and set(mac) != {"0"} else "",
            _plain(self.engine).lower()[:100],
            _plain(self.tls).lower()[:64],
        )

    @property
    def key(self) -> str:
        """Return the stable key: the strongest mark, or the address where there is none."""
        if self.serial:
            return f"serial:{self.vendor}:{self.serial}"[:200]
        for mark in NAMING[1:]:
            if value := getattr(self, mark):
                return f"{mark}:{value}"
        return f"address:{self.address}"


@dataclass(frozen=True, slots=True)
class Entry:
    """A device of the inventory, by its marks."""

    id: int
    key: str
    marks: Marks


class Alarm(StrEnum):
    """What a person should look at."""

    REPLACED = "another device at this address"
    CHANGED = "the same device with another mark"
    AMBIGUOUS = "two devices of the inventory fit"
    STRANGER = "not the device that our logins know"
    BACK = "a retired device answers"


@dataclass(frozen=True, slots=True)
class Resolution:
    """Which device it is (None: a new one), how sure, and what is alarming about it.

    `displaced` is the device that had this address and is not there any more.
    """

    id: int | None
    key: str
    marks: Marks
    moved: bool = False
    displaced: int | None = None
    alarms: tuple[tuple[Alarm, str], ...] = ()


def resolve(seen: Marks, inventory: Iterable[Entry]) -> Resolution:
    """Say which device of one site `seen` is.

    The strongest mark that is known on both sides decides. A device known by its address alone is
    the one that answers there, until a mark contradicts it.
    """
    seen = seen.cleaned()
    entries = list(inventory)
    there = [e for e in entries if seen.address and e.marks.address == seen.address]
    found, alarms = _by_marks(seen, entries)
    if found is None:
        found = next((e for e in there if not _contradicts(e.marks, seen)), None)
    displaced = next((e.id for e in there if found is None or e.id != found.id), None)
    if displaced is not None:
        alarms.append((Alarm.REPLACED, f"{seen.address} is now {seen.key}"))
    if found is None:
        return Resolution(None, seen.key, seen, displaced=displaced, alarms=tuple(alarms))
    alarms += [
        (Alarm.CHANGED, f"the {mark} was {getattr(found.marks, mark)}, is {getattr(seen, mark)}")
        for mark in MARKS
        if getattr(seen, mark)
        and getattr(found.marks, mark)
        and getattr(seen, mark) != getattr(found.marks, mark)
    ]
    merged = Marks(
        seen.address or found.marks.address,
        seen.vendor or found.marks.vendor,
        *(getattr(seen, mark) or getattr(found.marks, mark) for mark in MARKS),
    )
    weak = found.key.startswith("address:")
    return Resolution(
        found.id,
        merged.key if weak else found.key,
        merged,
        moved=bool(seen.address) and found.marks.address != seen.address,
        displaced=displaced,
        alarms=tuple(alarms),
    )


def _by_marks(
    seen: Marks, entries: Sequence[Entry]
) -> tuple[Entry | None, list[tuple[Alarm, str]]]:
    for mark in NAMING:
        value = getattr(seen, mark)
        fit = [
            e
            for e in entries
            if value
            and getattr(e.marks, mark) == value
            and not _stronger_differs(e.marks, seen, mark)
        ]
        if len(fit) > 1:
            # The one that was met at this address is the likelier of twins.
            fit.sort(key=lambda e: (e.marks.address != seen.address, e.id))
            return fit[0], [(Alarm.AMBIGUOUS, f"{len(fit)} devices have the {mark} {value}")]
        if fit:
            return fit[0], []
    return None, []


def _stronger_differs(known: Marks, seen: Marks, mark: str) -> bool:
    """Say whether a mark stronger than `mark` is known of both and differs.

    A hardware address alone may come with a replaced network card; a TLS key is renewed.
    """
    stronger = MARKS[: MARKS.index(mark)]
    return any(
        getattr(known, name) and getattr(seen, name) and getattr(known, name) != getattr(seen, name)
        for name in stronger
    )


def _contradicts(known: Marks, seen: Marks) -> bool:
    """Say whether any naming mark that both have differs."""
    return any(
        getattr(known, name) and getattr(seen, name) and getattr(known, name) != getattr(seen, name)
        for name in NAMING
    )
