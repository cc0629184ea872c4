"""One visit's limits: connections, packets a second, bytes and time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass

from frisket.errors import BudgetSpent


@dataclass(frozen=True, slots=True)
class Limits:
    """What one visit to one device may cost. A rate of 0 lifts the pacing (virtual devices)."""

    connections: int = 2
    packets_per_second: float = 10.0
    packets: int = 1000
    bytes_received: int = 2 << 20
    seconds: float = 90.0


class Budget:
    """Spends `Limits` during one visit; every send and every received byte passes here."""

    __slots__ = ("_clock", "_connections", "_next", "_started", "limits", "packets", "received")

    def __init__(
        self, limits: Limits | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.limits = limits or Limits()
        self.packets = 0
        self.received = 0
        self._clock = clock
        self._connections = asyncio.Semaphore(self.limits.connections)
        self._started = clock()
        self._next = 0.0

    @property
    def remaining(self) -> float:
        """Return the seconds left of the visit."""
        return self.limits.seconds - (self._clock() - self._started)

    async def packet(self) -> None:
        """Wait for the pace, then count one send. Raises `BudgetSpent`."""
        if self.packets >= self.limits.packets:
            raise BudgetSpent(f"the visit may send {self.limits.packets} packets and has")
        if self.remaining <= 0:
            raise BudgetSpent(f"the visit may take {self.limits.seconds:.0f} s and has")
        self.packets += 1
        rate = self.limits.packets_per_second
        if rate:
            now = self._clock()
            self._next = max(now, self._next) + 1 / rate
            if (wait := self._next - 1 / rate - now) > 0:
                await asyncio.sleep(wait)

    def take(self, received: int) -> None:
        """Count received bytes. Raises `BudgetSpent` past the limit."""
        self.received += received
        if self.received > self.limits.bytes_received:
            raise BudgetSpent(f"the device sent more than {self.limits.bytes_received} bytes")

    def cap(self, seconds: float) -> float:
        """Return a timeout that does not outlast the visit. Raises `BudgetSpent` at its end."""
        remaining = self.remaining
        if remaining <= 0:
            raise BudgetSpent(f"the visit may take {self.limits.seconds:.0f} s and has")
        return min(seconds, remaining)

    async def connect(self) -> None:
        """Wait for one of the visit's connections and count its first packet."""
        await self._connections.acquire()
        try:
            await self.packet()
        except BaseException:
            self._connections.release()
            raise

    def disconnect(self) -> None:
        """Give a connection back."""
        self._connections.release()
