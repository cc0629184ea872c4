"""Sending: batches in order, each until the gateway has said that it is on its disk."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

import msgspec

from frisket.errors import FrisketError, LinkError, WireError
from frisket.telemetry.collector.backoff import Backoff
from frisket.telemetry.collector.exchange import Exchange, GatewayRefused
from frisket.telemetry.collector.keeper import MOST, Keeper
from frisket.telemetry.collector.spool import Spool
from frisket.telemetry.envelope import Kind

INTERVAL: Final = 60.0  # seconds that what is not urgent may wait for company
_MOST_REFUSED: Final = 10


class Receipt(msgspec.Struct, frozen=True):
    """What the gateway answers to a batch."""

    acknowledged: int
    full: list[str] = []
    refused: dict[str, str] = {}


def read_receipt(body: bytes) -> Receipt:
    """Return a signed answer's content. Raises `WireError`."""
    try:
        return msgspec.json.decode(body, type=Receipt)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as fault:
        raise WireError(f"the gateway's receipt is none: {fault}") from fault


class Stalled(FrisketError):
    """The gateway took the batch and acknowledges none of it."""


@dataclass(slots=True)
class Uplink:
    """Empties the spool.

    `wanted` is told of which devices the gateway wants all anew, `anew` where records were damaged:
    what they said is told once more, by whichever devices they were of.
    """

    keeper: Keeper
    exchange: Exchange
    backoff: Backoff
    wanted: Callable[[Sequence[str]], None]
    say: Callable[[str], None]
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    interval: float = INTERVAL
    most: int = MOST
    urgent: asyncio.Event = field(default_factory=asyncio.Event)
    anew: Callable[[], None] = lambda: None
    _said: str = ""
    _damages: int = 0

    async def send_all(self) -> int:
        """Send until the spool is empty; return how many records were acknowledged.

        Raises `GatewayRefused`, `LinkError`, `WireError`, `Stalled`.
        """
        sent = 0
        while (gone := await self.send_one()) is not None:
            sent += gone
        return sent

    async def send_one(self) -> int | None:
        """Send one batch; return how many records were acknowledged, None where none waits."""
        if self.exchange.renewal_due:
            await self.exchange.renew()
        collector = self.exchange.identity.papers.collector
        batch = await self.keeper.batch(collector, self.most)
        if batch is None:
            return None
        if batch.damages > self._damages:
            self._damages = batch.damages
            self.anew()
        try:
            body = await self.exchange.ask("batches", Kind.BATCH, batch.octets)
        except GatewayRefused as fault:
            if fault.status == 413 and self.most > 1:
                self.most = max(1, self.most // 2)
            raise
        receipt = read_receipt(body)
        gone = await self.keeper.call(lambda spool: settle(spool, receipt))
        self.wanted(receipt.full)
        if not gone:
            raise Stalled(f"the gateway has taken records {batch.first} to {batch.last} on hold")
        self.most = min(MOST, self.most * 2)
        return gone

    async def run(self) -> None:
        """Send for ever: at once what is urgent, the rest every minute. Faults are told once."""
        while True:
            try:
                await self.send_all()
            except (GatewayRefused, LinkError, WireError, Stalled) as fault:
                self.tell(str(fault), fault.hint)
                least = fault.again if isinstance(fault, GatewayRefused) else 0.0
                await self.keeper.note(trouble=str(fault)[:300])
                await self.sleep(self.backoff.failed(least))
            else:
                self.backoff.worked()
                self.tell("")
                await self._pause()

    async def _pause(self) -> None:
        """Wait for company, or for something urgent."""
        timer = asyncio.ensure_future(self.sleep(self.interval))
        bell = asyncio.ensure_future(self.urgent.wait())
        try:
            await asyncio.wait({timer, bell}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            timer.cancel()
            bell.cancel()
        self.urgent.clear()

    def tell(self, said: str, hint: str = "") -> None:
        """Say what is wrong, once, and when it is over."""
        if said == self._said:
            return
        if said:
            self.say(f"{said}; {hint}" if hint else said)
        else:
            self.say("the gateway takes what is sent")
        self._said = said


def settle(spool: Spool, receipt: Receipt) -> int:
    """Remove what the gateway has on its disk; return how many records that were.

    Raises `Stalled` where it has more than there ever was here: nothing is removed then.
    """
    if receipt.acknowledged >= spool.next:
        raise Stalled(
            "the gateway has more of this spool than this collector has written",
            hint="the folder was put back from a backup: take a new --data folder and enrol anew",
        )
    before = spool.acknowledged
    some = list(receipt.refused.items())[:_MOST_REFUSED]
    refused = {device[:60]: why[:60] for device, why in some}
    spool.acknowledge(
        receipt.acknowledged, batch=None, trouble="", refused=refused, heard=spool.clock()
    )
    return spool.acknowledged - before
