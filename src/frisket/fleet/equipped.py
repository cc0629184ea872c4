"""What a crew needs to log in to devices: opened logins, and who was met as each of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from frisket.drivers.base import Pin
from frisket.drivers.credential import Credentials, Login, Scoped
from frisket.fleet.alert_secrets import rewrap_secrets
from frisket.fleet.keys import Keys
from frisket.fleet.life import is_trusted
from frisket.fleet.logins import Whose, chosen, opened, rotated
from frisket.fleet.sealing import name_of
from frisket.model.condition import read_condition
from frisket.model.target import Target
from frisket.store.database import Database
from frisket.store.devicelist import DeviceList
from frisket.store.inventory import Inventory, Site
from frisket.store.logins import StoredLogins


@dataclass(frozen=True, slots=True)
class Place:
    """A device and where it is."""

    id: int
    site: Site
    target: Target
    row: Any


@dataclass(frozen=True, slots=True)
class Equipment:
    """Logins and pins of the fleet's devices. Only the crew has one."""

    database: Database
    keys: Keys
    now: Callable[[], datetime]

    def ready(self) -> None:
        """Make known for which key logins are sealed; the first start makes it."""
        public = self.keys.opener().public
        StoredLogins(self.database).add_key(name_of(public), public, self.now())

    def rotate(self) -> int:
        """Wrap every login for a new key; returns how many. Killed midway, all of them open."""
        opener = self.keys.add()
        count = rotated(StoredLogins(self.database), opener, self.now())
        rewrap_secrets(self.database, opener)
        self.keys.only_newest()
        return count

    def credentials(self, places: Sequence[Place]) -> Credentials:
        """Return the logins of some devices: of managed ones only. Raises `SealFault`.

        What was found and nobody has looked at yet may be anything: no login is shown to it.
        """
        places = [place for place in places if is_trusted(place.row.state)]
        stored = StoredLogins(self.database).all()
        if not stored:
            return Credentials()
        groups = self._groups(row.scope for row in stored)
        opener = self.keys.opener()
        logins: dict[str, Login] = {}
        scoped = []
        for place in places:
            inside = tuple(name for name, ids in groups.items() if place.id in ids)
            found = chosen(stored, Whose(place.site.id, inside))
            if found is None:
                continue
            if found.scope not in logins:
                logins[found.scope] = opened(found, opener)
            scoped.append(Scoped((place.target.address,), logins[found.scope]))
        return Credentials(tuple(scoped))

    def _groups(self, scopes: Iterable[str]) -> Mapping[str, frozenset[int]]:
        """Return the devices of each group that has a login."""
        wanted = {scope.removeprefix("group:") for scope in scopes if scope.startswith("group:")}
        if not wanted:
            return {}
        listed = DeviceList(self.database)
        return {
            group.name: frozenset(listed.ids(read_condition(group.condition), self.now()))
            for group in Inventory(self.database).groups()
            if group.name in wanted
        }

    def met(self, places: Sequence[Place]) -> Met:
        """Return who was met as each of these devices."""
        stored = StoredLogins(self.database)
        pins = stored.pins([place.id for place in places])
        known = {
            place.target.address: pins.get(place.id, Pin()) | Pin(serial=place.row.serial)
            for place in places
        }
        ids = {place.target.address: place.id for place in places}
        return Met(stored, self.now, ids, known)


@dataclass(frozen=True, slots=True)
class Met:
    """Who is known at each address of some devices (`planning.Remembered`)."""

    stored: StoredLogins
    now: Callable[[], datetime]
    ids: Mapping[str, int]
    pins: dict[str, Pin] = field(default_factory=dict)

    def known(self, address: str) -> Pin:
        """Return who was met at an address before."""
        return self.pins.get(address, Pin())

    def remember(self, address: str, pin: Pin) -> None:
        """Keep who was met, if that is news."""
        if address in self.ids and self.pins.get(address) != pin:
            self.pins[address] = pin
            self.stored.pin(self.ids[address], pin, self.now())
