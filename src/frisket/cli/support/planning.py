"""Plans for the devices that a user names, with progress."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager
from functools import partial

from frisket.audit.session import Session
from frisket.cli.support.logins import Logging, open_credentials, open_pins
from frisket.cli.support.options import Visiting
from frisket.cli.support.progress import Tick, progress
from frisket.cli.support.session import now
from frisket.cli.support.shown import in_order
from frisket.cli.support.targets import resolve_targets
from frisket.drivers.credential import Credentials
from frisket.drivers.plan import DevicePlan, Plan
from frisket.drivers.plan_file import content_version
from frisket.drivers.read import witness
from frisket.fleet.network import Network, around
from frisket.fleet.planning import Planner, Remembered
from frisket.model.reading import Readings
from frisket.model.target import Target
from frisket.probe.survey import survey

Show = Callable[[int], AbstractContextManager[Tick]]


def network_of(visiting: Visiting) -> Network:
    """Return how devices are reached, as a user's options say."""
    return Network(visiting.options, visiting.pace)


async def plan_all(
    planner: Planner, words: tuple[str, ...], visiting: Visiting, show: Show
) -> Plan:
    """Plan every device that `words` name. Raises `UsageError`."""
    targets, lost = await resolve_targets(words, visiting.state_dir, visiting.inventory)
    devices: list[DevicePlan] = []
    missed = list(lost)
    with show(len(targets)) as tick:
        async for target, found in survey(targets, planner.plan, visiting.parallel):
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
    pins: Remembered,
) -> Plan:
    """Plan live devices, with progress. Raises `UsageError`."""
    planner = Planner(session, network_of(visiting), credentials, pins)
    show = partial(progress, "planning", quiet=visiting.quiet)
    return asyncio.run(plan_all(planner, words, visiting, show))


def device_witness(
    visiting: Visiting, logging: Logging
) -> Callable[[Target], Awaitable[Readings]] | None:
    """Return how devices are asked for their settings; None where no credential is given.

    Raises `UsageError` where the credentials cannot be read.
    """
    credentials = open_credentials(logging, visiting.inventory)
    if not (credentials.scoped or credentials.pjl):
        return None
    network, pins = network_of(visiting), open_pins(logging)

    async def ask(target: Target) -> Readings:
        login = credentials.if_sure(target.address, target.name)
        if login is None:
            return Readings()
        given = around(visiting.patience)
        return await witness(
            network.dialer(target, login), login, pins.known(target.address), given
        )

    return ask
