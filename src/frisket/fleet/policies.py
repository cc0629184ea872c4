"""Reads and plans the security policies of live devices, one after another."""

from __future__ import annotations

from dataclasses import dataclass, field

from frisket.audit.load import Content
from frisket.audit.sheet import Sheet
from frisket.drivers.access.snmp import IdentityChanged
from frisket.drivers.access.web import LoginRefused
from frisket.drivers.base import Pin
from frisket.drivers.credential import Credentials
from frisket.drivers.plan import DevicePlan
from frisket.drivers.policy import unreached
from frisket.drivers.policy_visit import PolicySeen, plan_for, see_policy
from frisket.drivers.read import Caller
from frisket.errors import FrisketError, LinkError
from frisket.fleet.network import Network, around
from frisket.fleet.planning import Remembered
from frisket.model.finding import Incomplete
from frisket.model.target import Identity, Target
from frisket.net.budget import Budget
from frisket.net.dial import SocketDialer
from frisket.probe.base import Visit
from frisket.probe.engine import find_probes
from frisket.probe.visit import identify


@dataclass(frozen=True, slots=True)
class Policies:
    """How the policies of devices are read: over which network, with which logins."""

    content: Content
    network: Network
    credentials: Credentials
    pins: Remembered
    accepted: tuple[str, ...] = field(default=())

    async def see(self, target: Target) -> PolicySeen | Incomplete:
        """Read a device's policy; `Incomplete` says why it was not read."""
        try:
            caller, seen = await self._caller(target)
            found = await see_policy(caller, seen, self.content)
            self.pins.remember(target.address, found.pin)
        except FrisketError as fault:
            return Incomplete(str(target), why_not(fault, target))
        return found

    async def plan(self, sheet: Sheet, target: Target) -> DevicePlan | Incomplete:
        """Plan a policy for a device. What cannot be done there becomes a plan that says so."""
        try:
            caller, seen = await self._caller(target)
            found = await plan_for(caller, seen, sheet, self.content, self.accepted)
            self.pins.remember(target.address, found.pin)
        except (IdentityChanged, LoginRefused) as fault:
            return Incomplete(str(target), why_not(fault, target))
        except LinkError as fault:
            return Incomplete(str(target), why_not(fault, target), skipped=not target.named)
        except FrisketError as fault:
            if not target.named:
                return Incomplete(str(target), str(fault), skipped=True)
            return unreached(target, why_not(fault, target))
        return found

    async def _caller(self, target: Target) -> tuple[Caller, Identity]:
        """Meet a device before a password is sent to it. Raises `FrisketError`."""
        login = self.credentials.for_device(target.address, target.name)
        if login is None or login.web is None:
            raise FrisketError("no login for its Remote UI is given")
        seen = await self.meet(target)
        dialer, known = self.network.dialer(target), self.pins.known(target.address)
        return Caller(dialer, login, around(), known, Pin(serial=seen.serial)), seen

    async def meet(self, target: Target) -> Identity:
        """Ask the network who is there, before a password is sent. Raises `FrisketError`."""
        dialer = SocketDialer(target, Budget(self.network.limits(target)))
        visit = Visit(dialer, self.network.now, self.network.options)
        try:
            found = await identify(visit, find_probes())
        finally:
            await visit.close()
        if isinstance(found, Incomplete):
            raise FrisketError(found.why)
        return found.identity


def why_not(fault: FrisketError, target: Target) -> str:
    """Say in words why a device was not met."""
    if isinstance(fault, IdentityChanged):
        return f"{fault} (--new-identity {target.address} where it was replaced on purpose)"
    if isinstance(fault, LoginRefused):
        return f"the credential is refused: {fault}"
    return f"{fault} ({fault.hint})" if fault.hint else str(fault)
