"""Reads and plans security policies of live devices, device after device."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from frisket.audit.load import Content
from frisket.audit.sheet import Sheet
from frisket.cli.support.logins import around
from frisket.cli.support.planning import Network
from frisket.cli.support.progress import progress
from frisket.cli.support.session import now
from frisket.cli.support.shown import in_order
from frisket.cli.support.targets import resolve_targets
from frisket.drivers.access.snmp import IdentityChanged
from frisket.drivers.access.web import LoginRefused
from frisket.drivers.base import Pin
from frisket.drivers.credential import Credentials
from frisket.drivers.pins import Pins
from frisket.drivers.plan import DevicePlan, Plan
from frisket.drivers.plan_file import content_version
from frisket.drivers.policy import unreached
from frisket.drivers.policy_visit import PolicySeen, plan_for, see_policy
from frisket.drivers.read import Caller
from frisket.errors import FrisketError, LinkError
from frisket.model.finding import Incomplete
from frisket.model.target import Identity, Target
from frisket.net.budget import Budget
from frisket.net.dial import SocketDialer
from frisket.probe.base import Visit
from frisket.probe.engine import find_probes
from frisket.probe.survey import survey
from frisket.probe.visit import identify

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Policies:
    """How the policies of devices are read: over which network, with which logins."""

    content: Content
    network: Network
    credentials: Credentials
    pins: Pins
    accepted: tuple[str, ...] = field(default=())

    async def see(self, target: Target) -> PolicySeen | Incomplete:
        """Read a device's policy; `Incomplete` says why it was not read."""
        try:
            caller, seen = await self._caller(target)
            found = await see_policy(caller, seen, self.content)
            self.pins.remember(target.address, found.pin)
        except FrisketError as fault:
            return Incomplete(str(target), _why(fault, target))
        return found

    async def plan(self, sheet: Sheet, target: Target) -> DevicePlan | Incomplete:
        """Plan a policy for a device. What cannot be done there becomes a plan that says so."""
        try:
            caller, seen = await self._caller(target)
            found = await plan_for(caller, seen, sheet, self.content, self.accepted)
            self.pins.remember(target.address, found.pin)
        except (IdentityChanged, LoginRefused) as fault:
            return Incomplete(str(target), _why(fault, target))
        except LinkError as fault:
            return Incomplete(str(target), _why(fault, target), skipped=not target.named)
        except FrisketError as fault:
            if not target.named:
                return Incomplete(str(target), str(fault), skipped=True)
            return unreached(target, _why(fault, target))
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
        visit = Visit(dialer, now, self.network.visiting.options)
        try:
            found = await identify(visit, find_probes())
        finally:
            await visit.close()
        if isinstance(found, Incomplete):
            raise FrisketError(found.why)
        return found.identity


def _why(fault: FrisketError, target: Target) -> str:
    if isinstance(fault, IdentityChanged):
        return f"{fault} (--new-identity {target.address} where it was replaced on purpose)"
    if isinstance(fault, LoginRefused):
        return f"the credential is refused: {fault}"
    return f"{fault} ({fault.hint})" if fault.hint else str(fault)


def each(
    policies: Policies,
    words: tuple[str, ...],
    what: str,
    visit: Callable[[Target], Awaitable[T | Incomplete]],
) -> tuple[list[tuple[Target, T]], list[Incomplete]]:
    """Visit every device that `words` name, with progress. Raises `UsageError`."""
    return asyncio.run(_each(policies, words, what, visit))


async def _each(
    policies: Policies,
    words: tuple[str, ...],
    what: str,
    visit: Callable[[Target], Awaitable[T | Incomplete]],
) -> tuple[list[tuple[Target, T]], list[Incomplete]]:
    visiting = policies.network.visiting
    targets, missed = await resolve_targets(words, visiting.state_dir, visiting.inventory)
    found: list[tuple[Target, T]] = []
    with progress(what, len(targets), quiet=visiting.quiet) as tick:
        async for target, one in survey(targets, visit, visiting.parallel):
            if not isinstance(one, Incomplete):
                found.append((target, one))
            elif target.named or not one.skipped:
                missed.append(one)
            tick()
    found.sort(key=lambda pair: in_order(pair[0].address))
    missed.sort(key=lambda incomplete: in_order(incomplete.target))
    return found, missed


def plan_policies(policies: Policies, sheet: Sheet, words: tuple[str, ...]) -> Plan:
    """Plan one policy for many devices, with progress. Raises `UsageError`."""
    found, missed = each(policies, words, "planning", partial(policies.plan, sheet))
    devices = tuple(device for _, device in found)
    return Plan("security-policy", content_version(), now(), devices, tuple(missed))
