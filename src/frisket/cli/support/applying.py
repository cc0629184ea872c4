"""Carries out a plan: one job a device, in waves, on record, each proved by the network."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, replace

from frisket.catalog.load import load_catalog
from frisket.cli.support.logins import around
from frisket.cli.support.planning import Network
from frisket.cli.support.progress import Tick
from frisket.cli.support.session import now
from frisket.drivers.access.snmp_hand import open_hand
from frisket.drivers.access.web_hand import open_web_hand
from frisket.drivers.apply import Job, Mode, apply_device
from frisket.drivers.base import Hand, Pin
from frisket.drivers.credential import Credentials
from frisket.drivers.load import load_drivers
from frisket.drivers.plan import DevicePlan, Plan
from frisket.drivers.record import Outcome, Record, Result, Run
from frisket.drivers.undo import inverse
from frisket.drivers.waves import Waves, run_waves
from frisket.errors import FrisketError, UsageError
from frisket.model.reading import Readings

Show = Callable[[int], AbstractContextManager[Tick]]


def print_event(device: str, what: str, detail: str) -> None:
    """Print one event as a line of JSON."""
    row = {"at": now().isoformat(), "device": device, "event": what, "detail": detail}
    # Nobody listens any more: that is no reason to leave a device half-way.
    with suppress(BrokenPipeError):
        sys.stdout.write(json.dumps(row, ensure_ascii=False) + "\n")
        sys.stdout.flush()


def no_event(device: str, what: str, detail: str) -> None:
    """Say nothing."""


@dataclass(frozen=True, slots=True)
class Applier:
    """Everything a run needs."""

    plan: Plan
    record: Record
    network: Network
    credentials: Credentials
    mode: Mode
    event: Callable[[str, str, str], None]

    async def one(self, device: DevicePlan) -> Result:
        """Carry out one device's plan."""
        refused = self._refused(device)
        if refused is not None:
            self.record.result(refused)
            self.event(device.address, "outcome", refused.outcome)
            return refused

        async def hand() -> Hand:
            login = self.credentials.for_device(device.address, device.target.name)
            if login is None:
                raise FrisketError("no credential is given for it")
            return await open_hand(self.network.dialer(device.target), login, device.pin, around())

        async def door() -> Hand:
            login = self.credentials.for_device(device.address, device.target.name)
            if login is None:
                raise FrisketError("no credential is given for it")
            dialer = self.network.dialer(device.target)
            return await open_web_hand(dialer, login, device.pin, around(), Pin())

        async def look(keys: frozenset[str]) -> Readings:
            return await self.network.look(device.target, keys)

        def tell(what: str, detail: str) -> None:
            self.event(device.address, what, detail)

        return await apply_device(
            Job(device, hand, look, self.record, tell, self.mode, open_door=door)
        )

    def _refused(self, device: DevicePlan) -> Result | None:
        if not device.driver:
            return Result(device.address, Outcome.REFUSED, device.why)
        if refusals := self.plan.refusals(device):
            return Result(device.address, Outcome.REFUSED, "; ".join(refusals))
        return None

    def left_out(self, result: Result) -> None:
        """Record a device that the run did not reach."""
        self.record.result(result)
        self.event(result.address, "outcome", result.outcome)


async def run_plan(
    applier: Applier, devices: tuple[DevicePlan, ...], waves: Waves, show: Show
) -> list[Result]:
    """Carry out the plans of `devices`, with progress."""
    with show(len(devices)) as tick:

        async def one(device: DevicePlan) -> Result:
            result = await applier.one(device)
            tick()
            return result

        return await run_waves(devices, waves, one, applier.left_out)


_OPEN = frozenset({Outcome.UNKNOWN, Outcome.NOT_BEGUN, Outcome.UNREACHABLE, Outcome.DENIED})


def to_resume(run: Run) -> tuple[DevicePlan, ...]:
    """Return the devices of a run that have no outcome, or one that was only put off."""
    return tuple(
        device
        for device in run.plan.devices
        if (result := run.devices[device.address].result) is None or result.outcome in _OPEN
    )


def to_undo(run: Run) -> Plan:
    """Return the plan that takes a run back. Raises `UsageError` where it changed nothing."""
    drivers = {driver.name: driver for driver in load_drivers()}
    devices = tuple(
        inverse(device, tuple(progress.meant), drivers[device.driver], load_catalog())
        for device in run.plan.devices
        if (progress := run.devices[device.address]).meant and device.driver in drivers
    )
    if not devices:
        raise UsageError(f"run {run.id} has left nothing to undo")
    return replace(run.plan, devices=devices, missed=(), made=now())
