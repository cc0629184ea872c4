"""Any bytes are an SLP message or a `WireError`."""

import contextlib

from hypothesis import given
from hypothesis import strategies as st

from frisket.errors import WireError
from frisket.proto.slp import wire as slp
from frisket.proto.slp.wire import Flag, Message, Url

TEXT = st.text(max_size=12)
BODIES = st.one_of(
    st.builds(slp.ServiceRequest, TEXT, TEXT, TEXT, TEXT, TEXT),
    st.builds(
        slp.ServiceReply,
        st.lists(st.builds(Url, TEXT, st.integers(0, 65535)), max_size=4).map(tuple),
        st.just(0),
    ),
    st.builds(slp.AttributeRequest, TEXT, TEXT, TEXT, TEXT, TEXT),
    st.builds(slp.AttributeReply, TEXT, st.integers(0, 65535)),
    st.builds(slp.TypeRequest, st.none() | TEXT, TEXT, TEXT),
    st.builds(slp.TypeReply, TEXT, st.integers(0, 65535)),
    st.builds(slp.DirectoryAdvert, TEXT, TEXT, TEXT, TEXT, st.integers(0, 2**32 - 1)),
    st.builds(slp.ServiceAdvert, TEXT, TEXT, TEXT),
)
MESSAGES = st.builds(
    Message, BODIES, st.integers(0, 65535), st.sampled_from([Flag.NONE, Flag.MULTICAST]), TEXT
)


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    data = bytearray(slp.encode_message(draw(MESSAGES)))
    for _ in range(draw(st.integers(1, 4))):
        data[draw(st.integers(0, len(data) - 1))] = draw(st.integers(0, 255))
    return bytes(data)


@given(st.binary(max_size=80) | mutated())
def test_value_or_wire_error(data: bytes) -> None:
    with contextlib.suppress(WireError):
        slp.read_message(data)


@given(MESSAGES)
def test_round_trip(message: Message) -> None:
    octets = slp.encode_message(message)
    assert slp.read_message(octets) == (message, len(octets))


@given(st.text("(),=\\2caé ", max_size=30))
def test_attributes(text: str) -> None:
    try:
        read = slp.read_attributes(text)
    except WireError:
        return
    assert all(isinstance(value, str) for values in read.values() for value in values)
