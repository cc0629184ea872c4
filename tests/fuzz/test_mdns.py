"""Any bytes are an mDNS response or a `WireError`; what is spelt is read back."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from frisket.errors import WireError
from frisket.proto.mdns.wire import (
    POINTER,
    Answer,
    Pointer,
    Text,
    encode_answer,
    encode_question,
    read_answer,
    text_pairs,
)

LABELS = st.lists(st.text("abc-_", min_size=1, max_size=12), min_size=1, max_size=4)
NAMES = LABELS.map(lambda labels: ".".join([*labels, "local."]))
POINTERS = st.builds(Pointer, NAMES, NAMES)
TEXTS = st.builds(Text, NAMES, st.lists(st.binary(min_size=1, max_size=60), max_size=5).map(tuple))
ANSWERS = st.builds(
    Answer,
    st.integers(0, 0xFFFF),
    st.lists(POINTERS, max_size=5).map(tuple),
    st.lists(TEXTS, max_size=3).map(tuple),
)


def reads(data: bytes) -> None:
    try:
        answer = read_answer(data)
    except WireError:
        return
    assert len(answer.pointers) + len(answer.texts) + answer.others <= 256
    for text in answer.texts:
        text_pairs(text.strings)


@given(st.binary(max_size=120))
def test_value_or_wire_error(data: bytes) -> None:
    reads(data)
    reads(b"\0\1\x84\0\0\0\0\3\0\0\0\0" + data)


@given(ANSWERS, st.data())
def test_mutated(answer: Answer, data: st.DataObject) -> None:
    octets = bytearray(encode_answer(answer))
    for _ in range(data.draw(st.integers(1, 4))):
        octets[data.draw(st.integers(0, len(octets) - 1))] = data.draw(st.integers(0, 255))
    reads(bytes(octets[: data.draw(st.integers(0, len(octets)))]))


@given(ANSWERS)
def test_round_trip(answer: Answer) -> None:
    assert read_answer(encode_answer(answer)) == answer


@given(st.text(max_size=80), st.integers(-1, 0x10000))
def test_any_name_is_asked_or_refused(name: str, number: int) -> None:
    try:
        asked = encode_question(number, ((name, POINTER),))
    except WireError:
        return
    assert len(asked) >= 12
