"""One question by UDP, and all that comes back."""

from __future__ import annotations

from dataclasses import dataclass

from frisket.errors import Silent
from frisket.probe.base import Visit

# WS-Discovery and SLP answer within half a second of the question, or with more than one datagram.
GATHER = 0.7
MOST = 32


@dataclass(frozen=True, slots=True)
class Heard:
    """What came back: the size of one question in octets, and the answers; at least one."""

    asked: int
    answers: tuple[bytes, ...]

    @property
    def amplification(self) -> int:
        """Return the octets of all answers in percent of one question, at most 100000."""
        return min(100_000, sum(map(len, self.answers)) * 100 // self.asked)

    @property
    def in_words(self) -> str:
        """Return the sizes for a person."""
        total = sum(map(len, self.answers))
        return f"{self.asked} octets asked, {total} octets in {len(self.answers)} answers"


async def ask(visit: Visit, port: int, question: bytes) -> Heard:
    """Send one datagram to the target's `port` and gather the answers.

    Sent a second time after silence, for a waking device loses the first packet. Raises `Silent`,
    `Refused` (ICMP port unreachable), `Unreachable`, `BudgetSpent`.
    """
    socket = await visit.dialer.udp(port)
    try:
        await socket.send(question)
        try:
            answers = [await socket.receive(visit.options.patience * 0.4)]
        except Silent:
            await socket.send(question)
            answers = [await socket.receive(visit.options.patience * 0.6)]
        while len(answers) < MOST:
            try:
                answers.append(await socket.receive(min(GATHER, visit.options.patience)))
            except Silent:
                break
        return Heard(len(question), tuple(answers))
    finally:
        socket.close()
