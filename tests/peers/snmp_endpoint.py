"""A UDP endpoint on loopback that answers with a function, and dialers to a loopback port."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Any

from frisket.model.target import Target
from frisket.net.budget import Budget, Limits
from frisket.net.dial import SocketDialer

Respond = Callable[[bytes], Iterable[bytes]]


class _Endpoint(asyncio.DatagramProtocol):
    def __init__(self, respond: Respond, faults: list[BaseException]) -> None:
        self._respond = respond
        self._faults = faults
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        assert self._transport is not None
        try:
            for answer in self._respond(data):
                self._transport.sendto(answer, addr)
        except Exception as fault:  # noqa: BLE001  # raised when the endpoint closes
            self._faults.append(fault)


@asynccontextmanager
async def serve(respond: Respond) -> AsyncIterator[int]:
    """Answer datagrams on a free port of 127.0.0.1; what `respond` raises is raised at the end."""
    faults: list[BaseException] = []
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: _Endpoint(respond, faults), local_addr=("127.0.0.1", 0)
    )
    try:
        yield transport.get_extra_info("sockname")[1]
    finally:
        transport.close()
    for fault in faults:
        raise fault


def dialer(port: int) -> SocketDialer:
    """Return a dialer without pacing whose SNMP ports are `port` of 127.0.0.1."""
    limits = Limits(packets_per_second=0, packets=1_000_000, bytes_received=1 << 30)
    return SocketDialer(Target("127.0.0.1", ports={161: port, 162: port}), Budget(limits))
