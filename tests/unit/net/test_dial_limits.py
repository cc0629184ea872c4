"""What a dialer does where sockets run out, and what an empty datagram costs."""

from __future__ import annotations

import errno
import socket
from typing import Any

import pytest
from tests.unit.probe.lan import HOST, udp_server

from frisket.errors import BudgetSpent, LinkError
from frisket.model.target import Target
from frisket.net.budget import Budget, Limits
from frisket.net.dial import SocketDialer


async def test_where_sockets_run_out_a_visit_says_so_and_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def none_left(*_: Any) -> socket.socket:
        raise OSError(errno.EMFILE, "Too many open files")

    dialer = SocketDialer(Target(HOST), Budget(Limits(connections=1, packets_per_second=0)))
    monkeypatch.setattr(socket, "socket", none_left)
    # Three times: each gives its place among the connections back.
    for _ in range(3):
        with pytest.raises(LinkError, match="no socket could be opened: Too many open files"):
            await dialer.tcp(80)
    with pytest.raises(LinkError, match="Too many open files"):
        await dialer.udp(161)


async def test_empty_datagrams_use_the_budget_up() -> None:
    async with udp_server(lambda _: b"") as port:
        limits = Limits(packets_per_second=0, bytes_received=100)
        dialer = SocketDialer(Target(HOST, ports={161: port}), Budget(limits))
        line = await dialer.udp(161)
        for _ in range(3):
            await line.send(b"x")
            assert await line.receive(2.0) == b""
        await line.send(b"x")
        with pytest.raises(BudgetSpent):
            await line.receive(2.0)
        line.close()
