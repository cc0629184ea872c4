"""Plans a live device's way to settings that were accepted for it, or recorded in a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from frisket.audit.configuration import Configuration
from frisket.catalog.load import Catalog
from frisket.drivers.access.snmp import IdentityChanged
from frisket.drivers.access.web import LoginRefused
from frisket.drivers.approach import approach
from frisket.drivers.base import Pin
from frisket.drivers.load import load_drivers
from frisket.drivers.plan import DevicePlan, Subject
from frisket.drivers.read import Caller, Told
from frisket.drivers.restore import plan_restore
from frisket.drivers.ways import seen_from
from frisket.errors import FrisketError
from frisket.fleet.network import around
from frisket.fleet.policies import Policies
from frisket.model.finding import Incomplete
from frisket.model.reading import Readings
from frisket.model.target import Identity, Target
from frisket.net.dial import source_of
from frisket.proto.snmp.errors import Denied


@dataclass(frozen=True, slots=True)
class Reapplying:
    """Plans device after device. `wanted`: the settings that each is to have, by address."""

    policies: Policies
    wanted: Mapping[str, Configuration]
    catalog: Catalog

    async def plan(self, target: Target) -> DevicePlan | Incomplete:
        """Plan one device; `Incomplete` says why it is not."""
        policies = self.policies
        if target.address not in self.wanted:
            return Incomplete(str(target), "the file has several devices and not this one")
        try:
            login = policies.credentials.for_device(target.address, target.name)
            if login is None:
                return Incomplete(str(target), "no login is set for it")
            seen = await policies.meet(target)
            caller = Caller(
                policies.network.dialer(target, login),
                login,
                around(policies.network.patience),
                policies.pins.known(target.address),
                Pin(serial=seen.serial),
            )
            return await approach(caller, partial(self._plan, target, seen))
        except IdentityChanged as fault:
            return Incomplete(str(target), str(fault))
        except (Denied, LoginRefused) as fault:
            return Incomplete(str(target), f"the credential is refused: {fault}")
        except FrisketError as fault:
            return Incomplete(str(target), str(fault))

    def _plan(
        self, target: Target, seen: Identity, told: Told, accesses: tuple[str, ...]
    ) -> DevicePlan:
        known = self.policies.pins.known(target.address)
        pin = told.pin | known
        self.policies.pins.remember(target.address, pin)
        found = next(driver for driver in load_drivers() if driver.name == told.driver)
        subject = Subject(
            target,
            seen | Identity(model=told.descr, serial=told.pin.serial),
            pin,
            seen_from(found, source_of(target.address)),
            told.access,
            told.readings,
            Readings(),
            accesses,
            told.frozen,
        )
        return plan_restore(subject, self.wanted[target.address], self.catalog)
