"""Polls a device for whoever scrapes it: only what is in the inventory, and never twice at once."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from frisket.fleet.crew import Crew
from frisket.fleet.equipped import Place
from frisket.fleet.inventory import in_scope
from frisket.fleet.polling import Round, quiet_of
from frisket.fleet.roles import Reach
from frisket.fleet.schedule import Task
from frisket.model.target import Target
from frisket.net.shared import SharedSockets
from frisket.store.inventory import Inventory
from frisket.store.localpolls import KeptPoll, LocalPolls
from frisket.store.reported import Reported
from frisket.store.schedules import Schedules
from frisket.telemetry.poll import Polled

FRESH: Final = timedelta(seconds=15)  # so long one answer is everybody's
_PARALLEL: Final = 50
_MOST: Final = 10_000  # devices whose last answer is remembered


@dataclass(slots=True)
class _Kept:
    """What is remembered of one device between two scrapes."""

    lock: asyncio.Lock
    polled: Polled | None = None


@dataclass(frozen=True, slots=True)
class _Found:
    id: int
    place: Place


class Scraping:
    """All scrapes of one process: a device is asked by one at a time, others wait for its answer.

    What a poll taught (how long it takes to wake, what moves) is kept for the next one.
    """

    __slots__ = ("_crew", "_kept", "_limit")

    def __init__(self, crew: Crew) -> None:
        self._crew = crew
        self._kept: dict[int, _Kept] = {}
        self._limit = asyncio.Semaphore(_PARALLEL)

    async def poll(self, target: str, where: Reach) -> Polled | None:
        """Poll the device of an address, key or serial number; None where there is none to ask.

        None too where it is retired, at none of the asker's sites or outside its site's scope.
        """
        found = await asyncio.to_thread(self._find, target, where)
        if found is None:
            return None
        kept = self._kept.setdefault(found.id, _Kept(asyncio.Lock()))
        async with kept.lock, self._limit:
            now = self._crew.now()
            if kept.polled is None or now - kept.polled.at >= FRESH:
                kept.polled = await self._ask(found, kept.polled)
        self._forget()
        return kept.polled

    async def _ask(self, found: _Found, last: Polled | None) -> Polled:
        round_ = await asyncio.to_thread(self._round, found.place)
        address = found.place.target.address
        if last is not None:
            known = KeptPoll(address, "", last.acquaintance.durable(), {})
            round_ = replace(round_, kept={address: known})
        with SharedSockets() as shared:
            return await round_.poll(found.place, shared)

    def _forget(self) -> None:
        while len(self._kept) > _MOST:
            oldest = next(iter(self._kept))
            if self._kept[oldest].lock.locked():
                return
            del self._kept[oldest]

    def _find(self, target: str, where: Reach) -> _Found | None:
        inventory = Inventory(self._crew.database)
        sites = {site.id: site for site in inventory.sites() if site.id in where}
        for who in Reported(self._crew.database).devices(device=target):
            row = inventory.device(who.id) if who.site_id in sites else None
            if row is None or row.state == "retired":
                continue
            site = sites[row.site_id]
            if in_scope(row.address, site.scope):
                ports = {int(port): int(served) for port, served in row.ports.items()}
                place = Place(row.id, site, Target(row.address, ports=ports), row)
                return _Found(row.id, place)
        return None

    def _round(self, place: Place) -> Round:
        """Return how a device is asked: as its site's polls do, with the login that it has."""
        database, quiet, site = self._crew.database, None, place.site
        for stored in Schedules(database).all():
            if stored.site_id == site.id and stored.task == Task.POLL:
                quiet = quiet_of(stored.document.get("quiet"), site.zone)
        round_ = Round(site, quiet, LocalPolls(database).kept(site.id), self._crew.now)
        if self._crew.equipment is None:
            return round_
        credentials = self._crew.equipment.credentials([place])
        pins = self._crew.equipment.met([place]).known
        return replace(round_, credentials=credentials, pins=pins)
