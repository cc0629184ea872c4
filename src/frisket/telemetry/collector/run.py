"""The collector as a whole: polling, sending and listening for orders, side by side."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

from frisket.errors import LinkError, WireError
from frisket.jobs.alone import alone
from frisket.probe.survey import survey
from frisket.telemetry.collector.exchange import Exchange, GatewayRefused
from frisket.telemetry.collector.keeper import Keeper
from frisket.telemetry.collector.orders import (
    Orders,
    OrdersLine,
    keep_orders,
    kept_orders,
)
from frisket.telemetry.collector.site import Site
from frisket.telemetry.collector.spool import Spool
from frisket.telemetry.collector.uplink import Stalled
from frisket.telemetry.poll import Polled

BEAT: Final = 30.0  # seconds between two signs of life: so exact is a gap's beginning
_HOURLY: Final = 120  # beats
_TEN_MINUTES: Final = 20  # beats
_FAREWELL: Final = 5.0  # seconds to send what waits before going


def hold(folder: Path) -> AbstractContextManager[None]:
    """Hold the folder for one collector. Raises `UsageError` where another one runs."""
    return alone(folder, f"another collector works in {folder}", "stop it, or give another --data")


class Sender(Protocol):
    """What empties the spool: by HTTPS or by mail."""

    exchange: Exchange

    async def send_all(self) -> int:
        """Send what waits, once. Raises `GatewayRefused`, `LinkError`, `WireError`, `Stalled`."""

    async def run(self) -> None:
        """Send for ever."""


@dataclass(frozen=True, slots=True)
class Following:
    """Follows new orders, also after a restart without a line."""

    folder: Path
    site: Site

    async def __call__(self, orders: Orders) -> None:
        """Take them, and write them down."""
        self.site.take(orders)
        await asyncio.to_thread(keep_orders, self.folder, orders)


@dataclass(slots=True)
class Collector:
    """One site's collector. Without `orders` nobody can be asked at once: the mail route."""

    folder: Path
    keeper: Keeper
    site: Site
    uplink: Sender
    orders: OrdersLine | None = None
    beat: float = BEAT

    def begin(self, every: float) -> None:
        """Take up what an earlier run was told; without orders, poll `every` so many seconds."""
        self.site.recall(self.folder)
        orders = kept_orders(self.folder, every)
        if self.orders is not None:
            self.orders.after = orders.version
        self.site.take(orders)

    async def run(self) -> None:
        """Work until cancelled. Raises what no waiting can mend (`SlotsFault` …)."""
        try:
            works = [self.site.run(), self.uplink.run(), self._beats()]
            await together(*works, *([self.orders.run()] if self.orders else []))
        finally:
            self.site.remember(self.folder)
            await self.keeper.call(Spool.beat)
            with suppress(GatewayRefused, LinkError, WireError, Stalled, TimeoutError):
                async with asyncio.timeout(_FAREWELL):
                    await self.uplink.send_all()

    async def _beats(self) -> None:
        beats = 0
        while True:
            beats += 1
            await self.keeper.call(Spool.beat)
            if not beats % _HOURLY:
                await self.keeper.call(Spool.expire)
            self.site.alarms.keep(self.folder)
            if not beats % _TEN_MINUTES:
                self.site.remember(self.folder)
            await asyncio.sleep(self.beat)

    async def once(self, report: Callable[[Polled], None]) -> str:
        """Poll every device once and send what waits; return why it could not be sent, if so."""
        trouble = ""
        try:
            if self.orders is not None:
                await self.orders.once(wait=0)
        except (GatewayRefused, LinkError, WireError) as fault:
            trouble = str(fault)
        targets = list(self.site.targets.values())
        async for _, polled in survey(targets, self.site.poll, self.site.parallel):
            report(polled)
        self.site.remember(self.folder)
        try:
            await self.uplink.send_all()
        except (GatewayRefused, LinkError, WireError, Stalled) as fault:
            return str(fault)
        finally:
            await self.keeper.call(Spool.beat)
        return trouble


async def together(*works: Coroutine[Any, Any, None]) -> None:
    """Run works that never end until one fails; then all end, and its fault is raised."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in done:
        task.result()
