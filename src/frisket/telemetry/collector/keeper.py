"""The spool for many tasks at once: what comes together is written together, in a thread."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, TypeVar

from frisket.errors import FrisketError
from frisket.telemetry.batch import pack
from frisket.telemetry.collector.spool import Maker, Spool

T = TypeVar("T")

MOST: Final = 300  # records of a batch


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch on its way: the numbers of its first and last record, and its octets."""

    first: int
    last: int
    octets: bytes
    damages: int = 0  # records found damaged so far


_Waiting = list[tuple[Sequence[Maker], "asyncio.Future[None]"]]


class Keeper:
    """One spool, used by one thread of its own: the disk may be slow."""

    def __init__(self, spool: Spool) -> None:
        self._spool = spool
        self._thread = ThreadPoolExecutor(1, "spool")
        self._waiting: _Waiting = []
        self._writing: asyncio.Task[None] | None = None

    async def call(self, work: Callable[[Spool], T]) -> T:
        """Return what `work` does with the spool."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, work, self._spool)

    async def keep(self, makers: Sequence[Maker]) -> None:
        """Return once the records are on disk; what comes together waits for the disk once.

        Raises `SpoolFull`, `SlotsFault`.
        """
        done = asyncio.get_running_loop().create_future()
        self._waiting.append((makers, done))
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write())
        await done

    async def _write(self) -> None:
        while self._waiting:
            together, self._waiting = self._waiting, []
            makers = [maker for some, _ in together for maker in some]
            fault: FrisketError | None = None
            try:
                await self.call(partial(_append, makers=makers))
            except FrisketError as met:
                fault = met
            for _, done in together:
                if done.done():
                    continue  # who waited has left; the record is kept all the same
                if fault is None:
                    done.set_result(None)
                else:
                    done.set_exception(fault)

    async def close(self) -> None:
        """Wait for what is being written, then close the spool."""
        if self._writing is not None:
            await self._writing
        await self.call(Spool.close)
        self._thread.shutdown()

    async def note(self, **values: Any) -> None:
        """Keep small values beside the records."""
        await self.call(lambda spool: spool.note(**values))

    async def batch(self, collector: str, most: int = MOST) -> Batch | None:
        """Return what is to be sent next, None where nothing is.

        The same records go together until they are acknowledged, also after a crash.
        """
        return await self.call(lambda spool: next_batch(spool, collector, spool.acknowledged, most))


def _append(spool: Spool, makers: Sequence[Maker]) -> None:
    spool.append(makers)


def next_batch(spool: Spool, collector: str, after: int, most: int) -> Batch | None:
    """Return the batch of the records above the number `after`; it is noted as on its way."""
    match spool.notes.get("batch"):
        case [int(first), int(last)] if first == after + 1 and last - first < most:
            found = spool.read(after, last - after)
        case _:
            found = spool.read(after, most)
    if not found:
        return None
    first, last = found[0].number, found[-1].number
    spool.note(batch=[first, last])
    frames = [one.body for one in found]
    octets = pack(collector, spool.name, first, frames, oldest=spool.first)
    return Batch(first, last, octets, spool.damages)
