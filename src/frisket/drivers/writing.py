"""Writes to one open device, each with its intent on record, and reads back what became of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator
from functools import partial
from typing import Final, TypeVar

from frisket.drivers.access.snmp import IdentityChanged
from frisket.drivers.base import Hand, Settings
from frisket.drivers.job import Job, Lost, Surprise
from frisket.drivers.order import Phase
from frisket.errors import Busy, LinkError, WireError
from frisket.model.reading import Known, Value
from frisket.proto.snmp.errors import EngineChanged, SnmpError

T = TypeVar("T")
AT_ONCE: Final = 12  # values in one request: they must fit one datagram
# What an open device may answer instead of a value. Who it is has changed is another matter.
TROUBLE: Final = (LinkError, WireError, SnmpError)


def batches(keys: list[str], *, whole: bool = False) -> Iterator[tuple[str, ...]]:
    """Yield `keys` in groups that fit one request; `whole` are one change, and one group."""
    size = max(len(keys), 1) if whole else AT_ONCE
    for start in range(0, len(keys), size):
        yield tuple(keys[start : start + size])


class Writing:
    """An open device in the course of being changed, and what was sent to it so far."""

    def __init__(self, job: Job, hand: Hand) -> None:
        self.job = job
        self.hand = hand
        self.plan = job.plan
        self.sent: list[tuple[str, ...]] = []  # what may be on the device, in order
        self.suspect: set[str] = set()  # the device's word on these is not to be trusted
        self.cut = False  # our own way is being closed: nobody is waited for

    @property
    def reached(self) -> tuple[str, ...]:
        """The keys that opened our own way, if any."""
        first = self.plan.stages[0]
        return first.keys if first.phase is Phase.REACH else ()

    @property
    def flat(self) -> tuple[str, ...]:
        """The keys that may be on the device, in the order in which they were sent."""
        return tuple(dict.fromkeys(key for keys in self.sent for key in keys))

    def insists(self, key: str) -> bool:
        """Say whether the device's own word on a key counts for nothing."""
        return self.plan.step(key).insist

    async def read(self, keys: Iterable[str]) -> dict[str, Value]:
        """Return what the device says of `keys`. Raises what an access raises."""
        try:
            found = await self.hand.read(tuple(keys))
        except EngineChanged as fault:
            raise IdentityChanged(f"another device answers: {fault}") from fault
        return {key: r.value for key, r in found.items() if isinstance(r, Known)}

    async def read_again(self, keys: Iterable[str], why: str) -> dict[str, Value]:
        """Read after trouble: a device that restarts by itself is waited for. Raises `Lost`."""
        return await self._patiently(partial(self.read, tuple(keys)), why)

    async def _patiently(self, ask: Callable[[], Awaitable[T]], why: str) -> T:
        loop = asyncio.get_running_loop()
        end = loop.time() + (0.0 if self.cut else self.job.pace.back)
        wait = 0.25
        while True:
            try:
                return await ask()
            except EngineChanged as fault:
                raise IdentityChanged(f"another device answers: {fault}") from fault
            except TROUBLE as fault:
                if loop.time() + wait > end:
                    raise Lost(f"{why}; reading back failed: {fault}") from fault
                self.job.tell("waiting", str(fault))
            await asyncio.sleep(wait)
            wait = min(wait * 1.5, 5.0)

    async def write(self, keys: tuple[str, ...], values: Settings, *, last: bool) -> None:
        """Write values once and read them back, unless that closes the way (`last`).

        Raises `Surprise` where a value is not there, `SettingRefused`, `Lost`, `IdentityChanged`.
        """
        before = {key: self.plan.step(key).now for key in keys}
        address = self.plan.address
        await self.job.record.share(lambda record: record.intent(address, before, values))
        self.job.point("intent")
        self.sent.append(keys)
        self.cut = last
        try:
            await self.send(values)
        except TROUBLE as fault:
            # Sent, and no good answer: whether it arrived only the device knows.
            await self.check(keys, values, f"no answer to the write: {fault}")
        self.job.point("sent")
        if not last:
            await self.check(keys, values, "the device acknowledged it and did not keep it")
        await self.job.record.share(lambda record: record.written(address, keys))
        self.job.point("written")
        self.job.tell("written", ", ".join(keys))

    async def send(self, values: Settings) -> None:
        """Send, and where the device is busy, read and send what is not there yet.

        Raises what an access raises; `Busy` where the device stays so.
        """
        todo = dict(values)
        for pause in self.job.pace.busy:
            try:
                return await self._once(todo)
            except Busy as fault:
                self.job.tell("busy", str(fault))
                await asyncio.sleep(pause)
                found = await self.read_again(todo, str(fault))
            todo = {k: v for k, v in todo.items() if found.get(k) != v or self._doubted(k)}
            if not todo:
                return None
        return await self._once(todo)

    async def _once(self, values: Settings) -> None:
        try:
            await self.hand.write(values)
        except EngineChanged as fault:
            raise IdentityChanged(f"another device answers: {fault}") from fault

    def _doubted(self, key: str) -> bool:
        return key in self.suspect or self.insists(key)

    async def check(self, keys: tuple[str, ...], values: Settings, why: str) -> None:
        """Read back. Raises `Surprise` where a value is not there, `Lost` where nobody answers."""
        found = await self.read_again(keys, why)
        wrong = [k for k in keys if found.get(k) != values[k] and not self.insists(k)]
        if wrong:
            self.suspect |= set(wrong)
            raise Surprise(f"{', '.join(wrong)}: {why}")

    async def restart(self) -> None:
        """Restart the device where settings wait for it. Raises as `Hand.restart`."""
        try:
            # It may be restarting already, as an ended run has told it to.
            if await self._patiently(self.hand.pending, "it does not answer") <= 0:
                return
            await self.job.record.share(lambda record: record.restart(self.plan.address))
            self.job.point("restart")
            self.job.tell("restart", "")
            await self.hand.restart()
        except EngineChanged as fault:
            raise IdentityChanged(f"another device answers: {fault}") from fault
        self.job.point("restarted")
