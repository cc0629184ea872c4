"""Any bytes are a WSD message or a `WireError`."""

import contextlib

from hypothesis import given
from hypothesis import strategies as st

from frisket.errors import WireError
from frisket.proto.wsd import wire as wsd
from frisket.proto.wsd.wire import Description, Device, Envelope, Hosted

WORD = st.text("aé:/<&>'\"1", min_size=1, max_size=8)
NAME = st.tuples(st.sampled_from(["urn:a", "urn:<b>&"]), st.text("abc", min_size=1))
NAMES = st.lists(NAME, max_size=3).map(tuple)
WORDS = st.lists(WORD, max_size=3).map(tuple)
DEVICES = st.builds(Device, WORD, NAMES, WORDS, WORDS, st.integers(0, 2**32 - 1))
BODIES = st.one_of(
    st.builds(wsd.Probe, NAMES, WORDS),
    st.builds(wsd.ProbeMatches, st.lists(DEVICES, max_size=3).map(tuple)),
    st.builds(wsd.Resolve, WORD),
    st.builds(wsd.ResolveMatches, st.none() | DEVICES),
    st.builds(wsd.Hello, DEVICES),
    st.builds(wsd.Bye, DEVICES),
    st.just(wsd.Get()),
    st.builds(
        Description,
        *[WORD] * 9,
        st.lists(st.builds(Hosted, WORD, NAMES, WORD), max_size=3).map(tuple),
    ),
)
ENVELOPES = st.builds(Envelope, BODIES, WORD, WORD, WORD, WORD, st.none() | st.just((1, 2)))


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    data = bytearray(wsd.encode_envelope(draw(ENVELOPES)))
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.integers(0, len(data) - 1))
        data[place : place + draw(st.integers(0, 30))] = draw(st.binary(max_size=3))
    return bytes(data)


@given(st.binary(max_size=80) | mutated())
def test_value_or_wire_error(data: bytes) -> None:
    with contextlib.suppress(WireError):
        wsd.read_envelope(data)


@given(ENVELOPES)
def test_round_trip(envelope: Envelope) -> None:
    assert wsd.read_envelope(wsd.encode_envelope(envelope)) == envelope
