"""The IPP probe against listeners on loopback, and on recorded answers of real printers."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.loop.bench import bench
from tests.loop.identity import server_context
from tests.unit.probe.visits import value, visit, why

from frisket.errors import WireError
from frisket.model.reading import Why
from frisket.probe.ipp import PROBE, interpret
from frisket.probe.ipp_question import WANTED, Answer, read_answer
from frisket.proto.http.wire import Request, Response
from frisket.proto.ipp.names import GroupTag, Operation, ValueTag
from frisket.proto.ipp.values import Attribute, Group, Message, opening
from frisket.proto.ipp.wire import decode, encode

IPP = (("content-type", "application/ipp"),)


def respond(request: Request, *, authentication: str = "none", status: int = 0) -> Response:
    """Answer as an iR-ADV does."""
    asked = decode(request.body)
    assert asked.code == Operation.GET_PRINTER_ATTRIBUTES
    wanted = asked.get(GroupTag.OPERATION, "requested-attributes")
    assert wanted is not None
    assert wanted.texts() == WANTED
    printer = (
        Attribute.of("printer-make-and-model", ValueTag.TEXT, "CNiR-ADV C3325/3330"),
        Attribute.of("printer-name", ValueTag.NAME, "iR-ADV C3325"),
        Attribute.of("printer-location", ValueTag.TEXT, "lobby"),
        Attribute.of("printer-firmware-string-version", ValueTag.TEXT, "05.07"),
        Attribute.of("printer-uuid", ValueTag.URI, "urn:uuid:6d4ff0ce-6b11-11d8-8020-f48139e0dd5d"),
        Attribute.of(
            "uri-authentication-supported", ValueTag.KEYWORD, authentication, authentication
        ),
        Attribute.of("ipp-features-supported", ValueTag.KEYWORD, "airprint-1.7", "ipp-everywhere"),
    )
    groups = (Group(GroupTag.OPERATION, opening()), Group(GroupTag.PRINTER, printer))
    return Response(200, IPP, encode(Message((1, 1), status, asked.request_id, groups)))


async def test_ipp_without_tls() -> None:
    async with bench() as device:
        await device.web(631, respond)
        found = await PROBE.run(device.visit())
    assert {key: value(found, key) for key in PROBE.reads} == {
        "ipp.enabled": True,
        "ipp.tls-only": False,
        "ipp.authentication": False,
        "airprint.enabled": True,
    }
    assert (found.identity.vendor, found.identity.model) == ("Canon", "iR-ADV C3325/3330")
    assert (found.identity.firmware, found.identity.location) == ("05.07", "lobby")
    assert found.printer
    assert found.facts["printer-uuid"].startswith("urn:uuid:")


async def test_ipp_over_tls_only(tmp_path: Path) -> None:
    async with bench() as device:
        await device.web(
            631, lambda r: respond(r, authentication="basic"), server_context(tmp_path)
        )
        found = await PROBE.run(device.visit())
    assert value(found, "ipp.tls-only") is True
    assert value(found, "ipp.authentication") is True
    assert device.most_open <= 2


async def test_the_older_path_is_tried() -> None:
    paths: list[str] = []

    def older(request: Request) -> Response:
        paths.append(request.target)
        return respond(request) if request.target == "/ipp" else Response(404)

    async with bench() as device:
        await device.web(631, older)
        found = await PROBE.run(device.visit())
    assert paths == ["/ipp/print", "/ipp"]
    assert value(found, "ipp.enabled") is True


async def test_ipp_off() -> None:
    async with bench() as device:
        found = await PROBE.run(device.visit())
    assert value(found, "ipp.enabled") is False
    assert why(found, "ipp.tls-only") is Why.REFUSED


async def test_a_web_server_is_no_printer() -> None:
    async with bench() as device:
        await device.web(631, lambda _: Response(200, (), b"hello"))
        found = await PROBE.run(device.visit())
    assert why(found, "ipp.enabled") in {Why.RESET, Why.TLS, Why.GARBLED}
    assert not found.printer


def test_authentication_by_http() -> None:
    challenge = Answer(Response(401, (("www-authenticate", 'Basic realm="x"'),)))
    found = interpret(visit(), challenge, None)
    assert value(found, "ipp.enabled") is True
    assert value(found, "ipp.authentication") is True
    assert why(found, "airprint.enabled") is Why.UNSUPPORTED


@pytest.mark.parametrize("body", [b"", b"\1\1\0\0\0\0\0\1", b"\1" * 40])
def test_a_broken_message_is_refused(body: bytes) -> None:
    with pytest.raises(WireError):
        read_answer(Response(200, IPP, body))
    with pytest.raises(WireError):
        read_answer(Response(200, IPP, b"", cut=True))


@pytest.mark.shared
def test_recorded_printers_are_recognised(shared_data: Path) -> None:
    files = sorted((shared_data / "ipp" / "jipp").rglob("*Get-Printer-Attributes*.bin"))
    assert len(files) >= 20
    for file in files:
        message = decode(file.read_bytes())
        found = interpret(visit(), Answer(Response(200, IPP), message), None)
        assert value(found, "ipp.enabled") is True
        assert found.printer, file.name
        vendor = file.parent.name.split("_")[0].upper()
        known = {"CANON", "HP", "EPSON", "BROTHER"}
        expected = vendor if vendor in known else "HP"
        assert found.identity.vendor.upper() == expected, (file.name, found.identity)
        assert found.identity.model
