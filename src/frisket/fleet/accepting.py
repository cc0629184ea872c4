"""A changed identity is accepted by a person, after the alarm: whom our logins know from then on.

Who answers at an address is met before any login is shown; where it is another than the one that
was met before, an alarm stands and no login is shown until somebody who may says that it is right.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, Final

from sqlalchemy import Connection

from frisket.drivers.base import Pin
from frisket.errors import UsageError
from frisket.fleet.approval import NotAllowed
from frisket.fleet.chain import Act
from frisket.fleet.identity import Alarm
from frisket.fleet.life import MANAGED, NEW, RETIRED
from frisket.fleet.log import AuditLog
from frisket.store.database import Database
from frisket.store.identities import (
    clear_alarms,
    device_at,
    last_address,
    locked_device,
    pin_of,
    put_pin,
    take_over,
)
from frisket.store.life import change_state

ABOUT: Final = (Alarm.CHANGED, Alarm.STRANGER, Alarm.REPLACED, Alarm.AMBIGUOUS)


@dataclass(frozen=True, slots=True)
class Mark:
    """One mark of a device: what our logins know, and what was seen last; empty is unknown."""

    name: str
    known: str
    seen: str

    @property
    def differs(self) -> bool:
        """Say whether both are known and are not the same."""
        return bool(self.known and self.seen) and self.known.casefold() != self.seen.casefold()


def marks_of(row: Any, pin: Pin) -> tuple[Mark, ...]:
    """Return a device's marks, from its row and from who was met as it. Pure.

    Of TLS the inventory knows the key, and logins the certificate: what was seen is the key's.
    """
    return (
        Mark("serial number", pin.serial, row.serial),
        Mark("SNMP engine", pin.engine, row.engine),
        Mark("hardware address", "", row.mac),
        Mark("TLS key", "", row.tls),
        Mark("TLS certificate", pin.tls, ""),
        Mark("printer UUID", pin.uuid, ""),
    )


def digest_of(row: Any) -> str:
    """Return what says that a device shows the same marks as when somebody looked. Pure."""
    shown = (row.address, row.serial, row.engine, row.mac, row.tls)
    return sha256("\0".join(shown).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Accepting:
    """Accepts identities. Each method raises `UsageError`, `NotAllowed`, `LogFault`."""

    database: Database
    log: AuditLog
    clock: Callable[[], datetime]

    def known(self, device_id: int) -> Pin:
        """Return who was met as a device."""
        with self.database.read() as connection:
            return pin_of(connection, device_id)

    def successor(self, row: Any) -> Any | None:
        """Return the device that is met now where this one stood, None where there is none."""
        if row.address:
            return None
        with self.database.read() as connection:
            address = last_address(connection, row.id)
            return device_at(connection, row.site_id, address) if address else None

    def accept(self, device_id: int, seen: str, who: str) -> Sequence[str]:
        """Let the marks that a device shows now be its own; return what changed, in words.

        `seen` is the digest of what the person looked at. Its certificate is learnt at the next
        login, from a device that shows these marks.
        """
        with self.database.write() as connection:
            row = self._same(connection, device_id, seen)
            before = pin_of(connection, device_id)
            after = Pin(engine=row.engine, serial=row.serial)
            told = [
                f"{one.name}: {one.known} became {one.seen or 'what is met next'}"
                for one in marks_of(row, before)
                if one.known and one.known.casefold() != one.seen.casefold()
            ]
            details = {"site": row.site_id, "marks": told, "serial": row.serial}
            self._tell(connection, who, "identity.accept", row.key, details)
            put_pin(connection, device_id, after, self.clock())
            clear_alarms(connection, device_id, [one.value for one in ABOUT], who, self.clock())
        return told

    def replace(self, device_id: int, seen: str, other_id: int, who: str) -> None:
        """Let the device that is met where this one stood take its place.

        This one is retired, the other managed, with its tags and notes.
        """
        with self.database.write() as connection:
            row = self._same(connection, device_id, seen)
            other = locked_device(connection, other_id)
            if other is None or other.site_id != row.site_id or other.state == RETIRED:
                raise UsageError("there is no such device in its place")
            if row.address or other.address != last_address(connection, device_id):
                raise UsageError("the other one does not stand where this one stood")
            details = {"site": row.site_id, "by": other.key}
            self._tell(connection, who, "identity.replace", row.key, details)
            take_over(connection, device_id, other_id)
            change_state(self.database, connection, [device_id], RETIRED)
            if other.state == NEW:
                change_state(self.database, connection, [other_id], MANAGED)
            put_pin(
                connection, other_id, Pin(engine=other.engine, serial=other.serial), self.clock()
            )
            kinds = [one.value for one in ABOUT]
            for one in (device_id, other_id):
                clear_alarms(connection, one, kinds, who, self.clock())

    def _same(self, connection: Connection, device_id: int, seen: str) -> Any:
        row = locked_device(connection, device_id)
        if row is None:
            raise UsageError("there is no such device")
        if digest_of(row) != seen:
            raise NotAllowed("it shows other marks by now", hint="look at them again")
        return row

    def _tell(
        self,
        connection: Connection,
        who: str,
        word: str,
        about: str,
        details: dict[str, Any],
    ) -> None:
        self.log.record_within(connection, Act(who, word, about, details=details))
