"""Hostile devices: a visit ends in time, says why it knows nothing, and harms nobody else."""

from __future__ import annotations

import asyncio
import resource
import socket
import time
from pathlib import Path
from typing import Any

import pytest
from tests.loop.bench import ADDRESS, LIMITS, NOW, Bench, bench
from tests.loop.identity import server_context
from tests.loop.personas import ports, snmp, tls, web
from tests.loop.personas.base import Device, Persona, trap
from tests.loop.test_http_loop import login, to_tls
from tests.loop.test_ipp_loop import respond
from tests.unit.proto.snmp.agent import Agent

from frisket.model.finding import Incomplete
from frisket.model.reading import Known, Readings, Unread, Why
from frisket.model.target import Target
from frisket.net.budget import Limits
from frisket.probe.base import Options, Sighting
from frisket.probe.survey import survey
from frisket.probe.visit import visit_target

PERSONAS = [
    (f"{module.__name__.rpartition('.')[2]}: {persona.name}", persona)
    for module in (snmp, web, tls, ports)
    for persona in module.PERSONAS
]
SHORT = Limits(packets_per_second=0, seconds=4)
HASTY, CALM = Options(patience=0.25), Options(patience=3.0)
MEMORY_KIB = 64 << 10  # more than this no hostile device may cost


def bugs(readings: Readings) -> list[tuple[str, Unread]]:
    """Return what our own code stumbled over."""
    return [
        (key, reading)
        for key, all_of in readings.items()
        for reading in all_of
        if isinstance(reading, Unread) and reading.why is Why.BUG
    ]


def known(sighting: Sighting) -> dict[str, Any]:
    """Return what was read: key -> value."""
    return {
        key: reading.value
        for key, readings in sighting.readings.items()
        for reading in readings
        if isinstance(reading, Known)
    }


@pytest.fixture
def called(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Return the addresses that are connected to."""
    hosts: set[str] = set()
    real = socket.socket.connect

    def connect(self: socket.socket, address: Any) -> None:
        if isinstance(address, tuple):
            hosts.add(address[0])
        real(self, address)

    monkeypatch.setattr(socket.socket, "connect", connect)
    return hosts


async def furnish_healthy(device: Bench, folder: Path) -> None:
    """Give a device what an MFD has."""
    await device.web(80, to_tls)
    await device.web(443, login, server_context(folder))
    await device.web(631, respond)


def test_there_are_enough_of_them() -> None:
    assert len(PERSONAS) >= 80
    assert len({name for name, _ in PERSONAS}) == len(PERSONAS)


@pytest.mark.parametrize("persona", [pytest.param(p, id=name) for name, p in PERSONAS])
async def test_hostile(persona: Persona, tmp_path: Path, called: set[str]) -> None:
    stumbles: list[Any] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: stumbles.append(context))
    async with trap() as caught, bench() as bad, bench() as good:
        device = Device(bad, caught)
        # What prints nowhere is not visited to the end, however it behaves.
        await bad.printing(9100)
        await persona.furnish(device)
        await furnish_healthy(good, tmp_path)
        agent = Device(good, caught)
        await agent.udp(161, Agent(dict(snmp.PRINTER)))
        targets = [Target(ADDRESS, name=n, ports=d.ports) for n, d in (("b", bad), ("g", good))]
        before, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.monotonic()

        async def visit(target: Target) -> Sighting | Incomplete:
            limits, options = (SHORT, HASTY) if target.name == "b" else (LIMITS, CALM)
            return await visit_target(target, limits, options, lambda: NOW)

        seen = {
            target.name: (verdict, time.monotonic() - began)
            async for target, verdict in survey(targets, visit, 2)
        }
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        for transport in (*device.transports, *agent.transports):
            transport.close()
    check_hostile(persona, *seen["b"])
    check_healthy(seen["g"][0])
    assert not stumbles
    assert called == {ADDRESS}
    assert caught.visitors == 0
    assert bytes(bad.printed) == b""
    # Servers that drip notice late that a visitor has left, and count him twice.
    assert bad.most_open <= SHORT.connections + 1
    assert grown < MEMORY_KIB


def check_hostile(persona: Persona, verdict: Sighting | Incomplete, took: float) -> None:
    """A visit ends in time, with what can be known and a reason for the rest."""
    assert took < SHORT.seconds + 1
    if isinstance(verdict, Incomplete):
        assert verdict.why
        assert not persona.known
        return
    assert not bugs(verdict.readings)
    read = known(verdict)
    assert {key: read.get(key) for key in persona.known} == persona.known
    assert not set(persona.unread) & set(read), [verdict.readings[k] for k in persona.unread]
    for readings in verdict.readings.values():
        for reading in readings:
            assert isinstance(reading, Known) or reading.via


def check_healthy(verdict: Sighting | Incomplete) -> None:
    """The device beside it is read as if it were alone."""
    assert isinstance(verdict, Sighting)
    assert not bugs(verdict.readings)
    read = known(verdict)
    assert read["remote-ui.login"] is True
    assert read["ipp.enabled"] is True
    assert read["snmp.v3.enabled"] is True
    assert read["tls.versions"] == ("TLSv1.2", "TLSv1.3")
    assert read["certificate.self-signed"] is True
    assert verdict.identity.model == "iR-ADV C5235"
