"""Polls a site's devices from this process: small offices need no collector.

What devices say goes the way of a collector's records into the store (`telemetry.gateway`), so
that forecasts, counters, alerts and the board are the same. Only devices of the inventory are
asked, at addresses within the site's written scope; each at most once while this runs.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, time
from typing import Any, Final

from frisket.drivers.base import Pin
from frisket.drivers.credential import Credentials
from frisket.errors import WireError
from frisket.fleet.crew import Crew
from frisket.fleet.equipped import Place
from frisket.fleet.schedule import Task, zone_of
from frisket.jobs.port import Json
from frisket.net.budget import Budget
from frisket.net.shared import SharedDialer, SharedSockets
from frisket.probe.snmp_identity import PUBLIC
from frisket.probe.survey import survey
from frisket.store.database import Database
from frisket.store.inventory import Site
from frisket.store.localpolls import KeptPoll, LocalPolls
from frisket.store.schedules import Schedules
from frisket.telemetry.acquaintance import revived
from frisket.telemetry.batch import Kind, Record, frame
from frisket.telemetry.collector.alarms import Alarms, state_of, state_row
from frisket.telemetry.collector.change import fitting
from frisket.telemetry.collector.leaving import leaving
from frisket.telemetry.collector.records import device_key
from frisket.telemetry.contact import Access
from frisket.telemetry.flat import flatten
from frisket.telemetry.gateway.applying import Applying, Limits
from frisket.telemetry.gateway.fold import Reception
from frisket.telemetry.gateway.intake import Intake, day_of
from frisket.telemetry.gateway.metrics import Metrics
from frisket.telemetry.poll import LIMITS, Polled, poll_device
from frisket.telemetry.table import load_tables
from frisket.telemetry.wake import Quiet

PARALLEL: Final = 50
PATIENCE: Final = 30.0  # seconds for a first answer: the device may have to wake


def nobody(address: str) -> Pin:
    """Return that nobody was met at an address."""
    del address
    return Pin()


@dataclass(frozen=True, slots=True)
class Round:
    """One round at a site: how gently devices are asked, as whom, and what earlier rounds taught.

    A login is shown only to the engine that was met as the device before.
    """

    site: Site
    quiet: Quiet | None
    kept: dict[str, KeptPoll]
    now: Callable[[], datetime]
    credentials: Credentials = field(default_factory=Credentials)
    pins: Callable[[str], Pin] = nobody

    async def poll(self, place: Place, shared: SharedSockets) -> Polled:
        """Ask one device."""
        kept = self.kept.get(place.target.address)
        met = revived(kept.met if kept else {})
        limits = self.site.limits or {}
        pace = float(limits.get("packets_per_second", 10.0))
        login = self.credentials.for_device(place.target.address)
        community = PUBLIC
        if login is not None and login.community is not None:
            community = login.community.read.reveal()
        access = Access(
            community,
            login,
            known=self.pins(place.target.address),
            patience=PATIENCE,
            quiet=self.quiet,
        )
        dialer = SharedDialer(
            place.target, Budget(replace(LIMITS, packets_per_second=pace)), shared
        )
        return await poll_device(dialer, access, load_tables(), self.now, met)

    def taught(self, place: Place, polled: Polled) -> tuple[KeptPoll, list[Record]]:
        """Return what to keep of an address, and the records that the poll means. Pure."""
        address = place.target.address
        before = self.kept.get(address)
        device = before.device if before else ""
        records: list[Record] = []
        at = polled.at.timestamp()
        if polled.sample:
            who = polled.sample.identity
            # A device that tells no mark of its own is the one that was asked for.
            device = device_key(who.serial, who.mac, "", place.row.key)
            values = fitting(leaving({"address": address, **flatten(polled.sample)}))
            records.append(Record(1, device, at, Kind.FULL, values))
        alarms = Alarms()
        if before and before.alarms and before.device == device:
            alarms.states[device] = state_of(before.alarms)
        if device:
            news = alarms.take(device, polled, self.quiet)
            records += [Record(1, one.device, at, one.kind, one.values) for one in news]
        state = alarms.states.get(device)
        met = polled.acquaintance.durable()
        return KeptPoll(address, device, met, state_row(state) if state else {}), records


@dataclass(frozen=True, slots=True)
class Polling:
    """The steps of the flow `poll`."""

    crew: Crew

    def groups(self, site_name: str) -> Json:
        """Return a site's devices in groups of ids; nothing while it is quiet there."""
        return self.crew.chosen({"site": [site_name], "state": ["new", "managed"]})

    def poll(self, site_name: str, ids: Sequence[int]) -> Json:
        """Poll devices and take in what they report; count them and say who did not answer."""
        crew = self.crew
        site = crew.site(site_name)
        known = LocalPolls(crew.database).kept(site.id)
        places = list(self._places(site, ids))
        credentials, pins = self._logins(places)
        round_ = Round(site, self._quiet(site), known, crew.now, credentials, pins)
        answers = asyncio.run(_ask(round_, places))
        kept: dict[str, KeptPoll] = {}
        records: list[Record] = []
        for place, polled in answers:
            one, told = round_.taught(place, polled)
            kept[one.address] = one
            records += [record for record in told if _is_whole(record)]
        now = crew.now()
        refused = take_records(crew.database, site, records, list(kept.values()), now=now)
        crew.told("poll", {"site_id": site.id, "devices": len(places)})
        silent = [[str(p.target), a.why] for p, a in answers if not a.sample and not a.rests]
        return {
            "polled": sum(bool(answer.sample) for _, answer in answers),
            "asleep": sum(answer.rests for _, answer in answers),
            "silent": silent[:100],
            "refused": len(refused),
        }

    def _places(self, site: Site, ids: Sequence[int]) -> Iterator[Place]:
        seen: set[str] = set()
        for place in self.crew.places(ids):
            if place.site.id == site.id and place.target.address not in seen:
                seen.add(place.target.address)
                yield place

    def _logins(self, places: Sequence[Place]) -> tuple[Credentials, Callable[[str], Pin]]:
        """Return the logins of devices, and who was met at each address. Raises `SealFault`."""
        equipment = self.crew.equipment
        if equipment is None:
            return Credentials(), nobody
        return equipment.credentials(places), equipment.met(places).known

    def _quiet(self, site: Site) -> Quiet | None:
        """Return the hours in which the site's devices may sleep, by its schedule for polling."""
        for stored in Schedules(self.crew.database).all():
            if stored.site_id == site.id and stored.task == Task.POLL:
                return quiet_of(stored.document.get("quiet"), site.zone)
        return None


