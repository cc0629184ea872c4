"""SLP on UDP port 427: whether it answers by unicast, and with how much.

Two questions, for service types and for printers. Registrations (SrvReg) are never sent.
"""

from __future__ import annotations

from dataclasses import dataclass

from frisket.errors import FrisketError, LinkError, Refused, WireError
from frisket.model.reading import Readings
from frisket.probe.absent import absent
from frisket.probe.base import Probe, Sighting, Visit
from frisket.probe.datagram import Heard, ask
from frisket.probe.identity import clean
from frisket.proto.slp.wire import (
    Body,
    Message,
    ServiceReply,
    ServiceRequest,
    TypeReply,
    TypeRequest,
    encode_message,
    read_message,
)

VIA = "slp"
PORT = 427
ENABLED = "slp.response.enabled"
AMPLIFICATION = "slp.amplification"
KEYS = frozenset({ENABLED, AMPLIFICATION})
QUESTIONS: tuple[Body, ...] = (TypeRequest(), ServiceRequest("service:printer"))


@dataclass(frozen=True, slots=True)
class Answer:
    """What one question brought: the datagrams, and the message in the first of them."""

    heard: Heard
    message: Message

    @property
    def in_words(self) -> str:
        """Return what was offered, for a person."""
        body = self.message.body
        if isinstance(body, TypeReply):
            return body.types
        return ", ".join(url.url for url in body.urls) if isinstance(body, ServiceReply) else ""


def read_reply(heard: Heard, transaction: int) -> Answer:
    """Read the first datagram as the reply to `transaction`. Raises `WireError`."""
    message, _ = read_message(heard.answers[0])
    if message.transaction != transaction:
        raise WireError("an SLP reply to another question")
    if isinstance(message.body, ServiceRequest | TypeRequest):
        raise WireError("an SLP request instead of a reply")
    return Answer(heard, message)


def interpret(visit: Visit, answers: tuple[Answer | FrisketError, ...]) -> Sighting:
    """Judge what each question brought. A service agent may leave a question it lacks alone."""
    found = [answer for answer in answers if isinstance(answer, Answer)]
    if not found:
        fault = answers[0]
        assert isinstance(fault, FrisketError)
        return absent(visit, fault, VIA, [ENABLED], [AMPLIFICATION])
    worst = max(found, key=lambda answer: answer.heard.amplification)
    offered = clean(next((a.in_words for a in found if a.in_words), ""), 200)
    readings = {
        ENABLED: visit.known(True, VIA, f"port {PORT}/udp answers SLP"),
        AMPLIFICATION: visit.known(worst.heard.amplification, VIA, worst.heard.in_words),
    }
    return Sighting(Readings.single(readings), facts={"slp": offered or "answers"})


async def run(visit: Visit) -> Sighting:
    """Put the questions one after the other."""
    answers: list[Answer | FrisketError] = []
    for body in QUESTIONS:
        transaction = visit.dialer.random.randrange(1, 0x10000)
        try:
            heard = await ask(visit, PORT, encode_message(Message(body, transaction)))
            answers.append(read_reply(heard, transaction))
        except (LinkError, WireError) as fault:
            answers.append(fault)
            if isinstance(fault, Refused):
                break
    return interpret(visit, tuple(answers))


PROBE = Probe(name="slp", reads=KEYS, run=run)
