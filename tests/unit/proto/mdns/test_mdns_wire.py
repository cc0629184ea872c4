"""mDNS messages against octets written out by hand from RFC 1035 section 4."""

from __future__ import annotations

import pytest

from frisket.errors import WireError
from frisket.proto.mdns.wire import (
    POINTER,
    Pointer,
    Text,
    encode_question,
    read_answer,
    text_pairs,
)

IPP = b"\x04_ipp\x04_tcp\x05local\x00"
HEAD = b"\x00\x2a\x84\x00\x00\x01\x00\x02\x00\x00\x00\x00"
ANSWER = (
    HEAD
    + (IPP + b"\x00\x0c\x00\x01")
    # PTR at the question's name: label "Hall", then a pointer to offset 12.
    + (b"\xc0\x0c\x00\x0c\x00\x01\x00\x00\x00\x0a\x00\x07\x04Hall\xc0\x0c")
    # TXT at the name just told, offset 12 + 17 + 4 + 12.
    + (b"\xc0\x2d\x00\x10\x80\x01\x00\x00\x00\x0a\x00\x0a\x05ty=MF\x03a=b")
)


def test_a_question_stands_as_in_the_rfc() -> None:
    asked = encode_question(42, (("_ipp._tcp.local.", POINTER),))
    assert asked == b"\x00\x2a\x00\x00\x00\x01" + bytes(6) + IPP + b"\x00\x0c\x00\x01"


def test_an_answer_with_compressed_names() -> None:
    answer = read_answer(ANSWER)
    assert answer.number == 42
    assert answer.pointers == (Pointer("_ipp._tcp.local.", "Hall._ipp._tcp.local."),)
    assert answer.texts == (Text("Hall._ipp._tcp.local.", (b"ty=MF", b"a=b")),)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        ANSWER[:40],
        HEAD + b"\xc0\x0c\x00\x0c\x00\x01",  # a name that points at itself
        ANSWER[:2] + b"\x00\x00" + ANSWER[4:],  # a question
        bytes(9001),
        HEAD[:6] + b"\xff\xff" + ANSWER[8:],
    ],
)
def test_refused(data: bytes) -> None:
    with pytest.raises(WireError):
        read_answer(data)


def test_texts() -> None:
    pairs = text_pairs((b"TY=a=b", b"ty=second", b"flag", b"=nameless", b"n\xff=\xff"))
    assert pairs["ty"] == "a=b"
    assert pairs["flag"] == ""
    assert len(pairs) == 3
