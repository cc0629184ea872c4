"""Plans for live devices: the network looks, the device tells, the difference is put in order."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from functools import partial

from frisket.audit.session import Session
from frisket.cli.support.logins import Logging, around, open_credentials, open_pins
from frisket.cli.support.options import Visiting
from frisket.cli.support.progress import Tick, progress
from frisket.cli.support.session import now
from frisket.cli.support.shown import in_order
from frisket.cli.support.targets import resolve_targets
from frisket.drivers.access.pjl import opted_in
from frisket.drivers.access.snmp import IdentityChanged
from frisket.drivers.access.web import LoginRefused
from frisket.drivers.approach import approach
from frisket.drivers.base import Pin
from frisket.drivers.credential import Credentials, Login
from frisket.drivers.load import load_drivers
from frisket.drivers.pins import Pins
from frisket.drivers.plan import DevicePlan, Plan, Subject, bearing, plan_device, work_order
from frisket.drivers.plan_file import content_version
from frisket.drivers.read import Caller, Told, settings, witness
from frisket.drivers.ways import seen_from
from frisket.errors import FrisketError
from frisket.model.finding import Incomplete
from frisket.model.reading import Readings
from frisket.model.target import Identity, Target
from frisket.net.budget import Budget, Limits
from frisket.net.dial import SocketDialer, source_of
from frisket.probe.base import Visit
from frisket.probe.engine import find_probes, run_probes
from frisket.probe.survey import survey
from frisket.probe.visit import visit_target
from frisket.proto.snmp.errors import Denied

Show = Callable[[int], AbstractContextManager[Tick]]
CHANGING_SECONDS = 600.0  # a device that restarts twice


@dataclass(frozen=True, slots=True)
class Network:
    """How devices are reached. Virtual ones (`lab`) are not paced."""

    visiting: Visiting

    def limits(self, target: Target, seconds: float = 90.0) -> Limits:
        """Return what a visit to this target may cost."""
        virtual = target.address.startswith("127.")
        pace = 0.0 if virtual else self.visiting.pace
        return Limits(packets_per_second=pace, seconds=seconds, packets=4000)

    def dialer(self, target: Target, login: Login | None = None) -> SocketDialer:
        """Return a dialer for changing a device.

        Its print ports get nothing, but PJL where the `login` has a person's opt-in for that.
        """
        guard = opted_in() if login is not None and login.pjl else None
        return SocketDialer(target, Budget(self.limits(target, CHANGING_SECONDS)), guard)

    async def look(self, target: Target, keys: frozenset[str]) -> Readings:
        """Return what the network witness says of `keys` now, by the probes that can see them."""
        probes = [probe for probe in find_probes() if probe.reads & keys]
        dialer = SocketDialer(target, Budget(self.limits(target)))
        visit = Visit(dialer, now, self.visiting.options)
        try:
            return (await run_probes(visit, probes)).readings
        finally:
            await visit.close()


@dataclass(frozen=True, slots=True)
class Planner:
    """Plans device after device."""

    session: Session
    network: Network
    credentials: Credentials
    pins: Pins

    async def plan(self, target: Target) -> DevicePlan | Incomplete:
        """Plan one device; `Incomplete` where it was not met or is not the one it was."""
        limits = self.network.limits(target)
        seen = await visit_target(target, limits, self.network.visiting.options, now)
        if isinstance(seen, Incomplete):
            return seen
        others = seen.readings | self.session.said(target, seen.identity)
        hand_work = partial(
            work_order,
            target,
            others=others,
            baseline=self.session.asked(target, seen.identity, others),
            content=self.session.content,
        )
        try:
            login = self.credentials.for_device(target.address, target.name)
        except FrisketError as fault:
            return Incomplete(str(target), f"{fault} ({fault.hint})" if fault.hint else str(fault))
        if login is None:
            return hand_work(why="no credential is given for it")
        caller = Caller(
            self.network.dialer(target, login),
            login,
            replace(
                around(self.network.visiting.patience, awake="snmp" in seen.facts),
                keys=self._asked(others),
            ),
            self.pins.known(target.address),
            Pin(serial=seen.identity.serial),
        )
        try:
            return await approach(caller, partial(self._plan, target, seen.identity, others))
        except IdentityChanged as fault:
            hint = f"--new-identity {target.address} where it was replaced on purpose"
            return Incomplete(str(target), f"{fault} ({hint})")
        except (Denied, LoginRefused) as fault:
            return Incomplete(str(target), f"the credential is refused: {fault}")
        except FrisketError as fault:
            return hand_work(why=f"cannot be changed from here: {fault}")

    def _asked(self, others: Readings) -> tuple[str, ...]:
        """Return what to ask a device: what a plan depends on, and what others spoke of."""
        session = self.session
        keys = dict.fromkeys(others)
        for driver in load_drivers():
            keys |= dict.fromkeys(bearing(session.baseline, session.content, driver))
        return tuple(key for key in settings(session.content.catalog) if key in keys)

    def _plan(
        self,
        target: Target,
        seen: Identity,
        others: Readings,
        told: Told,
        accesses: tuple[str, ...],
    ) -> DevicePlan:
        """Plan a device from what it told, and remember whom we met."""
        known = self.pins.known(target.address)
        self.pins.remember(target.address, told.pin | known)
        identity = seen | Identity(model=told.descr, serial=told.pin.serial)
        found = next(driver for driver in load_drivers() if driver.name == told.driver)
        driver = seen_from(found, source_of(target.address))
        pin = told.pin | known
        subject = Subject(
            target,
            identity,
            pin,
            driver,
            told.access,
            told.readings,
            others,
            accesses,
            told.frozen,
        )
        asked = self.session.asked(target, identity, told.readings | others)
        return plan_device(subject, asked, self.session.content)


async def plan_all(planner: Planner, words: tuple[str, ...], show: Show) -> Plan:
    """Plan every device that `words` name. Raises `UsageError`."""
    visiting = planner.network.visiting
    targets, lost = await resolve_targets(words, visiting.state_dir, visiting.inventory)
    devices: list[DevicePlan] = []
    missed = list(lost)
    with show(len(targets)) as tick:
        async for target, found in survey(targets, planner.plan, planner.network.visiting.parallel):
            if isinstance(found, DevicePlan):
                devices.append(found)
            elif target.named or not found.skipped:
                missed.append(found)
            tick()
    devices.sort(key=lambda device: in_order(device.address))
    missed.sort(key=lambda incomplete: in_order(incomplete.target))
    return Plan(
        baseline=planner.session.baseline.id,
        content=content_version(),
        made=now(),
        devices=tuple(devices),
        missed=tuple(missed),
    )


def make_plan(
    session: Session,
    words: tuple[str, ...],
    visiting: Visiting,
    credentials: Credentials,
    pins: Pins,
) -> Plan:
    """Plan live devices, with progress. Raises `UsageError`."""
    planner = Planner(session, Network(visiting), credentials, pins)
    show = partial(progress, "planning", quiet=visiting.quiet)
    return asyncio.run(plan_all(planner, words, show))


def device_witness(
    visiting: Visiting, logging: Logging
) -> Callable[[Target], Awaitable[Readings]] | None:
    """Return how devices are asked for their settings; None where no credential is given.

    Raises `UsageError` where the credentials cannot be read.
    """
    credentials = open_credentials(logging, visiting.inventory)
    if not (credentials.scoped or credentials.pjl):
        return None
    network, pins = Network(visiting), open_pins(logging)

    async def ask(target: Target) -> Readings:
        login = credentials.if_sure(target.address, target.name)
        if login is None:
            return Readings()
        given = around(visiting.patience)
        return await witness(
            network.dialer(target, login), login, pins.known(target.address), given
        )

    return ask
