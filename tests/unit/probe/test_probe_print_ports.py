"""LPD and RAW: whether the port is open, told without one byte."""

from __future__ import annotations

import asyncio

import pytest
from tests.unit.probe.lan import closed_port, see, tcp_server
from tests.unit.probe.visits import value, visit, why

from frisket.errors import Filtered
from frisket.model.reading import Why
from frisket.probe import lpd, raw
from frisket.probe.base import Probe

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


def test_no_answer_is_no_off() -> None:
    silent = Filtered("no answer")
    assert why(lpd.interpret(visit(), silent), "lpd.enabled") is Why.FILTERED
    assert why(raw.interpret(visit(), silent), "raw.enabled") is Why.FILTERED
