"""SIP, as small user agents answer OPTIONS."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from tests.unit.probe.lan import Talk, closed_port, see, tcp_server, udp_server
from tests.unit.probe.visits import only, value, visit, why

from frisket.errors import Refused, Silent
from frisket.model.reading import Unread, Why
from frisket.probe.sip import KEYS, PROBE, TCP, TLS, UDP, interpret
from frisket.proto.cursor import Incomplete
from frisket.proto.sip.wire import Request, answer, encode, read_datagram, read_stream


def agent(methods: list[str], status: int = 200) -> Callable[[bytes], bytes]:
    """Return a user agent by UDP."""

    def reply(data: bytes) -> bytes:
        request = read_datagram(data)
        assert isinstance(request, Request)
        methods.append(request.method)
        headers = (("Server", "Virtual MFD"),)
        return encode(answer(request, status, source=("127.0.0.1", 9), tag="a", headers=headers))

    return reply


def stream_agent(methods: list[str]) -> Talk:
    """Return a user agent by TCP."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        data = b""
        while True:
            try:
                request, _ = read_stream(data)
            except Incomplete:
                data += await reader.read(4096)
                continue
            assert isinstance(request, Request)
            methods.append(request.method)
            whole = encode(answer(request, 200, source=("127.0.0.1", 9)))
            writer.write(whole[:30])
            await writer.drain()
            writer.write(whole[30:])
            return

    return talk


async def test_every_door_refused_is_off() -> None:
    shut = closed_port()
    seen = await see(PROBE, {5060: shut, 5061: shut})
    assert {value(seen, key) for key in KEYS} == {False}


@pytest.mark.parametrize("status", [200, 404, 501])
async def test_an_answer_does_not_say_which_of_the_three(status: int) -> None:
    methods: list[str] = []
    async with udp_server(agent(methods, status)) as port:
        seen = await see(PROBE, {5060: port, 5061: closed_port()}, patience=0.4)
    for key in KEYS:
        reading = only(seen, key)
        assert isinstance(reading, Unread)
        assert str(status) in reading.detail
    assert "Virtual MFD" in seen.facts["sip"]
    assert methods == ["OPTIONS"]


async def test_by_tcp_where_udp_is_refused() -> None:
    methods: list[str] = []
    async with tcp_server(stream_agent(methods)) as port:
        seen = await see(PROBE, {5060: port, 5061: closed_port()})
    assert "5060/tcp" in seen.facts["sip"]
    assert methods == ["OPTIONS"]


async def test_an_answer_to_another_call_is_none() -> None:
    def reply(data: bytes) -> bytes:
        return agent([])(data).replace(b"@frisket.invalid\r\nCSeq", b"@elsewhere\r\nCSeq")

    async with udp_server(reply) as port:
        seen = await see(PROBE, {5060: port, 5061: closed_port()}, patience=0.4)
    assert why(seen, "sip.ngn.enabled") is Why.GARBLED


def test_silence_by_udp_is_not_off() -> None:
    refused = Refused("refused")
    seen = interpret(visit(), {UDP: Silent("nothing"), TCP: refused, TLS: refused})
    assert {why(seen, key) for key in KEYS} == {Why.SILENT}


def test_an_open_tls_door_is_not_off() -> None:
    refused = Refused("refused")
    seen = interpret(visit(), {UDP: refused, TCP: refused, TLS: None})
    assert {why(seen, key) for key in KEYS} == {Why.UNSUPPORTED}
