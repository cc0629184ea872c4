"""LPD and RAW: whether the port is open, told without one byte."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import AsyncExitStack

import pytest
from tests.unit.probe import visits
from tests.unit.probe.lan import closed_port, see, tcp_server, visit_at
from tests.unit.probe.visits import value, why

from frisket.errors import Filtered
from frisket.model.reading import Why
from frisket.net.guard import PRINT_PORTS
from frisket.probe import lpd, raw, touch
from frisket.probe.base import Probe
from frisket.probe.engine import find_probes, run_probes

PRINTING = [(lpd.PROBE, 515, "lpd.enabled"), (raw.PROBE, 9100, "raw.enabled")]


@pytest.mark.parametrize(("probe", "port", "key"), PRINTING)
async def test_an_open_port_is_told_without_a_byte(probe: Probe, port: int, key: str) -> None:
    received: asyncio.Queue[bytes] = asyncio.Queue()

    async def swallow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await received.put(await reader.read())

    async with tcp_server(swallow) as actual:
        seen = await see(probe, {port: actual})
        assert await asyncio.wait_for(received.get(), 5) == b""
    assert value(seen, key) is True
    assert received.empty(), "one connection was enough"


@pytest.mark.parametrize(("probe", "port", "key"), PRINTING)
async def test_a_refused_port_is_off(probe: Probe, port: int, key: str) -> None:
    assert value(await see(probe, {port: closed_port()}), key) is False


@pytest.mark.parametrize(("probe", "port", "key"), PRINTING)
def test_no_answer_is_no_off(probe: Probe, port: int, key: str) -> None:
    seen = touch.interpret(visits.visit(), Filtered("no answer"), probe.name, port, key)
    assert why(seen, key) is Why.FILTERED


class Everywhere(dict[int, int]):
    """Ports of a device of which every port not named is closed."""

    def __init__(self, named: Mapping[int, int], otherwise: int) -> None:
        super().__init__(named)
        self.otherwise = otherwise

    def get(self, key: int, default: object = None) -> int:
        """Return where the port is; never the machine's own."""
        return super().get(key, self.otherwise)


async def test_no_probe_sends_a_byte_to_a_port_that_prints() -> None:
    """Every probe there is, at a device whose every TCP port may print."""
    received: list[int] = []
    visitors: set[asyncio.StreamWriter] = set()

    async def count(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        visitors.add(writer)
        received.append(len(await reader.read()))

    shut = closed_port()
    async with AsyncExitStack() as stack:
        prints = {port: await stack.enter_async_context(tcp_server(count)) for port in PRINT_PORTS}
        visit = visit_at(Everywhere(prints, shut), patience=0.3)
        await run_probes(visit, find_probes())
        async with asyncio.timeout(5):
            while len(received) < len(visitors):
                await asyncio.sleep(0)
    assert len(received) >= len(PRINTING), "the ports were touched"
    assert set(received) == {0}
