"""Any bytes are a numbered reply or a `WireError`."""

from hypothesis import given
from hypothesis import strategies as st

from frisket.errors import WireError
from frisket.proto.reply.wire import Reply, encode_reply, read_reply

PIECES = [b"220", b"-", b" ", b"\r\n", b"\n", b"x", b"220-", b"220 ", b"\xff", b"\0", b"999"]


@given(st.binary(max_size=80) | st.lists(st.sampled_from(PIECES)).map(b"".join))
def test_value_or_wire_error(data: bytes) -> None:
    try:
        reply, used = read_reply(data)
    except WireError:
        return
    assert 0 < used <= len(data)
    assert 100 <= reply.code < 600


@given(st.integers(100, 599), st.lists(st.text("ab 2-é", max_size=9), min_size=1, max_size=5))
def test_round_trip(code: int, lines: list[str]) -> None:
    reply = Reply(code, tuple(lines))
    octets = encode_reply(reply)
    assert read_reply(octets) == (reply, len(octets))
