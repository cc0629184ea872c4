"""Finds the printers among many addresses: gently to each, many at a time."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable
from datetime import datetime

from frisket.model.finding import Incomplete
from frisket.model.target import Target
from frisket.net.budget import Limits
from frisket.probe.base import Options, Sighting
from frisket.probe.survey import survey
from frisket.probe.visit import visit_target


async def discover(
    targets: Iterable[Target],
    limits: Limits,
    options: Options,
    now: Callable[[], datetime],
    *,
    parallel: int = 40,
) -> AsyncIterator[tuple[Target, Sighting | Incomplete]]:
    """Yield each target with who it is, or why that is not known, in the order they finish.

    Only the identifying probes run. `Incomplete.skipped` marks addresses of a network at which
    nothing answers, and what is no printer.
    """

    async def look(target: Target) -> Sighting | Incomplete:
        return await visit_target(target, limits, options, now, identify_only=True)

    async for pair in survey(targets, look, parallel):
        yield pair
