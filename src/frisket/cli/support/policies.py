"""Reads and plans security policies of the devices that a user names, with progress."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeVar

from frisket.audit.sheet import Sheet
from frisket.cli.support.options import Visiting
from frisket.cli.support.progress import progress
from frisket.cli.support.session import now
from frisket.cli.support.shown import in_order
from frisket.cli.support.targets import resolve_targets
from frisket.drivers.plan import Plan
from frisket.drivers.plan_file import content_version
from frisket.fleet.policies import Policies
from frisket.model.finding import Incomplete
from frisket.model.target import Target
from frisket.probe.survey import survey

T = TypeVar("T")


def each(
    visiting: Visiting,
    words: tuple[str, ...],
    what: str,
    visit: Callable[[Target], Awaitable[T | Incomplete]],
) -> tuple[list[tuple[Target, T]], list[Incomplete]]:
    """Visit every device that `words` name, with progress. Raises `UsageError`."""
    return asyncio.run(_each(visiting, words, what, visit))


async def _each(
    visiting: Visiting,
    words: tuple[str, ...],
    what: str,
    visit: Callable[[Target], Awaitable[T | Incomplete]],
) -> tuple[list[tuple[Target, T]], list[Incomplete]]:
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


def plan_policies(
    policies: Policies, sheet: Sheet, words: tuple[str, ...], visiting: Visiting
) -> Plan:
    """Plan one policy for many devices, with progress. Raises `UsageError`."""
    found, missed = each(visiting, words, "planning", partial(policies.plan, sheet))
    devices = tuple(device for _, device in found)
    return Plan("security-policy", content_version(), now(), devices, tuple(missed))
