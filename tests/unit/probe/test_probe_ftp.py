"""FTP printing, as scripted servers present it."""

from __future__ import annotations

import pytest
from tests.unit.probe.lan import closed_port, scripted, see, tcp_server
from tests.unit.probe.visits import only, value, visit, why

from frisket.errors import Reset, Silent
from frisket.model.reading import Known, Why
from frisket.probe.ftp import PROBE, Answers, interpret, lists_tls
from frisket.proto.reply.wire import Reply

ENABLED = "ftp.print.enabled"
TLS = "ftp.tls-offered"
AUTHENTICATION = "ftp.print.authentication"
# What an imageRUNNER says (nmap's service probes).
CANON = "220 Connection established."
LEAVE = {"QUIT": "221 Goodbye."}


async def test_a_refused_port_is_off() -> None:
    seen = await see(PROBE, {21: closed_port()})
    assert value(seen, ENABLED) is False
    assert why(seen, TLS) is Why.REFUSED
    assert why(seen, AUTHENTICATION) is Why.REFUSED


async def test_a_device_without_tls_is_asked_no_name_and_left_politely() -> None:
    said: list[str] = []
    async with tcp_server(scripted(CANON, LEAVE, said)) as port:
        seen = await see(PROBE, {21: port})
    assert value(seen, ENABLED) is True
    assert value(seen, TLS) is False
    assert why(seen, AUTHENTICATION) is Why.NOT_ASKED
    assert said == ["FEAT", "AUTH TLS", "QUIT"]
    assert "Connection established" in seen.facts["ftp"]


async def test_features_that_list_tls_spare_the_handshake() -> None:
    said: list[str] = []
    features = {"FEAT": "211-Features:\r\n AUTH TLS\r\n UTF8\r\n211 End", **LEAVE}
    async with tcp_server(scripted("220-Welcome\r\n220 here", features, said)) as port:
        seen = await see(PROBE, {21: port})
    assert value(seen, TLS) is True
    assert said == ["FEAT", "QUIT"]


@pytest.mark.parametrize(
    ("login", "expected"),
    [
        ({"USER anonymous": "230 in"}, False),
        ({"USER anonymous": "331 password", "PASS audit@frisket.invalid": "230 in"}, False),
        ({"USER anonymous": "530 no"}, True),
        ({"USER anonymous": "331 password", "PASS audit@frisket.invalid": "530 no"}, True),
        ({"USER anonymous": "421 busy"}, None),
    ],
)
async def test_one_anonymous_login_where_it_is_allowed(
    login: dict[str, str], expected: bool | None
) -> None:
    said: list[str] = []
    async with tcp_server(scripted(CANON, login | LEAVE, said)) as port:
        seen = await see(PROBE, {21: port}, anonymous_ftp=True)
    reading = only(seen, AUTHENTICATION)
    assert (reading.value if isinstance(reading, Known) else None) is expected
    assert said.count("USER anonymous") == 1
    assert said[-1] == "QUIT"


async def test_a_refusal_where_tls_is_offered_does_not_say_why() -> None:
    replies = {"FEAT": "211-Features\r\n AUTH TLS\r\n211 End", "USER anonymous": "530 no"} | LEAVE
    async with tcp_server(scripted(CANON, replies, [])) as port:
        seen = await see(PROBE, {21: port}, anonymous_ftp=True)
    assert why(seen, AUTHENTICATION) is Why.UNSUPPORTED


async def test_a_busy_server_is_there_and_asked_nothing() -> None:
    said: list[str] = []
    async with tcp_server(scripted("421 Too many users", LEAVE, said)) as port:
        seen = await see(PROBE, {21: port}, anonymous_ftp=True)
    assert value(seen, ENABLED) is True
    assert why(seen, TLS) is Why.NOT_ASKED
    assert said == ["QUIT"]


async def test_what_does_not_speak_ftp_is_not_said_to() -> None:
    said: list[str] = []
    async with tcp_server(scripted("SSH-2.0-OpenSSH_9", LEAVE, said)) as port:
        seen = await see(PROBE, {21: port})
    assert why(seen, ENABLED) is Why.GARBLED
    assert said == []


def test_a_cut_conversation_leaves_the_rest_unread() -> None:
    seen = interpret(visit(), Answers(Reply(220), Reset("cut"), Reset("cut"), Silent("no")))
    assert value(seen, ENABLED) is True
    assert why(seen, TLS) is Why.RESET
    assert why(seen, AUTHENTICATION) is Why.SILENT


def test_a_refusal_for_a_while_is_no_answer() -> None:
    seen = interpret(visit(), Answers(Reply(220), Reply(500), Reply(431, ("later",))))
    assert why(seen, TLS) is Why.UNSUPPORTED


def test_only_a_listing_lists_tls() -> None:
    assert lists_tls(Reply(211, ("Features", " AUTH SSL;TLS", "End")))
    assert not lists_tls(Reply(211, ("Features", " PBSZ", " TLS", "End")))
    assert not lists_tls(Reply(530, ("AUTH TLS first",)))
