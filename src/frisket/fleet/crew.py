"""Carries out the steps of the fleet's flows: looks at devices and writes down what was seen.

Every method is one step: plain values in and out, and repeating it does no harm.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from gettext import NullTranslations
from ipaddress import ip_network
from typing import Any, Final

from frisket.audit.baseline import Baseline
from frisket.audit.capture import Capture
from frisket.audit.load import Content
from frisket.audit.session import Session
from frisket.catalog.load import Catalog
from frisket.drivers.credential import Credentials
from frisket.drivers.read import witness
from frisket.fleet.drifting import Drifting
from frisket.fleet.equipped import Equipment, Met, Place
from frisket.fleet.identity import Alarm
from frisket.fleet.inventory import Sighting as Seen
from frisket.fleet.inventory import in_scope, taken
from frisket.fleet.life import IN_USE, is_asked
from frisket.fleet.log import AuditLog
from frisket.fleet.network import Network, around
from frisket.fleet.own import OwnBaselines
from frisket.fleet.results import record_of
from frisket.fleet.words import Words, words_of
from frisket.jobs.port import Json
from frisket.model.condition import Condition, read_condition
from frisket.model.finding import Incomplete
from frisket.model.reading import Known, Readings, Witness
from frisket.model.target import Target
from frisket.net.budget import Limits
from frisket.probe.base import Options, Sighting
from frisket.probe.discover import discover
from frisket.probe.survey import survey
from frisket.probe.visit import visit_target
from frisket.store.audits import AuditRecord, Audits
from frisket.store.database import Database
from frisket.store.devicelist import DeviceList
from frisket.store.inventory import Inventory, Site, raise_alarm

BATCH: Final = 300  # devices in one step
SWEEP: Final = 1024  # addresses in one step


@dataclass(frozen=True, slots=True)
class Crew:
    """What the steps work with. `told` hears of progress: a topic and a table.

    `packaged` is the content that came with this version; `content` has the own baselines too.
    `executor` names this process; without `equipment` it logs in nowhere, without `log` it changes
    nothing. `catalogues` are the messages of reports by language; English is what the code says.
    """

    database: Database
    packaged: Content
    now: Callable[[], datetime]
    told: Callable[[str, dict[str, Any]], None]
    options: Options = field(default_factory=Options)
    equipment: Equipment | None = None
    log: AuditLog | None = None
    executor: str = "local"
    catalogues: Mapping[str, NullTranslations] = field(default_factory=dict, repr=False)
    _parsed: dict[str, Baseline] = field(default_factory=dict, repr=False, compare=False)

    @property
    def content(self) -> Content:
        """Return what is judged by now. Raises `StoreFault`."""
        return OwnBaselines(self.database, self.packaged, self._parsed).content()

    def sweeps(self, site_name: str) -> Json:
        """Return a site's scope as groups of addresses: nothing outside it is ever asked."""
        site = self.site(site_name)
        addresses = [str(host) for network in site.scope for host in _hosts(network)]
        unique = list(dict.fromkeys(addresses))
        return [unique[at : at + SWEEP] for at in range(0, len(unique), SWEEP)]

    def sweep(self, site_name: str, addresses: Sequence[str]) -> Json:
        """Look at addresses and take the printers found into the inventory; count them."""
        site = self.site(site_name)
        targets = [Target(a, named=False) for a in addresses if in_scope(a, site.scope)]
        return asyncio.run(self._sweep(site, targets))

    async def _sweep(self, site: Site, targets: Sequence[Target]) -> Json:
        found = new = 0
        looking = discover(
            targets, _limits(site), self.options, self.now, parallel=_parallel(site, 200)
        )
        async for target, seen in looking:
            if isinstance(seen, Incomplete):
                continue
            found += 1
            met = await asyncio.to_thread(self.take, site.id, target, seen)
            new += met.new
            self.told("discovery", {"site_id": site.id, "device": met.device_id, "new": met.new})
        return {"asked": len(targets), "found": found, "new": new}

    def take(self, site_id: int, target: Target, seen: Sighting) -> Any:
        """Write a sighting into the inventory."""
        met = Seen(
            target.address,
            seen.identity,
            seen.facts.get("snmp-engine", ""),
            seen.facts.get("certificate-key", ""),
        )
        with self.database.write() as connection:
            return taken(connection, site_id, met, self.now())

    def chosen(self, condition: dict[str, Any]) -> Json:
        """Return the devices of a condition that have an address, in groups; retired ones never.

        `{"ids": […]}` names them one by one.
        """
        if "ids" in condition:
            named = [int(one) for one in condition["ids"]]
            return [named[at : at + BATCH] for at in range(0, len(named), BATCH)]
        wanted = read_condition(condition)
        rows = DeviceList(self.database).each(wanted, self.now())
        ids = [row.id for row in rows if row.address and is_asked(row.state)]
        return [ids[at : at + BATCH] for at in range(0, len(ids), BATCH)]

    def audit(self, baseline: str, ids: Sequence[int]) -> Json:
        """Audit devices and keep the results; count them and say which were not judged."""
        return asyncio.run(self._audit(baseline, list(ids)))

    async def _audit(self, baseline: str, ids: Sequence[int]) -> Json:
        content = await asyncio.to_thread(lambda: self.content)
        session = Session(content, content.baseline(baseline), self.now)
        places = self.places(ids)
        asking = await asyncio.to_thread(self._asking, places)
        visited: list[tuple[int, Place, Capture, str]] = []
        missed: list[list[str]] = []

        async def visit(place: Place) -> Sighting | Incomplete:
            limits = _limits(place.site)
            seen = await visit_target(place.target, limits, self.options, self.now)
            return seen if isinstance(seen, Incomplete) else await asking.ask(place, seen)

        async for place, seen in survey(places, visit, self.together(places, 100)):
            if isinstance(seen, Incomplete):
                missed.append([str(place.target), seen.why])
            else:
                met = await asyncio.to_thread(self.take, place.site.id, place.target, seen)
                # Who answers now may be another device than the one that was asked for.
                capture = Capture(str(place.target), seen.identity, seen.readings, self.now())
                visited.append(
                    (met.device_id, place, capture, seen.facts.get("certificate-key", ""))
                )
                await asyncio.to_thread(self._follow, met.device_id, capture, content.catalog)
            self.told("audit", {"site_id": place.site.id, "device": place.id})
        # Judged when all have been seen: whose certificate key is shared shows only then.
        words = await asyncio.to_thread(self.words, content, [one[0] for one in visited])
        records: list[AuditRecord] = []
        for device_id, place, plain, key in visited:
            capture = await asyncio.to_thread(self._compared, device_id, plain, key)
            said = words[device_id]
            judging = session.saying(said.attestations, said.waivers)
            result = judging.judge(capture, target=place.target)
            records.append(record_of(device_id, baseline, result, capture, content.catalog))
        unique = {record.device_id: record for record in records}
        changed = await asyncio.to_thread(Audits(self.database).keep, list(unique.values()))
        return {"judged": len(unique), "changed": changed, "missed": missed[:100]}

    def _compared(self, device_id: int, capture: Capture, key: str) -> Capture:
        """Return what was read, and whether another device of the inventory has its TLS key."""
        if not key:
            return capture
        others = Inventory(self.database).with_key(key, device_id)
        named = ", ".join(others[:5])
        detail = f"the same key is used by {named}" if others else "no other device has this key"
        known = Known(bool(others), Witness.NETWORK, self.now(), "the inventory", detail)
        shared = Readings.single({"certificate.shared": known})
        return replace(capture, readings=capture.readings | shared)

    def _asking(self, places: Sequence[Place]) -> Asking:
        """Return how devices are asked for their own word: those that there is a login for."""
        if self.equipment is None:
            return Asking(self.options)
        credentials = self.equipment.credentials(places)
        met = self.equipment.met(places) if credentials.scoped else None
        return Asking(self.options, credentials, met, self.stranger)

    def stranger(self, device_id: int, why: str) -> None:
        """Raise the alarm that who answers is not the device that our logins know."""
        with self.database.write() as connection:
            raise_alarm(connection, device_id, Alarm.STRANGER.value, why, self.now())

    def _follow(self, device_id: int, capture: Capture, catalog: Catalog) -> None:
        """Compare a device with what was accepted of it."""
        row = Inventory(self.database).device(device_id)
        if row is not None:
            drifting = Drifting(self.database, catalog)
            firmware = capture.identity.firmware or row.firmware
            drifting.look(device_id, capture.readings, firmware, row.state, self.now())

    def words(self, content: Content, ids: Sequence[int]) -> dict[int, Words]:
        """Return what people said of each of some devices: waivers and attestations."""
        return words_of(self.database, content, self.now(), ids)

    def places(self, ids: Sequence[int]) -> list[Place]:
        """Return devices with their sites; those that may not be asked, or are retired, are not."""
        inventory = Inventory(self.database)
        sites = {site.id: site for site in inventory.sites()}
        places = []
        for device_id in ids:
            row = inventory.device(device_id)
            if row is None or not row.address or not is_asked(row.state):
                continue
            site = sites[row.site_id]
            # An address that left the scope since is not asked any more.
            if in_scope(row.address, site.scope):
                ports = {int(k): int(v) for k, v in row.ports.items()}
                places.append(Place(row.id, site, Target(row.address, ports=ports), row))
        return places

    def pace(self, places: Sequence[Place]) -> float:
        """Return the packets a second that every site of these places allows to one device."""
        paces = [_limits(place.site).packets_per_second for place in places]
        return min((pace for pace in paces if pace > 0), default=0.0 if paces else 10.0)

    def together(self, places: Sequence[Place], most: int) -> int:
        """Return how many devices may be asked at once: what the strictest site allows."""
        return min((_parallel(place.site, most) for place in places), default=1)

    def site(self, name: str) -> Site:
        """Return a site. Raises `LookupError` where it is gone."""
        site = Inventory(self.database).site(name)
        if site is None:
            raise LookupError(f"there is no site {name}")
        return site


