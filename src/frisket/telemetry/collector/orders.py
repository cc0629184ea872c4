"""What the gateway asks a site's collector to do: which devices, how often, when not."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import time
from pathlib import Path
from typing import Annotated, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from msgspec import Meta

from frisket.errors import LinkError, WireError
from frisket.telemetry.collector import disk
from frisket.telemetry.collector.backoff import Backoff
from frisket.telemetry.collector.exchange import Exchange, GatewayRefused
from frisket.telemetry.collector.witness import LogWitness
from frisket.telemetry.envelope import Kind
from frisket.telemetry.wake import Quiet
from frisket.telemetry.witness import Memory, Offer

WAIT: Final = 30  # seconds that the gateway may think before it says that nothing is new
MOST_ADDRESSES: Final = 65_536
_FILE: Final = "orders.json"

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Place = Annotated[str, Meta(min_length=1, max_length=255)]


class Orders(msgspec.Struct, frozen=True):
    """What to do. `every` is seconds, `quiet` two times of day in `zone`.

    `log` is a head of the console's audit log to be witnessed; it is no part of the version.
    """

    version: Annotated[int, Meta(ge=0)] = 0
    devices: Annotated[list[Place], Meta(max_length=20_000)] = []
    networks: Annotated[list[Place], Meta(max_length=1000)] = []
    every: Annotated[float, Meta(ge=1, le=86_400)] = 300.0
    quiet: Annotated[list[Place], Meta(max_length=2)] = []
    zone: Annotated[str, Meta(max_length=60)] = "UTC"
    log: Offer | None = None


class Wish(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is asked for: orders newer than `after`, within `wait` seconds."""

    after: int
    wait: float
    log: Memory | None = None


def read_orders(body: bytes) -> Orders:
    """Return orders. Raises `WireError`."""
    try:
        return msgspec.json.decode(body, type=Orders)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as fault:
        raise WireError(f"the gateway's orders are none: {fault}") from fault


def kept_orders(folder: Path, every: float) -> Orders:
    """Return the orders that an earlier run was given.

    Where there are none, devices are polled `every` so many seconds.
    """
    try:
        return read_orders((folder / _FILE).read_bytes())
    except (OSError, WireError):
        return Orders(every=every)


def keep_orders(folder: Path, orders: Orders) -> None:
    """Write orders down for a start without a line; a full disk costs no more than that."""
    with suppress(OSError):
        kept = msgspec.structs.replace(orders, log=None)
        disk.replace(folder / _FILE, msgspec.json.encode(kept))


def quiet_of(orders: Orders) -> Quiet | None:
    """Return the site's quiet hours; none where they are not told or not understood."""
    if len(orders.quiet) != 2:
        return None
    try:
        begins, ends = (time.fromisoformat(word) for word in orders.quiet)
        return Quiet(begins, ends, ZoneInfo(orders.zone))
    except (ValueError, ZoneInfoNotFoundError, OSError):
        return None


@dataclass(frozen=True, slots=True)
class Scope:
    """The networks that people at the site have written down; nothing outside is ever visited.

    Empty: whatever the gateway names.
    """

    networks: tuple[Network, ...] = ()

    def holds(self, address: str) -> bool:
        """Say whether an address may be visited."""
        try:
            found = ipaddress.ip_address(address)
        except ValueError:
            return False
        return not self.networks or any(found in network for network in self.networks)


def addresses(networks: Iterable[str], scope: Scope) -> tuple[list[str], list[str]]:
    """Return the addresses of networks that the scope holds, and the words that were left out.

    At most 65,536 addresses; what is beyond is left out too.
    """
    found: dict[str, None] = {}
    left: list[str] = []
    for word in networks:
        try:
            network = ipaddress.ip_network(word, strict=False)
        except ValueError:
            left.append(word)
            continue
        if len(found) + network.num_addresses > MOST_ADDRESSES:
            left.append(word)
            continue
        hosts = [str(host) for host in network.hosts()] or [str(network.network_address)]
        allowed = [host for host in hosts if scope.holds(host)]
        found.update(dict.fromkeys(allowed))
        if len(allowed) < len(hosts):
            left.append(word)
    return list(found), left


@dataclass(slots=True)
class OrdersLine:
    """Hears of new orders as soon as there are any, by asking and waiting for the answer.

    With a `witness` it also hears of new heads of the console's audit log.
    """

    exchange: Exchange
    backoff: Backoff
    take: Callable[[Orders], Awaitable[None]]
    after: int = 0
    heard: bool = False
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    witness: LogWitness | None = None

    async def once(self, wait: int = WAIT) -> Orders:
        """Return the orders in force, which may be those known. Raises as `Exchange.ask`."""
        got = await self._ask(wait)
        if got.log is None or self.witness is None:
            return got
        # Who showed a head is told at once what became of it; a newer one can wait.
        news = await asyncio.to_thread(self.witness.take, got.log)
        return await self._ask(0) if news else got

    async def _ask(self, wait: int) -> Orders:
        said = self.witness.memory() if self.witness is not None else None
        body = msgspec.json.encode(Wish(self.after, wait, said))
        got = read_orders(await self.exchange.ask("orders", Kind.ORDERS, body, wait + 30.0))
        if got.version != self.after or not self.heard:
            await self.take(got)
            self.after, self.heard = got.version, True
        return got

    async def run(self) -> None:
        """Ask for ever. What stands in the way is told by the uplink, which meets it too."""
        while True:
            before = asyncio.get_running_loop().time()
            try:
                await self.once()
            except (GatewayRefused, LinkError, WireError) as fault:
                least = fault.again if isinstance(fault, GatewayRefused) else 0.0
                await self.sleep(self.backoff.failed(least))
            else:
                self.backoff.worked()
                if asyncio.get_running_loop().time() - before < 1:
                    await self.sleep(1.0)  # a gateway that does not wait is not hammered