def take_records(
    database: Database,
    site: Site,
    records: Sequence[Record],
    kept: Sequence[KeptPoll],
    *,
    now: datetime,
) -> dict[str, str]:
    """Lay records over what is known, as a gateway does with a collector's; say what was refused.

    What was taught is kept with them or not at all: an alarm is told once. Raises `StoreFault`.
    """
    metrics = Metrics(database)
    metrics.load()
    intake = Intake(database, metrics)
    metrics.learn(set().union(*(record.values for record in records)))
    received = int(now.timestamp())
    intake.prepare_months(received)
    reporter = LocalPolls(database).reporter(site.id, now)
    how = Reception(reporter.id, received, 0, lambda at: day_of(site.zone, at))
    with database.write() as connection:
        applying = Applying(connection, reporter, metrics, Limits())
        applying.apply(records, how)
        LocalPolls(database).keep(connection, site.id, kept, now)
    return applying.refused


def quiet_of(hours: Any, zone: str) -> Quiet | None:
    """Return quiet hours as they are written in a schedule (`["19:00", "06:30"]`), if any."""
    if not isinstance(hours, list) or len(hours) != 2:
        return None
    begins, ends = (time.fromisoformat(str(hour)) for hour in hours)
    return Quiet(begins, ends, zone_of(zone))


async def _ask(round_: Round, places: Sequence[Place]) -> list[tuple[Place, Polled]]:
    limits = round_.site.limits or {}
    parallel = max(1, min(int(limits.get("parallel", PARALLEL)), 1000))
    with SharedSockets() as shared:

        async def visit(place: Place) -> Polled:
            return await round_.poll(place, shared)

        return [answer async for answer in survey(places, visit, parallel)]


def _is_whole(record: Record) -> bool:
    """Say whether the store takes a record as it takes a collector's."""
    try:
        frame(record)
    except WireError:
        return False
    return True