def _unheard(device_id: int, why: str) -> None:
    del device_id, why


@dataclass(frozen=True, slots=True)
class Asking:
    """Asks devices for their own word in an audit, where a login is set for them."""

    options: Options
    credentials: Credentials = field(default_factory=Credentials)
    met: Met | None = None
    stranger: Callable[[int, str], None] = _unheard

    async def ask(self, place: Place, seen: Sighting) -> Sighting:
        """Return the sighting with the device's word, or as it is."""
        login = self.credentials.if_sure(place.target.address)
        if login is None or self.met is None:
            return seen
        pace = float((place.site.limits or {}).get("packets_per_second", 10.0))
        dialer = Network(self.options, pace).dialer(place.target, login)
        expected = self.met.known(place.target.address)
        given = around(self.options.patience, awake="snmp" in seen.facts)
        word = await witness(dialer, login, expected, given, partial(self.stranger, place.id))
        return replace(seen, readings=seen.readings | word)


def whole_site(name: str) -> dict[str, Any]:
    """Return the condition that means a site's devices, but for the retired ones."""
    return Condition(site=(name,), state=IN_USE).table()


def _hosts(network: str) -> Iterator[Any]:
    one = ip_network(network, strict=False)
    return iter(one.hosts()) if one.num_addresses > 1 else iter([one.network_address])


def _limits(site: Site) -> Limits:
    pace = float((site.limits or {}).get("packets_per_second", 10.0))
    return Limits(packets_per_second=pace)


def _parallel(site: Site, most: int) -> int:
    return max(1, min(int((site.limits or {}).get("parallel", most)), 1000))
