"""Takes what discovery, audits, polls and lists report of devices into the inventory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from ipaddress import ip_address, ip_network
from typing import Any

from sqlalchemy import Connection

from frisket.errors import UsageError
from frisket.fleet.identity import Alarm, Entry, Marks, Resolution, resolve
from frisket.fleet.life import RETIRED
from frisket.model.target import Identity
from frisket.store.inventory import Inventory, candidates, put_device, raise_alarm

_LENGTHS = {"vendor": 100, "model": 200, "name": 200, "location": 300, "firmware": 200}


@dataclass(frozen=True, slots=True)
class Sighting:
    """One device as it was met: where, who it says it is, and the marks of its services."""

    address: str
    identity: Identity
    engine: str = ""
    tls: str = ""

    @property
    def marks(self) -> Marks:
        """Return what tells it from others."""
        one = self.identity
        return Marks(self.address, one.vendor, one.serial, one.mac, self.engine, self.tls)


class NoMark(UsageError):
    """A device that nothing tells from others."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a sighting."""

    device_id: int
    new: bool
    resolution: Resolution


def in_scope(address: str, scope: Sequence[str]) -> bool:
    """Say whether a site's written scope holds an address; a name never is in scope."""
    try:
        one = ip_address(address)
    except ValueError:
        return False
    return any(one in ip_network(network, strict=False) for network in scope)


def check_scope(scope: Sequence[str]) -> tuple[str, ...]:
    """Return a scope in one spelling. Raises `UsageError` for what is no network."""
    found = []
    for text in scope:
        try:
            found.append(str(ip_network(text.strip(), strict=False)))
        except ValueError:
            raise UsageError(f"{text[:60]} is no network", hint="write 10.1.0.0/16") from None
    return tuple(dict.fromkeys(found))


def take_in(inventory: Inventory, site_id: int, seen: Sighting, now: datetime) -> Taken:
    """Write one sighting into the inventory. Raises `StoreFault`, `NoMark`."""
    with inventory.database.write() as connection:
        return taken(connection, site_id, seen, now)


def taken(connection: Connection, site_id: int, seen: Sighting, now: datetime) -> Taken:
    """Write one sighting within a transaction. Raises `NoMark`: nobody could ever find it again."""
    marks = seen.marks.cleaned()
    if marks.key == Marks().key:
        raise NoMark("it has neither an address nor a serial number or MAC that is one")
    rows = candidates(connection, site_id, asdict(marks), marks.key)
    known = {row.id: row for row in rows}
    resolution = resolve(marks, [_entry(row) for row in rows])
    values: dict[str, Any] = {
        **{name: value for name, value in asdict(resolution.marks).items() if name != "vendor"},
        **_words(seen.identity, known.get(resolution.id or 0)),
        "key": resolution.key,
        "site_id": site_id,
    }
    if resolution.displaced is not None:
        # Until it is met elsewhere nobody knows where it is.
        put_device(connection, resolution.displaced, {"address": ""}, now_of(known, resolution))
    new = resolution.id is None
    device_id = put_device(connection, resolution.id, values, now)
    for kind, text in resolution.alarms:
        about = resolution.displaced if kind is Alarm.REPLACED else device_id
        raise_alarm(connection, about or device_id, kind.value, text, now)
    row = known.get(device_id)
    if row is not None and row.state == RETIRED:
        raise_alarm(connection, device_id, Alarm.BACK.value, f"it is at {marks.address}", now)
    return Taken(device_id, new, resolution)


def now_of(known: Mapping[int, Any], resolution: Resolution) -> datetime:
    """Return when the displaced device was last seen: being displaced is not being seen."""
    seen: datetime = known[resolution.displaced or 0].last_seen
    return seen


def _entry(row: Any) -> Entry:
    marks = Marks(row.address, row.vendor.casefold(), row.serial, row.mac, row.engine, row.tls)
    return Entry(row.id, row.key, marks)


def _words(identity: Identity, row: Any | None) -> dict[str, str]:
    """Return what the device says of itself, bounded; silence keeps what was known."""
    found = {}
    for name, most in _LENGTHS.items():
        text = "".join(c for c in getattr(identity, name) if c.isprintable())[:most]
        found[name] = text or (getattr(row, name) if row is not None else "")
    return found
