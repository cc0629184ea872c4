"""BMLinkS discovery, as small SSDP responders answer it."""

from __future__ import annotations

from tests.unit.probe.lan import closed_port, see, udp_server
from tests.unit.probe.visits import only, value, why

from frisket.model.reading import Known, Why
from frisket.probe.bmlinks import PROBE

ENABLED = "bmlinks.enabled"
ANSWER = (
    b"HTTP/1.1 200 OK\r\nCACHE-CONTROL: max-age=1800\r\nEXT:\r\n"
    b"LOCATION: http://192.0.2.9/never-fetched.xml\r\nST: upnp:rootdevice\r\n"
    b"USN: uuid:1::upnp:rootdevice\r\nSERVER: OS/1 UPnP/1.0 MFD/1\r\n\r\n"
)


async def test_an_answer_is_on() -> None:
    asked: list[bytes] = []

    def answer(data: bytes) -> bytes:
        asked.append(data)
        return ANSWER

    async with udp_server(answer) as port:
        seen = await see(PROBE, {1900: port}, patience=0.4)
    assert value(seen, ENABLED) is True
    reading = only(seen, ENABLED)
    assert isinstance(reading, Known)
    assert "upnp:rootdevice" in reading.detail
    (question,) = asked
    assert question.startswith(b"M-SEARCH * HTTP/1.1\r\n")
    assert b'\r\nMAN: "ssdp:discover"\r\n' in question
    assert b"\r\nHOST: 127.0.0.1:1900\r\n" in question


async def test_a_refused_port_is_off() -> None:
    assert value(await see(PROBE, {1900: closed_port()}), ENABLED) is False


async def test_silence_is_not_off() -> None:
    async with udp_server(lambda _: None) as port:
        assert why(await see(PROBE, {1900: port}, patience=0.2), ENABLED) is Why.SILENT


async def test_other_answers_are_none() -> None:
    for other in (b"HTTP/1.1 200 OK\r\n\r\n", b"\x00\x01", b"", ANSWER[:40]):
        async with udp_server(lambda _, other=other: other) as port:  # type: ignore[misc]
            seen = await see(PROBE, {1900: port}, patience=0.4)
        assert why(seen, ENABLED) is Why.GARBLED
