"""A message in pieces, in drops, without end."""

from __future__ import annotations

import pytest
from tests.unit.probe.lan import visit_at

from frisket.errors import Reset, Silent, WireError
from frisket.probe.arriving import read_message
from frisket.proto.reply.wire import Reply, read_reply


class Drops:
    """A stream that gives the same piece over and over, `times` at most, at once."""

    def __init__(self, piece: bytes, times: int) -> None:
        self.piece = piece
        self.times = times
        self.timeouts: list[float] = []

    async def read(self, timeout: float) -> bytes:
        """Return a piece, then the end."""
        self.timeouts.append(timeout)
        self.times -= 1
        return self.piece if self.times >= 0 else b""

    async def write(self, data: bytes, timeout: float = 10.0) -> None:
        """Take nothing."""

    def close(self) -> None:
        """Close."""


async def test_pieces_make_a_message_and_the_rest_is_kept() -> None:
    stream = Drops(b"20 x\r\n2", 2)
    reply, rest = await read_message(visit_at({}), stream, b"2", read_reply)
    assert reply == Reply(220, ("x",))
    assert rest == b"2"
    reply, rest = await read_message(visit_at({}), stream, rest, read_reply)
    assert reply == Reply(220, ("x",))


async def test_an_end_before_the_end() -> None:
    with pytest.raises(Reset):
        await read_message(visit_at({}), Drops(b"22", 1), b"", read_reply)


async def test_a_message_without_end() -> None:
    def never(data: bytes) -> tuple[Reply, int]:
        return read_reply(data, max_line=1 << 30)

    with pytest.raises(WireError, match="more than"):
        await read_message(visit_at({}), Drops(b"2" * 1000, 1000), b"", never)


async def test_drops_are_not_waited_for_for_ever() -> None:
    stream = Drops(b"2", 1 << 30)
    with pytest.raises(Silent):
        await read_message(visit_at({}, patience=0.0), stream, b"", read_reply)
    assert not stream.timeouts
