"""Many devices: a canary first, then batches; stopped when too many fail."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

from frisket.drivers.plan import DevicePlan
from frisket.drivers.record import Outcome, Result
from frisket.ledger import LedgerFault


@dataclass(frozen=True, slots=True)
class Waves:
    """How a run spreads: `canary` devices first, then `batch` at a time (0: all the rest).

    A canary that fails stops the run; so do `max_failures` failures (0: never).
    """

    canary: int = 1
    batch: int = 0
    max_failures: int = 3
    parallel: int = 20

    def split(self, count: int) -> Iterator[range]:
        """Yield which devices make each wave."""
        start = min(self.canary, count) if count > 1 else 0
        if start:
            yield range(start)
        size = self.batch or max(count, 1)
        while start < count:
            yield range(start, min(start + size, count))
            start += size

    def stops(self, results: Sequence[Result], *, canary: bool) -> bool:
        """Say whether the run ends here."""
        failed = sum(result.outcome.failed for result in results)
        return bool(failed) and (canary or 0 < self.max_failures <= failed)


async def _recorded(one: Callable[[DevicePlan], Awaitable[Result]], device: DevicePlan) -> Result:
    """Run one device; without a record nothing more is written, to it or to any other."""
    try:
        return await one(device)
    except LedgerFault as fault:
        return Result(device.address, Outcome.UNRECORDED, str(fault))


async def run_waves(
    devices: Sequence[DevicePlan],
    waves: Waves,
    one: Callable[[DevicePlan], Awaitable[Result]],
    left_out: Callable[[Result], None],
) -> list[Result]:
    """Run every device through `one`, wave by wave; tell `left_out` of those never begun."""
    results: list[Result] = []
    gate = asyncio.Semaphore(waves.parallel)
    stopped = asyncio.Event()

    async def guarded(device: DevicePlan) -> None:
        async with gate:
            if stopped.is_set():
                result = Result(device.address, Outcome.NOT_BEGUN, "the run stopped before it")
                # Where there is no room for the record either, the missing outcome says the same.
                with suppress(LedgerFault):
                    left_out(result)
            else:
                result = await _recorded(one, device)
                if result.outcome is Outcome.UNRECORDED:
                    stopped.set()
            results.append(result)
            if waves.stops(results, canary=False):
                stopped.set()

    for number, wave in enumerate(waves.split(len(devices))):
        async with asyncio.TaskGroup() as group:
            for index in wave:
                group.create_task(guarded(devices[index]))
        if waves.stops(results, canary=number == 0 and waves.canary > 0):
            stopped.set()
    return results
