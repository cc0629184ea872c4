"""Plans for live devices: the network looks, the device tells, the difference is put in order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Protocol

from frisket.audit.session import Session
from frisket.drivers.access.snmp import IdentityChanged
from frisket.drivers.access.web import LoginRefused
from frisket.drivers.approach import approach
from frisket.drivers.base import Pin
from frisket.drivers.credential import Credentials
from frisket.drivers.load import load_drivers
from frisket.drivers.plan import DevicePlan, Subject, bearing, plan_device, work_order
from frisket.drivers.read import Caller, Told, settings
from frisket.drivers.ways import seen_from
from frisket.errors import FrisketError
from frisket.fleet.network import Network, around
from frisket.model.finding import Incomplete
from frisket.model.reading import Readings
from frisket.model.target import Identity, Target
from frisket.net.dial import source_of
from frisket.probe.visit import visit_target
from frisket.proto.snmp.errors import Denied


class Remembered(Protocol):
    """Who was met at each address (`drivers.pins.Pins`)."""

    def known(self, address: str) -> Pin:
        """Return who was met at an address before; an empty pin for nobody."""

    def remember(self, address: str, pin: Pin) -> None:
        """Keep who was met, if that is news."""


def remembering(pins: Remembered) -> Callable[[str, Pin], None]:
    """Return what adds to who is known at an address (`carrying.Applier.met`)."""

    def met(address: str, pin: Pin) -> None:
        pins.remember(address, pins.known(address) | pin)

    return met


@dataclass(frozen=True, slots=True)
class Planner:
    """Plans device after device."""

    session: Session
    network: Network
    credentials: Credentials
    pins: Remembered

    async def plan(self, target: Target) -> DevicePlan | Incomplete:
        """Plan one device; `Incomplete` where it was not met or is not the one it was."""
        limits = self.network.limits(target)
        seen = await visit_target(target, limits, self.network.options, self.network.now)
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
                around(self.network.patience, awake="snmp" in seen.facts),
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
