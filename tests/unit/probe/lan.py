"""Tiny servers on loopback, and a visit that finds them at standard ports."""

from __future__ import annotations

import asyncio
import random
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from frisket.model.target import Target
from frisket.net.budget import Budget, Limits
from frisket.net.dial import SocketDialer
from frisket.net.listen import listen_streams, listen_udp
from frisket.probe.base import Options, Probe, Sighting, Visit
from frisket.probe.engine import run_probes

HOST = "127.0.0.1"
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def closed_port() -> int:
    """Return a port at which nothing listens, by TCP or UDP."""
    with socket.socket() as tcp, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        tcp.bind((HOST, 0))
        port: int = tcp.getsockname()[1]
        udp.bind((HOST, port))
        return port


def visit_at(
    ports: Mapping[int, int],
    *,
    host: str = HOST,
    patience: float = 2.0,
    anonymous_ftp: bool = False,
) -> Visit:
    """Return a visit to loopback, where standard ports are served at these."""
    budget = Budget(Limits(packets_per_second=0))
    dialer = SocketDialer(Target(host, ports=ports), budget, source=random.Random(7))
    return Visit(dialer, lambda: NOW, Options(anonymous_ftp=anonymous_ftp, patience=patience))


async def see(
    probe: Probe,
    ports: Mapping[int, int],
    *,
    host: str = HOST,
    patience: float = 2.0,
    anonymous_ftp: bool = False,
) -> Sighting:
    """Run one probe as an audit does; every key it may speak of is in the result."""
    visit = visit_at(ports, host=host, patience=patience, anonymous_ftp=anonymous_ftp)
    sighting = await run_probes(visit, [probe])
    assert set(sighting.readings) == probe.reads
    return sighting


@asynccontextmanager
async def tcp_server(talk: Talk) -> AsyncIterator[int]:
    """Serve `talk` on a port; what it raises when the visitor leaves is of no interest."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await talk(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            return
        finally:
            writer.close()

    server = await listen_streams(HOST, 0, handle)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await server.wait_closed()


@asynccontextmanager
async def udp_server(answer: Callable[[bytes], bytes | None]) -> AsyncIterator[int]:
    """Answer datagrams on a port; None stays silent."""
    server = listen_udp(HOST, 0, lambda data, _: answer(data))
    try:
        yield server.port
    finally:
        server.close()


def scripted(greeting: str, replies: Mapping[str, str], said: list[str]) -> Talk:
    """Return a server of numbered replies: greeting, then an answer to each known command.

    Commands are kept in `said`; unknown ones are answered 502.
    """

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(f"{greeting}\r\n".encode())
        while line := await reader.readline():
            command = line.decode().strip()
            said.append(command)
            reply = replies.get(command, "502 command not recognized.")
            writer.write(f"{reply}\r\n".encode())
            if command == "QUIT":
                return

    return talk
