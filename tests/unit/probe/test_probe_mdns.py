"""mDNS by unicast, as small responders answer it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from tests.unit.probe.lan import closed_port, see, udp_server
from tests.unit.probe.visits import value, visit, why
from zeroconf import DNSIncoming  # type: ignore[attr-defined]

from frisket.model.reading import Why
from frisket.probe.mdns import IPP, PROBE, SERVICES, UNIVERSAL, collect, interpret
from frisket.proto.mdns.wire import Answer, Pointer, Text, encode_answer

IPV4 = "mdns.ipv4.enabled"
IPV6 = "mdns.ipv6.enabled"
AIRPRINT = "airprint.enabled"
MOPRIA = "mopria.enabled"
NAME = f"iR-ADV C3325.{IPP}"
TEXT = Text(
    NAME,
    (
        *(b"txtvers=1", b"rp=ipp/print", b"ty=Canon iR-ADV C3325", b"note=2nd floor"),
        *(b"URF=V1.4,CP1,W8", b"mopria-certified=1.3"),
    ),
)
WHOLE = Answer(0, (Pointer(SERVICES, IPP), Pointer(IPP, NAME), Pointer(UNIVERSAL, NAME)), (TEXT,))


def responder(*answers: Answer, asked: list[list[str]]) -> Callable[[bytes], bytes | None]:
    """Return a responder that gives these answers in turn, numbered like the questions."""
    waiting = list(answers)

    def answer(data: bytes) -> bytes | None:
        question = DNSIncoming(data)
        asked.append([q.name for q in question.questions])
        return encode_answer(replace(waiting.pop(0), number=question.id)) if waiting else None

    return answer


async def test_a_refused_port_is_off() -> None:
    seen = await see(PROBE, {5353: closed_port()})
    assert value(seen, IPV4) is False
    assert why(seen, IPV6) is Why.NOT_ASKED
    assert why(seen, AIRPRINT) is Why.REFUSED, "AirPrint is not mDNS"


async def test_silence_is_not_off() -> None:
    async with udp_server(lambda _: None) as port:
        seen = await see(PROBE, {5353: port}, patience=0.2)
    assert why(seen, IPV4) is Why.SILENT


async def test_a_printer_that_tells_all_at_once() -> None:
    asked: list[list[str]] = []
    async with udp_server(responder(WHOLE, asked=asked)) as port:
        seen = await see(PROBE, {5353: port}, patience=0.4)
    assert value(seen, IPV4) is True
    assert value(seen, AIRPRINT) is True
    assert value(seen, MOPRIA) is True
    assert why(seen, IPV6) is Why.NOT_ASKED
    assert (seen.identity.vendor, seen.identity.model) == ("Canon", "iR-ADV C3325")
    assert seen.identity.location == "2nd floor"
    assert asked == [[SERVICES, IPP, UNIVERSAL]]


async def test_a_text_that_did_not_come_along_is_asked_for_once() -> None:
    asked: list[list[str]] = []
    first, second = replace(WHOLE, texts=()), Answer(0, (), (TEXT,))
    async with udp_server(responder(first, second, asked=asked)) as port:
        seen = await see(PROBE, {5353: port}, patience=0.4)
    assert value(seen, MOPRIA) is True
    assert asked[1] == [NAME]
    async with udp_server(responder(first, asked=[])) as port:
        seen = await see(PROBE, {5353: port}, patience=0.4)
    assert value(seen, AIRPRINT) is True
    assert why(seen, MOPRIA) is Why.UNSUPPORTED


async def test_an_answer_to_another_question_is_none() -> None:
    async with udp_server(lambda _: encode_answer(replace(WHOLE, number=0xFFFF))) as port:
        seen = await see(PROBE, {5353: port}, patience=0.4)
    assert why(seen, IPV4) is Why.GARBLED


async def test_a_question_thrown_back_is_no_answer() -> None:
    async with udp_server(lambda data: data) as port:
        seen = await see(PROBE, {5353: port}, patience=0.4)
    assert why(seen, IPV4) is Why.GARBLED


def test_over_ipv6_it_speaks_of_ipv6() -> None:
    seen = interpret(visit(), collect([WHOLE]), six=True)
    assert value(seen, IPV6) is True
    assert why(seen, IPV4) is Why.NOT_ASKED


@pytest.mark.parametrize("certified", [b"mopria-certified=0", b"mopria-certified", b"x=1"])
def test_no_certificate_is_no_mopria(certified: bytes) -> None:
    answer = replace(WHOLE, pointers=WHOLE.pointers[:2], texts=(Text(NAME, (certified,)),))
    seen = interpret(visit(), collect([answer]), six=False)
    assert why(seen, MOPRIA) is Why.UNSUPPORTED
    assert why(seen, AIRPRINT) is Why.UNSUPPORTED


def test_a_print_servers_queue_is_not_who_the_server_is() -> None:
    queue = Text(NAME, (b"rp=printers/hall", b"ty=Canon iR-ADV C3325"))
    assert not interpret(visit(), collect([replace(WHOLE, texts=(queue,))]), six=False).identity
