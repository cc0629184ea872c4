"""A bench on loopback: devices of a few real listeners, every other port refusing."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from frisket.errors import WireError
from frisket.model.target import Target
from frisket.net.budget import Budget, Limits
from frisket.net.dial import SocketDialer
from frisket.probe.base import Options, Visit
from frisket.proto.http.wire import Request, Response, ServerSide

ADDRESS = "127.0.0.1"
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
# No pacing on loopback; the numbers of connections and handshakes are what is watched.
LIMITS = Limits(packets_per_second=0, seconds=60)
OPTIONS = Options(patience=2.0)

Web = Callable[[Request], Response]


class Ports(dict[int, int]):
    """Standard port -> where the bench has it; whatever is not on it refuses."""

    def __init__(self, refusing: int) -> None:
        super().__init__()
        self.refusing = refusing

    def get(self, key: int, default: Any = None) -> int:
        """Return where a port is, the refusing one for any that nobody serves."""
        return super().get(key, self.refusing)


@dataclass
class Bench:
    """A device that counts its connections and keeps what its print ports are sent."""

    ports: Ports
    open_now: int = 0
    most_open: int = 0
    connections: dict[int, int] = field(default_factory=dict)
    printed: bytearray = field(default_factory=bytearray)
    servers: list[asyncio.Server] = field(default_factory=list)

    @property
    def target(self) -> Target:
        """Return the device as a target."""
        return Target(ADDRESS, ports=self.ports)

    def visit(self, limits: Limits = LIMITS, options: Options = OPTIONS) -> Visit:
        """Return a visit to it."""
        return Visit(SocketDialer(self.target, Budget(limits)), lambda: NOW, options)

    async def listen(
        self,
        port: int,
        handle: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Any],
        context: ssl.SSLContext | None = None,
    ) -> None:
        """Serve `port`, counting connections from the first packet on."""

        async def counted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self.open_now += 1
            self.connections[port] = self.connections.get(port, 0) + 1
            self.most_open = max(self.most_open, self.open_now)
            try:
                await handle(reader, writer)
            except OSError:
                pass
            finally:
                self.open_now -= 1
                writer.close()

        server = await asyncio.start_server(counted, ADDRESS, 0, ssl=context)
        self.servers.append(server)
        self.ports[port] = server.sockets[0].getsockname()[1]

    async def web(self, port: int, answer: Web, context: ssl.SSLContext | None = None) -> None:
        """Serve HTTP on `port`."""

        async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            side = ServerSide()
            while data := await reader.read(65536):
                try:
                    side.receive(data)
                    request = side.request()
                except WireError:
                    return
                if request is not None:
                    writer.write(side.respond(answer(request)))
                    await writer.drain()
                    if side.closing:
                        return

        await self.listen(port, handle, context)

    async def printing(self, port: int) -> None:
        """Open a print port that keeps whatever it is sent."""

        async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            while data := await reader.read(4096):
                self.printed += data

        await self.listen(port, handle)


@asynccontextmanager
async def bench() -> AsyncIterator[Bench]:
    """Set up a device without services."""
    with socket.socket() as tcp:
        # Bound and not listening: connections are refused, and nobody else gets the port.
        tcp.bind((ADDRESS, 0))
        number = tcp.getsockname()[1]
        device = Bench(Ports(number))
        try:
            yield device
        finally:
            for server in device.servers:
                server.close()
                await server.wait_closed()
