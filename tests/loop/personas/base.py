"""What a hostile device is: how it is furnished, and what may be said of it all the same."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.loop.bench import ADDRESS, Bench

from frisket.model.reading import Value

TRAP = "127.0.0.3"

Furnish = Callable[["Device"], Awaitable[None]]
Datagrams = Callable[[bytes], Iterable[bytes]]


@dataclass
class Trap:
    """Somebody else's host: whoever connects, or sends a datagram, has been lured away."""

    port: int = 0
    visitors: int = 0

    @property
    def url(self) -> str:
        """Return an address that must never be fetched."""
        return f"http://{TRAP}:{self.port}/trap"


class _Ear(asyncio.DatagramProtocol):
    """Answers datagrams, perhaps with many, perhaps late."""

    def __init__(self, answer: Datagrams, delay: float) -> None:
        self.answer = answer
        self.delay = delay

    def connection_made(self, transport: Any) -> None:
        # Not typed: asyncio's own transport is no DatagramTransport by name before Python 3.12.
        self.transport = transport

    def datagram_received(self, data: bytes, peer: tuple[str, int]) -> None:
        for each in self.answer(data):
            asyncio.get_running_loop().call_later(self.delay, self._send, each, peer)

    def _send(self, data: bytes, peer: tuple[str, int]) -> None:
        if not self.transport.is_closing():
            self.transport.sendto(data, peer)


@dataclass
class Device:
    """A hostile device: a bench, a trap it may point to, and datagrams beside streams."""

    bench: Bench
    trap: Trap
    transports: list[asyncio.BaseTransport] = field(default_factory=list)

    async def udp(self, port: int, answer: Datagrams, delay: float = 0.0) -> None:
        """Answer each datagram at `port` with those that `answer` returns."""
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(
            lambda: _Ear(answer, delay), local_addr=(ADDRESS, 0)
        )
        self.transports.append(transport)
        self.bench.ports[port] = transport.get_extra_info("sockname")[1]

    async def masked(self, port: int, answer: Datagrams) -> None:
        """Answer datagrams at `port` from another port."""
        loop = asyncio.get_running_loop()
        other, _ = await loop.create_datagram_endpoint(
            lambda: _Ear(lambda _: (), 0), local_addr=(ADDRESS, 0)
        )
        self.transports.append(other)
        await self.udp(port, answer)
        ear: Any = self.transports[-1]
        ear.get_protocol().transport = other

    async def says(self, port: int, *octets: bytes, then: str = "close") -> None:
        """Send `octets` to whoever connects, heard or not; then `close`, `stall` or `reset`."""

        async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            for each in octets:
                writer.write(each)
                await writer.drain()
            if then == "stall":
                while await reader.read(4096):
                    pass
            elif then == "reset":
                writer.transport.abort()

        await self.bench.listen(port, handle)

    async def answers(self, port: int, *octets: bytes, then: str = "close") -> None:
        """Wait for a question, then send `octets`; then `close` or `stall`."""

        async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            if not await reader.read(65536):
                return
            for each in octets:
                writer.write(each)
                await writer.drain()
            if then == "stall":
                while await reader.read(4096):
                    pass

        await self.bench.listen(port, handle)

    async def floods(self, port: int, start: bytes, again: bytes, pause: float = 0.0) -> None:
        """Send `start`, then `again` until the visitor leaves, every `pause` seconds."""

        async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(start)
            while not writer.is_closing():
                writer.write(again)
                await writer.drain()
                await asyncio.sleep(pause)

        await self.bench.listen(port, handle)


@dataclass(frozen=True)
class Persona:
    """One hostile device; `known` is what must be read of it nevertheless, by key."""

    name: str
    furnish: Furnish
    known: Mapping[str, Value] = field(default_factory=dict)
    unread: tuple[str, ...] = ()  # keys that nothing may be known of


@asynccontextmanager
async def trap() -> AsyncIterator[Trap]:
    """Open a host that nobody may talk to."""
    caught = Trap()

    async def handle(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        caught.visitors += 1
        writer.close()

    def heard(_: bytes) -> Iterable[bytes]:
        caught.visitors += 1
        return ()

    server = await asyncio.start_server(handle, TRAP, 0)
    caught.port = server.sockets[0].getsockname()[1]
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: _Ear(heard, 0), local_addr=(TRAP, caught.port)
    )
    try:
        yield caught
    finally:
        transport.close()
        server.close()
        await server.wait_closed()
