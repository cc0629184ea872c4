"""SMTP reception, as scripted servers present it."""

from __future__ import annotations

import pytest
from tests.unit.probe.lan import closed_port, scripted, see, tcp_server
from tests.unit.probe.visits import value, visit, why

from frisket.errors import Silent
from frisket.model.reading import Why
from frisket.probe.smtp import PROBE, interpret
from frisket.proto.reply.wire import Reply

ENABLED = "smtp.receive.enabled"
TLS = "smtp.receive.tls"
EHLO = "EHLO frisket.invalid"


async def test_a_refused_port_is_off() -> None:
    seen = await see(PROBE, {25: closed_port()})
    assert value(seen, ENABLED) is False
    assert why(seen, TLS) is Why.REFUSED


@pytest.mark.parametrize(
    ("reply", "off"),
    [
        ("250-Canon\r\n250 SIZE 1000", True),
        ("250 Canon", True),
        ("502 unknown", True),
        ("250-Canon\r\n250-SIZE 1000\r\n250 STARTTLS", False),
        ("250-Canon\r\n250-starttls\r\n250 8BITMIME", False),
        ("421 later", False),
    ],
)
async def test_tls(reply: str, off: bool) -> None:
    said: list[str] = []
    replies = {EHLO: reply, "QUIT": "221 bye"}
    async with tcp_server(scripted("220 Canonc2b105 ESMTP Ready", replies, said)) as port:
        seen = await see(PROBE, {25: port})
    assert value(seen, ENABLED) is True
    if off:
        assert value(seen, TLS) == "off"
    else:
        assert why(seen, TLS) in {Why.NOT_ASKED, Why.UNSUPPORTED}
    assert said == [EHLO, "QUIT"], "no mail is begun"


def test_a_host_that_takes_no_mail_says_so() -> None:
    seen = interpret(visit(), Reply(554, ("No SMTP service here",)), None)
    assert why(seen, ENABLED) is Why.UNSUPPORTED
    assert why(seen, TLS) is Why.NOT_ASKED


def test_silence_after_the_greeting() -> None:
    seen = interpret(visit(), Reply(220, ("hello",)), Silent("nothing"))
    assert value(seen, ENABLED) is True
    assert why(seen, TLS) is Why.SILENT
