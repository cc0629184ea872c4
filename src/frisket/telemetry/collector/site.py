"""Polling a site: who is due is visited, and what is new goes into the spool."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from frisket.errors import WireError
from frisket.model.target import Target
from frisket.telemetry.acquaintance import Acquaintance, revived
from frisket.telemetry.collector import disk
from frisket.telemetry.collector.alarms import Alarms
from frisket.telemetry.collector.change import Changes, News
from frisket.telemetry.collector.keeper import Keeper
from frisket.telemetry.collector.moments import Moments
from frisket.telemetry.collector.orders import Orders, Scope, addresses, quiet_of
from frisket.telemetry.collector.records import device_key, maker
from frisket.telemetry.collector.schedule import Schedule
from frisket.telemetry.collector.spool import SpoolFull
from frisket.telemetry.collector.visit import Visit
from frisket.telemetry.poll import Polled
from frisket.telemetry.wake import Quiet

_MET: Final = "acquaintances.json"
_IDLE: Final = 3600.0  # seconds to wait where there is no device


@dataclass(slots=True)
class Site:
    """The devices of one site. `local` are those that people here named.

    `parallel` bounds how many are visited at once, `gap` the seconds between two beginnings.
    """

    keeper: Keeper
    changes: Changes
    schedule: Schedule
    visit: Visit
    moments: Moments
    scope: Scope
    say: Callable[[str], None]
    local: tuple[Target, ...] = ()
    parallel: int = 50
    gap: float = 0.02
    quiet: Quiet | None = None
    ring: Callable[[], None] = lambda: None
    targets: dict[str, Target] = field(default_factory=dict)
    met: dict[str, Acquaintance] = field(default_factory=dict)
    owners: dict[str, str] = field(default_factory=dict)  # device -> the address it is at
    names: dict[str, str] = field(default_factory=dict)  # address -> the device last met there
    alarms: Alarms = field(default_factory=Alarms)
    _fresh: asyncio.Event = field(default_factory=asyncio.Event)
    _full: bool = False

    def now(self) -> float:
        """Return running seconds."""
        return self.moments.running() / 1000

    def take(self, orders: Orders) -> None:
        """Follow orders: what lies outside the scope is left out, and said."""
        inside = [target for target in self.local if self.scope.holds(target.address)]
        targets = {target.address: target for target in inside}
        swept, left = addresses(orders.networks, self.scope)
        for address in orders.devices:
            if self.scope.holds(address):
                targets.setdefault(address, Target(address))
            else:
                left.append(address)
        for address in swept:
            targets.setdefault(address, Target(address, named=False))
        if left:
            self.say(f"not polled, as outside of this site's scope: {', '.join(left[:10])}")
        self.targets, self.quiet = targets, quiet_of(orders)
        for known in (self.met, self.names):
            for address in [each for each in known if each not in targets]:
                del known[address]
        now = self.now()
        self.schedule.set_every(orders.every, now)
        named = [address for address, target in targets.items() if target.named]
        self.schedule.replace(named, targets, now)
        self._fresh.set()

    async def run(self) -> None:
        """Poll for ever."""
        running: set[asyncio.Task[None]] = set()
        try:
            while True:
                for address in self.schedule.take(self.now(), self.parallel - len(running)):
                    running.add(asyncio.create_task(self._one(address)))
                    await asyncio.sleep(self.gap)
                await self._wait(running)
                done = {task for task in running if task.done()}
                running -= done
                for task in done:
                    task.result()
        finally:
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)

    async def _wait(self, running: Iterable[asyncio.Task[None]]) -> None:
        """Wait until a visit ends, the next one is due, or there are new orders."""
        when = self.schedule.next()
        wait = _IDLE if when is None else max(0.0, when - self.now())
        busy = set(running)
        if len(busy) >= self.parallel:
            await asyncio.wait(busy, return_when=asyncio.FIRST_COMPLETED)
            return
        fresh = asyncio.ensure_future(self._fresh.wait())
        try:
            await asyncio.wait({fresh, *busy}, timeout=wait, return_when=asyncio.FIRST_COMPLETED)
        finally:
            fresh.cancel()
        self._fresh.clear()

    async def _one(self, address: str) -> None:
        target = self.targets.get(address)
        if target is None:
            return
        polled = await self.poll(target)
        self.schedule.done(address, self.now(), answered=bool(polled.sample) or polled.rests)

    async def poll(self, target: Target) -> Polled:
        """Visit a device and keep what is new of it."""
        met = self.met.get(target.address, Acquaintance())
        polled = await self.visit(target, met, self.quiet)
        if polled.acquaintance.met or target.named:
            self.met[target.address] = polled.acquaintance
        if polled.sample:
            await self.keep(target.address, polled)
        await self._alarm(target.address, polled)
        return replace(polled, acquaintance=Acquaintance())

    async def keep(self, address: str, polled: Polled) -> None:
        """Put what is new into the spool; what finds no room is told with the next news."""
        device = self._device(address, polled)
        before = self.names.get(address, device)
        self.names[address] = device
        if before != device and self.owners.get(before) == address:
            self._forget(before)
        now = self.now()
        news = self.changes.news(device, address, polled.sample, now)
        if news is not None and await self._spool(address, [news]):
            self.changes.kept(news, address, polled.sample, now)

    async def _alarm(self, address: str, polled: Polled) -> None:
        """Tell what has begun or ended at a device that has been met."""
        device = self.names.get(address)
        if device is not None and (news := self.alarms.take(device, polled, self.quiet)):
            await self._spool(address, news)

    async def _spool(self, address: str, news: Sequence[News]) -> bool:
        """Put records into the spool; say whether they are there."""
        try:
            await self.keeper.keep([maker(one) for one in news])
        except SpoolFull as fault:
            if not self._full:
                self.say(f"{fault}; it is marked as a gap once there is room")
            self._full = True
            return False
        except WireError as fault:
            self.say(f"{address}: {fault}")
            return False
        self._full = False
        if any(one.urgent for one in news):
            self.ring()
        return True

    def _forget(self, device: str) -> None:
        """Forget a device that has left its address: one that changes its serial costs no more."""
        del self.owners[device]
        self.alarms.states.pop(device, None)
        self.changes.forget([device])

    def _device(self, address: str, polled: Polled) -> str:
        """Return the device's key; where another address has it already, a key of its own.

        Two devices with one serial number would otherwise change into each other at every poll.
        """
        who = polled.sample.identity
        device = device_key(who.serial, who.mac, polled.engine, address)
        owner = self.owners.setdefault(device, address)
        if owner == address:
            return device
        if owner not in self.targets or not self._answers(owner):
            self.owners[device] = address
            return device
        return device_key("", who.mac, polled.engine, address)

    def _answers(self, address: str) -> bool:
        met = self.met.get(address)
        return met is not None and met.met is not None and not met.silences

    # What is known of the devices, over a restart ------------------------------------------------

    def remember(self, folder: Path) -> None:
        """Write down what polls have taught: a device that was woken this night is let sleep."""
        self.alarms.keep(folder)
        known = {address: met.durable() for address, met in self.met.items() if met.met}
        try:
            disk.replace(folder / _MET, json.dumps(known, separators=(",", ":")).encode())
        except OSError:
            return  # learned again by polling

    def recall(self, folder: Path) -> None:
        """Take up what an earlier run has learned."""
        self.alarms.recall(folder)
        try:
            known = json.loads((folder / _MET).read_bytes())
        except (OSError, ValueError, RecursionError):
            return
        if isinstance(known, dict):
            self.met = {a: revived(m) for a, m in known.items() if isinstance(m, dict)}
