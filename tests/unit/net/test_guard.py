"""No byte leaves for a print port, however it is named."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from frisket.errors import BudgetSpent, Guarded, Refused, Silent
from frisket.model.target import Target
from frisket.net.budget import Budget, Limits
from frisket.net.dial import SocketDialer, Stream
from frisket.net.guard import PRINT_PORTS, PrintGuard

UNPACED = Limits(packets_per_second=0)


class Counting:
    """A server that counts what it receives."""

    def __init__(self) -> None:
        self.received = 0
        self.connections = 0
        self.total = 0
        self.most = 0

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.total += 1
        self.most = max(self.most, self.connections)
        while data := await reader.read(1000):
            self.received += len(data)
            writer.write(data)
        writer.close()
        await writer.wait_closed()
        self.connections -= 1


@asynccontextmanager
async def serving(counting: Counting) -> AsyncIterator[int]:
    server = await asyncio.start_server(counting.handle, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]
        # A connection still in the backlog would be accepted after the test, and never closed.
        while not counting.total or counting.connections:
            await asyncio.sleep(0.01)


def dialer(ports: dict[int, int], limits: Limits = UNPACED) -> SocketDialer:
    return SocketDialer(Target("127.0.0.1", ports=ports), Budget(limits))


@pytest.mark.parametrize("port", [515, 721, 731, 9100, 9107, 9112, 9116, 9999])
async def test_a_print_port_is_connected_to_but_never_written_to(port: int) -> None:
    counting = Counting()
    async with serving(counting) as actual:
        stream = await dialer({port: actual}).tcp(port)
        with pytest.raises(Guarded):
            await stream.write(b"@PJL INFO ID\r\n")
        stream.close()
    assert counting.received == 0


async def test_a_port_that_is_shifted_onto_a_print_port_is_guarded_too() -> None:
    guard = PrintGuard()
    assert guard.forbids(631, 9100)
    with pytest.raises(Guarded):
        await dialer({161: 9100}).udp(161)


async def test_a_channel_table_adds_ports_and_nothing_takes_them_away() -> None:
    guard = PrintGuard()
    guard.add([2501])
    assert guard.forbids(2501)
    assert all(guard.forbids(port) for port in PRINT_PORTS)


async def test_an_ordinary_port_is_written_to_and_read_from() -> None:
    counting = Counting()
    async with serving(counting) as actual:
        dial = dialer({80: actual})
        stream = await dial.tcp(80)
        await stream.write(b"hello")
        assert await stream.read(5) == b"hello"
        stream.close()
        stream.close()
    assert dial.budget.received == 5
    assert dial.budget.packets == 2


async def test_refused_filtered_and_silent_are_different_answers() -> None:
    counting = Counting()
    async with serving(counting) as actual:
        stream = await dialer({80: actual}).tcp(80)
        with pytest.raises(Silent):
            await stream.read(0.05)
        stream.close()
    with pytest.raises(Refused):
        await dialer({80: actual}).tcp(80)
    datagrams = await dialer({161: actual}).udp(161)
    await datagrams.send(b"x")
    with pytest.raises(Refused):
        await datagrams.receive(1)
    datagrams.close()


async def test_at_most_two_connections_are_open_at_once() -> None:
    counting = Counting()
    async with serving(counting) as actual:
        dial = dialer({80: actual})

        async def one() -> None:
            stream = await dial.tcp(80)
            await stream.write(b"x")
            await stream.read(5)
            stream.close()

        await asyncio.gather(*(one() for _ in range(12)))
        assert counting.most <= 2


async def _drain(stream: Stream) -> int:
    received = 0
    while data := await stream.read(5):
        received += len(data)
    return received


async def test_a_flood_ends_with_the_budget() -> None:
    ended = asyncio.Event()

    async def flood(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                writer.write(b"x" * 65536)
                await writer.drain()
        except ConnectionError:
            writer.close()
            ended.set()

    server = await asyncio.start_server(flood, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        stream = await dialer({80: port}, Limits(packets_per_second=0, bytes_received=300_000)).tcp(
            80
        )
        received = 0
        with pytest.raises(BudgetSpent):
            received += await _drain(stream)
        stream.close()
        assert received <= 300_000
        await ended.wait()


async def test_packets_keep_the_pace() -> None:
    waits: list[float] = []
    clock = [100.0]

    async def sleep(seconds: float) -> None:
        waits.append(seconds)
        clock[0] += seconds

    budget = Budget(Limits(packets_per_second=10), lambda: clock[0])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(asyncio, "sleep", sleep)
        for _ in range(21):
            await budget.packet()
    assert sum(waits) == pytest.approx(2.0)


async def test_a_visit_ends_with_its_time_and_packets() -> None:
    clock = [0.0]
    budget = Budget(Limits(packets_per_second=0, packets=3, seconds=10), lambda: clock[0])
    for _ in range(3):
        await budget.packet()
    with pytest.raises(BudgetSpent, match="3 packets"):
        await budget.packet()
    late = Budget(Limits(packets_per_second=0, seconds=10), lambda: clock[0])
    clock[0] = 11
    with pytest.raises(BudgetSpent, match="10 s"):
        await late.packet()
    with pytest.raises(BudgetSpent):
        late.cap(5)


def test_randomness_is_handed_in() -> None:
    async def ask() -> tuple[int, int]:
        target = Target("127.0.0.1")
        first = SocketDialer(target, Budget(UNPACED), source=random.Random(7))
        second = SocketDialer(target, Budget(UNPACED), source=random.Random(7))
        return first.random.getrandbits(31), second.random.getrandbits(31)

    left, right = asyncio.run(ask())
    assert left == right


UEL = b"\x1b%-12345X"
ASKED = UEL + b"@PJL INFO ID\r\n@PJL DINQUIRE CPLOCK\r\n@PJL DEFAULT CPLOCK=NONE\r\n" + UEL


@pytest.mark.parametrize("port", sorted(PRINT_PORTS))
def test_pjl_passes_only_where_somebody_opted_in(port: int) -> None:
    with pytest.raises(Guarded):
        PrintGuard().check_bytes(ASKED, port)
    opted = PrintGuard(pjl=(9100,))
    if port == 9100:
        opted.check_bytes(ASKED, port)
    else:
        with pytest.raises(Guarded):
            opted.check_bytes(ASKED, port)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"hello",
        UEL,
        ASKED[: -len(UEL)],
        ASKED[len(UEL) :],
        ASKED + b"x",
        ASKED + ASKED,
        UEL + b"@PJL ENTER LANGUAGE=PCL\r\n" + UEL,
        UEL + b"@PJL INFO ID\r\n@PJL ENTER LANGUAGE=PCL\r\nhello" + UEL,
        UEL + b"@PJL JOB\r\n@PJL INFO ID\r\n" + UEL,
        UEL + b"@PJL FSDOWNLOAD FORMAT:BINARY SIZE=1 NAME=x\r\n" + UEL,
        UEL + b"@PJL INFO ID\nhello\r\n" + UEL,
        UEL + b"@PJL DEFAULT X=" + b"1" * 300 + b"\r\n" + UEL,
    ],
)
def test_nothing_that_could_print_passes_the_opt_in(data: bytes) -> None:
    with pytest.raises(Guarded):
        PrintGuard(pjl=(9100,)).check_bytes(data, 9100)


def test_a_shifted_port_is_named_by_its_standard_one() -> None:
    opted = PrintGuard(pjl=(9100,))
    opted.check_bytes(ASKED, 9100, 9101)
    with pytest.raises(Guarded):
        opted.check_bytes(ASKED, 631, 9100)
    opted.check_bytes(b"anything", 631, 20631)
