"""WSD by unicast, as a small device answers it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from tests.unit.probe.lan import closed_port, see, tcp_server, udp_server
from tests.unit.probe.visits import only, value, visit, why

from frisket.errors import Refused, Silent
from frisket.model.reading import Unread, Why
from frisket.probe.base import Sighting
from frisket.probe.wsd import PROBE, interpret_nothing
from frisket.proto.wsd import wire

ENABLED = "wsd.enabled"
AMPLIFICATION = "wsd.amplification"
PRINTER = wire.Device(
    "urn:uuid:00000000-0000-4000-8000-0000000000c5",
    (wire.DEVICE, wire.PRINTER),
    urls=("http://192.0.2.9:60000/never-fetched",),
)


async def idle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    assert await reader.read() == b"", "nothing is said to the metadata port"


def device(relates: Callable[[str], str], asked: list[wire.Envelope]) -> Callable[[bytes], bytes]:
    """Return a device that matches every probe."""

    def answer(data: bytes) -> bytes:
        envelope = wire.read_envelope(data)
        asked.append(envelope)
        matches = wire.ProbeMatches((PRINTER,))
        return wire.encode_envelope(
            wire.Envelope(
                matches, "urn:uuid:1", wire.ANONYMOUS, relates_to=relates(envelope.message)
            )
        )

    return answer


async def visited(answer: Callable[[bytes], bytes | None]) -> Sighting:
    """Visit a device whose metadata ports are closed."""
    shut = closed_port()
    async with udp_server(answer) as port:
        return await see(PROBE, {3702: port, 60000: shut, 5357: shut}, patience=0.4)


async def test_a_printer_that_answers() -> None:
    asked: list[wire.Envelope] = []
    seen = await visited(device(lambda message: message, asked))
    assert value(seen, ENABLED) is True
    size = value(seen, AMPLIFICATION)
    assert isinstance(size, int)
    assert size > 100
    assert "PrintDeviceType" in seen.facts["wsd"]
    assert [envelope.body for envelope in asked] == [wire.Probe((wire.DEVICE,))]


async def test_an_answer_to_another_probe_is_none() -> None:
    seen = await visited(device(lambda _: "urn:uuid:another", []))
    assert why(seen, ENABLED) is Why.GARBLED


async def test_a_probe_thrown_back_is_no_answer() -> None:
    seen = await visited(lambda data: data)
    assert why(seen, ENABLED) is Why.GARBLED


async def test_every_port_refused_is_off() -> None:
    shut = closed_port()
    seen = await see(PROBE, {3702: shut, 60000: shut, 5357: shut})
    assert value(seen, ENABLED) is False
    assert why(seen, AMPLIFICATION) is Why.REFUSED


async def test_silence_is_not_off_and_an_open_metadata_port_is_named() -> None:
    async with udp_server(lambda _: None) as port, tcp_server(idle) as metadata:
        ports = {3702: port, 60000: metadata, 5357: closed_port()}
        seen = await see(PROBE, ports, patience=0.2)
    reading = only(seen, ENABLED)
    assert isinstance(reading, Unread)
    assert reading.why is Why.SILENT
    assert "60000" in reading.detail


def test_a_refusal_with_metadata_served_is_not_off() -> None:
    refused = Refused("port refused")
    seen = interpret_nothing(visit(), refused, {60000: refused, 5357: None})
    assert why(seen, ENABLED) is Why.REFUSED
    seen = interpret_nothing(visit(), refused, {60000: refused, 5357: Silent("nothing")})
    assert why(seen, ENABLED) is Why.REFUSED
