"""Runs probes against one target within one budget. A fault in one spares the others."""

from __future__ import annotations

import asyncio
import importlib
import pkgutil
import traceback
from collections.abc import Iterable, Sequence
from functools import cache

import frisket.probe
from frisket.errors import FrisketError
from frisket.model.reading import Readings, Unread, Why
from frisket.probe.base import Probe, Sighting, Visit, unread


@cache
def find_probes() -> tuple[Probe, ...]:
    """Return every probe of this package, in name order: a module with a `PROBE` is one."""
    modules = (
        importlib.import_module(f"frisket.probe.{info.name}")
        for info in pkgutil.iter_modules(frisket.probe.__path__)
    )
    probes = [module.PROBE for module in modules if hasattr(module, "PROBE")]
    return tuple(sorted(probes, key=lambda probe: probe.name))


async def _run(probe: Probe, visit: Visit) -> Sighting:
    try:
        async with asyncio.timeout(max(visit.dialer.budget.remaining, 0.01)):
            seen = await probe.run(visit)
    except TimeoutError:
        reason = Unread(Why.BUDGET, probe.name, "the time for the visit ran out")
        return _nothing(probe, reason)
    except FrisketError as fault:
        return _nothing(probe, unread(fault, probe.name))
    except Exception as fault:  # noqa: BLE001 - the engine's one broad catch: our own bug, named
        line = traceback.extract_tb(fault.__traceback__)[-1]
        where = f"{type(fault).__name__} at {line.name}:{line.lineno}: {fault}"
        return _nothing(probe, Unread(Why.BUG, probe.name, where[:300]))
    missing = probe.reads - set(seen.readings)
    if not missing:
        return seen
    reason = Unread(Why.NOT_ASKED, probe.name, "the answers did not speak of it")
    return seen | Sighting(Readings.single(dict.fromkeys(sorted(missing), reason)))


def _nothing(probe: Probe, reason: Unread) -> Sighting:
    return Sighting(Readings.single(dict.fromkeys(sorted(probe.reads), reason)))


async def run_probes(visit: Visit, probes: Iterable[Probe]) -> Sighting:
    """Run probes side by side; the visit's budget keeps them gentle. Never raises FrisketError."""
    seen: Sequence[Sighting] = await asyncio.gather(*(_run(probe, visit) for probe in probes))
    joined = Sighting()
    for sighting in seen:
        joined = joined | sighting
    return joined
