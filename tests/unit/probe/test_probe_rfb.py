"""Remote operation, as RFB servers of each version open the conversation."""

from __future__ import annotations

import asyncio

import pytest
from tests.unit.probe.lan import Talk, closed_port, see, tcp_server
from tests.unit.probe.visits import value, visit, why

from frisket.errors import WireError
from frisket.model.reading import Why
from frisket.probe.rfb import PROBE, Answers, interpret
from frisket.proto.rfb.handshake import Offer, Version, encode_offer, encode_version, read_version

ENABLED = "remote-operation.enabled"
ASKED = "remote-operation.password-asked"


def server(version: Version, offer: Offer, heard: asyncio.Queue[bytes]) -> Talk:
    """Return a server that opens as told, and keeps all that the visitor says."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(encode_version(version))
        answer = await reader.readexactly(12)
        agreed = min(version, Version(read_version(answer)[0][1]))
        writer.write(encode_offer(offer, agreed))
        await heard.put(answer + await reader.read())

    return talk


async def test_a_refused_port_is_off() -> None:
    seen = await see(PROBE, {5900: closed_port()})
    assert value(seen, ENABLED) is False
    assert why(seen, ASKED) is Why.REFUSED


@pytest.mark.parametrize("version", list(Version))
@pytest.mark.parametrize(("security", "asked"), [(1, False), (2, True)])
async def test_each_version(version: Version, security: int, *, asked: bool) -> None:
    heard: asyncio.Queue[bytes] = asyncio.Queue()
    async with tcp_server(server(version, Offer((security,)), heard)) as port:
        seen = await see(PROBE, {5900: port})
        said = await asyncio.wait_for(heard.get(), 5)
    assert value(seen, ENABLED) is True
    assert value(seen, ASKED) is asked
    assert said == encode_version(version), "no type is chosen, no login begun"


@pytest.mark.parametrize("version", list(Version))
async def test_a_server_that_refuses(version: Version) -> None:
    heard: asyncio.Queue[bytes] = asyncio.Queue()
    async with tcp_server(server(version, Offer((), "Too many failures"), heard)) as port:
        seen = await see(PROBE, {5900: port})
    assert value(seen, ENABLED) is True
    assert why(seen, ASKED) is Why.UNSUPPORTED


@pytest.mark.parametrize(
    ("types", "asked"), [((2, 5), True), ((16, 2), None), ((19,), None), ((2, 1), False)]
)
def test_types(types: tuple[int, ...], asked: bool | None) -> None:
    seen = interpret(visit(), Answers((3, 8), Offer(types)))
    if asked is None:
        assert why(seen, ASKED) is Why.UNSUPPORTED
    else:
        assert value(seen, ASKED) is asked


async def test_what_does_not_speak_rfb() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await reader.read()

    async with tcp_server(talk) as port:
        seen = await see(PROBE, {5900: port})
    assert why(seen, ENABLED) is Why.GARBLED


def test_a_version_too_old_is_still_remote_operation() -> None:
    seen = interpret(visit(), Answers((3, 1), WireError("RFB 3.1 is older than 3.3")))
    assert value(seen, ENABLED) is True
    assert why(seen, ASKED) is Why.GARBLED
