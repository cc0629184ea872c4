"""SLP by unicast, as small service agents answer it."""

from __future__ import annotations

from tests.unit.probe.lan import closed_port, see, udp_server
from tests.unit.probe.visits import value, why

from frisket.model.reading import Why
from frisket.probe.base import Sighting
from frisket.probe.slp import PROBE, QUESTIONS
from frisket.proto.slp.wire import (
    Body,
    Message,
    ServiceReply,
    TypeReply,
    TypeRequest,
    Url,
    encode_message,
    read_message,
)

ENABLED = "slp.response.enabled"
AMPLIFICATION = "slp.amplification"
PRINTER = ServiceReply(tuple(Url(f"service:printer:lpr://127.0.0.1/{n}") for n in range(3)))


async def answered(types: Body | None, services: Body | None, shift: int = 0) -> Sighting:
    """Visit an agent that answers the two questions so; `shift` falsifies the number."""
    heard: list[Body] = []

    def answer(data: bytes) -> bytes | None:
        message, _ = read_message(data)
        heard.append(message.body)
        body = types if isinstance(message.body, TypeRequest) else services
        number = message.transaction + shift & 0xFFFF
        return encode_message(Message(body, number)) if body else None

    async with udp_server(answer) as port:
        seen = await see(PROBE, {427: port}, patience=0.4)
    assert set(map(type, heard)) <= set(map(type, QUESTIONS)), "questions only, no SrvReg"
    return seen


async def test_a_refused_port_is_off() -> None:
    seen = await see(PROBE, {427: closed_port()})
    assert value(seen, ENABLED) is False
    assert why(seen, AMPLIFICATION) is Why.REFUSED


async def test_silence_is_not_off() -> None:
    seen = await answered(None, None)
    assert why(seen, ENABLED) is Why.SILENT
    assert why(seen, AMPLIFICATION) is Why.SILENT


async def test_an_agent_that_answers_both() -> None:
    seen = await answered(TypeReply("service:printer:lpr"), PRINTER)
    assert value(seen, ENABLED) is True
    assert seen.facts["slp"] == "service:printer:lpr"
    asked = len(encode_message(Message(QUESTIONS[1], 1)))
    told = len(encode_message(Message(PRINTER, 1)))
    assert value(seen, AMPLIFICATION) == told * 100 // asked, "the larger of the two"


async def test_an_agent_without_types_answers_all_the_same() -> None:
    seen = await answered(None, PRINTER)
    assert value(seen, ENABLED) is True


async def test_a_large_answer_shows() -> None:
    seen = await answered(TypeReply("service:x," * 200), None)
    size = value(seen, AMPLIFICATION)
    assert isinstance(size, int)
    assert size > 5000


async def test_an_error_is_an_answer() -> None:
    assert value(await answered(TypeReply(error=4), None), ENABLED) is True


async def test_an_answer_to_somebody_else_is_none() -> None:
    seen = await answered(TypeReply("service:printer"), PRINTER, shift=1)
    assert why(seen, ENABLED) is Why.GARBLED


async def test_a_question_thrown_back_is_no_answer() -> None:
    async with udp_server(lambda data: data) as port:
        seen = await see(PROBE, {427: port}, patience=0.4)
    assert why(seen, ENABLED) is Why.GARBLED
