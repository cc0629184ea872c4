"""One socket for many targets: each visit hears its own, and nobody else."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from frisket.errors import BudgetSpent, Guarded, Silent
from frisket.model.target import Target
from frisket.net.budget import Budget, Limits
from frisket.net.listen import listen_udp
from frisket.net.shared import SharedDialer, SharedSockets

LIMITS = Limits(packets_per_second=0, bytes_received=10_000)


@pytest.fixture
def shut() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def answering(shut: ExitStack, says: bytes) -> int:
    """Serve a port that answers everything with its name."""
    sock = listen_udp("127.0.0.1", 0, lambda data, _: says + data)
    shut.callback(sock.close)
    return sock.port


def dialer(shared: SharedSockets, port: int) -> SharedDialer:
    return SharedDialer(Target("127.0.0.1", ports={161: port}), Budget(LIMITS), shared)


async def test_each_visit_hears_its_target(shut: ExitStack) -> None:
    ports = [answering(shut, f"{n} ".encode()) for n in range(20)]
    with SharedSockets() as shared:

        async def ask(port: int) -> bytes:
            way = await dialer(shared, port).udp(161)
            await way.send(b"who")
            return await way.receive(2)

        found = await asyncio.gather(*(ask(port) for port in ports))
        sockets = shared.count
    assert found == [f"{n} who".encode() for n in range(20)]
    assert sockets == 1


async def test_two_visits_of_one_target_hear_it_both(shut: ExitStack) -> None:
    port = answering(shut, b"")
    with SharedSockets() as shared:
        one, two = [await dialer(shared, port).udp(161) for _ in range(2)]
        await one.send(b"a")
        assert [await way.receive(2) for way in (one, two)] == [b"a", b"a"]
        two.close()
        two.close()
        await one.send(b"b")
        assert await one.receive(2) == b"b"


async def test_strangers_and_floods_do_not_get_through(shut: ExitStack) -> None:
    port = answering(shut, b"")
    with SharedSockets() as shared, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        way = await dialer(shared, port).udp(161)
        await way.send(b"x")
        assert await way.receive(2) == b"x"
        stranger.sendto(b"forged", ("127.0.0.1", shared.port))
        with pytest.raises(Silent):
            await way.receive(0.1)
        for _ in range(200):
            await way.send(b"y")
        await asyncio.sleep(0.1)
        heard = [await way.receive(0.1) for _ in range(16)]
        with pytest.raises(Silent):
            await way.receive(0.1)
    assert set(heard) == {b"y"}


async def test_a_share_spends_its_own_budget(shut: ExitStack) -> None:
    port = answering(shut, b"z" * 6000)
    with SharedSockets() as shared:
        way = await dialer(shared, port).udp(161)
        await way.send(b"")
        assert len(await way.receive(2)) == 6000
        await way.send(b"")
        with pytest.raises(BudgetSpent):
            await way.receive(2)


async def test_print_ports_are_guarded() -> None:
    with SharedSockets() as shared:
        with pytest.raises(Guarded):
            await SharedDialer(Target("127.0.0.1"), Budget(LIMITS), shared).udp(9100)
        with pytest.raises(Guarded):
            await dialer(shared, 9100).udp(161)


async def test_a_closed_socket_ends_who_waits(shut: ExitStack) -> None:
    port = answering(shut, b"")
    with SharedSockets() as shared:
        way = await dialer(shared, port).udp(161)
        waiting = asyncio.create_task(way.receive(30))
        await asyncio.sleep(0)
        way.close()
        with pytest.raises(Silent):
            await waiting
