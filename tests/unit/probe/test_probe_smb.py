"""SMB: dialects and signatures, as a server of chosen dialects presents them."""

from __future__ import annotations

import asyncio

import pytest
from tests.unit.probe.lan import Talk, closed_port, see, tcp_server
from tests.unit.probe.visits import value, visit, why

from frisket.errors import Reset, Silent
from frisket.model.reading import Why
from frisket.probe.smb import ASKED, PROBE, interpret
from frisket.proto.smb import wire
from frisket.proto.smb.messages import Declined, Negotiated, NegotiateOne, NegotiateTwo, unframe
from frisket.proto.smb.names import NTLM_HINT, Dialect, Status

ENABLED = "smb.server.enabled"
DIALECTS = "smb.server.dialects"
SIGNATURE = "smb.server.require-signature"


def server(taken: set[Dialect], seen: list[object], *, signing: bool, polite: bool = True) -> Talk:
    """Return a server that agrees to `taken`, and declines or hangs up on the rest."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        data = b""
        while (packet := unframe(data)) is None:
            more = await reader.read(4096)
            if not more:
                return
            data += more
        request = wire.read_request(packet.payload)
        seen.append(request)
        if isinstance(request, NegotiateOne):
            if Dialect.SMB_1 in taken:
                index = request.dialects.index("NT LM 0.12")
                writer.write(
                    wire.answer_1(
                        request, index, guid=bytes(16), security=NTLM_HINT, signing_required=signing
                    )
                )
            return
        assert isinstance(request, NegotiateTwo)
        assert len(request.dialects) == 1
        if request.dialects[0] in taken:
            writer.write(
                wire.answer_2(
                    request,
                    request.dialects[0],
                    guid=bytes(16),
                    salt=bytes(32),
                    security=NTLM_HINT,
                    signing_required=signing,
                    encryption=True,
                )
            )
        elif polite:
            writer.write(wire.answer_error(request, Status.NOT_SUPPORTED))

    return talk


async def test_both_ports_refused_is_off() -> None:
    seen = await see(PROBE, {445: closed_port(), 139: closed_port()})
    assert value(seen, ENABLED) is False
    assert why(seen, DIALECTS) is Why.REFUSED


async def test_netbios_alone_is_left_unread() -> None:
    async with tcp_server(server(set(), [], signing=False)) as port:
        seen = await see(PROBE, {445: closed_port(), 139: port})
    assert why(seen, ENABLED) is Why.NOT_ASKED


@pytest.mark.parametrize("polite", [True, False])
@pytest.mark.parametrize("signing", [True, False])
@pytest.mark.parametrize(
    ("taken", "names"),
    [
        ({Dialect.SMB_1, Dialect.SMB_2_0_2}, ("SMB1", "SMB2.0.2")),
        ({Dialect.SMB_2_1, Dialect.SMB_3_0}, ("SMB2.1", "SMB3.0")),
        ({Dialect.SMB_3_0_2, Dialect.SMB_3_1_1}, ("SMB3.0.2", "SMB3.1.1")),
    ],
)
async def test_a_server(
    taken: set[Dialect], names: tuple[str, ...], *, signing: bool, polite: bool
) -> None:
    asked: list[object] = []
    async with tcp_server(server(taken, asked, signing=signing, polite=polite)) as port:
        seen = await see(PROBE, {445: port})
    assert value(seen, ENABLED) is True
    assert value(seen, DIALECTS) == names
    assert value(seen, SIGNATURE) is signing
    assert len(asked) == len(ASKED), "one connection a dialect"


async def test_something_else_on_the_port() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 no SMB here\r\n")
        await reader.read()

    async with tcp_server(talk) as port:
        seen = await see(PROBE, {445: port})
    assert why(seen, ENABLED) is Why.GARBLED


def test_one_lax_dialect_is_the_way_in() -> None:
    strict = Negotiated(Dialect.SMB_3_1_1, signing_enabled=True, signing_required=True)
    lax = Negotiated(Dialect.SMB_1, signing_enabled=True, signing_required=False)
    seen = interpret(visit(), {Dialect.SMB_1: lax, Dialect.SMB_3_1_1: strict})
    assert value(seen, SIGNATURE) is False


def test_silence_about_one_dialect_leaves_the_set_unread() -> None:
    taken = Negotiated(Dialect.SMB_3_1_1, signing_enabled=True, signing_required=True)
    seen = interpret(visit(), {Dialect.SMB_1: Silent("nothing"), Dialect.SMB_3_1_1: taken})
    assert value(seen, ENABLED) is True
    assert why(seen, DIALECTS) is Why.SILENT


def test_a_server_that_declines_everything_is_still_one() -> None:
    seen = interpret(visit(), {Dialect.SMB_2_1: Declined(0xC00000BB), Dialect.SMB_1: Reset("cut")})
    assert value(seen, ENABLED) is True
    assert why(seen, DIALECTS) is Why.UNSUPPORTED


def test_hanging_up_on_everything_is_no_smb() -> None:
    seen = interpret(visit(), dict.fromkeys(ASKED, Reset("cut")))
    assert why(seen, ENABLED) is Why.RESET
