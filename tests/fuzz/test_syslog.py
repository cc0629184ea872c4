"""Any octets are a syslog message or a `WireError`."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frisket.errors import WireError
from frisket.proto.cursor import Incomplete
from frisket.proto.syslog import wire as syslog
from frisket.proto.syslog.wire import Message

PIECES = [
    *(b"<34>1 ", b"<191>1", b"<192>1 ", b" ", b"-", b"- - - - - ", b"[", b"]", b'a@1 b="c"', b'"'),
    *(b"\\", b"=", b"\xef\xbb\xbf", b"\xff", b"12 ", b"x"),
]
WORD = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=12)
NAME = WORD.map(lambda s: s.translate(str.maketrans('="]', "xyz")))
TEXT = st.text(st.characters(blacklist_categories=["Cs"]), max_size=20)
MESSAGES = st.builds(
    Message,
    facility=st.integers(0, 23),
    severity=st.integers(0, 7),
    timestamp=WORD,
    host=WORD,
    application=WORD,
    process=WORD,
    identifier=WORD,
    data=st.dictionaries(NAME, st.dictionaries(NAME, TEXT, max_size=3), max_size=3),
    text=TEXT.filter(lambda t: not t.startswith("\ufeff")),
)


@given(st.binary(max_size=80) | st.lists(st.sampled_from(PIECES)).map(b"".join))
def test_value_or_wire_error(data: bytes) -> None:
    for read in (syslog.decode, syslog.unframe):
        try:
            read(data)
        except WireError:
            continue


@given(MESSAGES)
def test_what_is_written_is_read(message: Message) -> None:
    octets = syslog.encode(message)
    assert syslog.decode(octets) == message
    assert syslog.unframe(syslog.frame(octets) + b"7 rest") == (octets, len(syslog.frame(octets)))


@given(MESSAGES, st.integers(0, 200), st.integers(0, 255))
def test_a_spoiled_message_is_read_or_refused(message: Message, at: int, octet: int) -> None:
    octets = bytearray(syslog.encode(message))
    octets[at % len(octets)] = octet
    try:
        syslog.decode(bytes(octets))
    except WireError:
        return


@given(MESSAGES, st.integers(0, 10_000))
def test_a_part_waits_for_the_rest(message: Message, cut: int) -> None:
    octets = syslog.frame(syslog.encode(message))
    with pytest.raises(Incomplete):
        syslog.unframe(octets[: cut % len(octets)])


def test_an_example_of_the_standard() -> None:
    """RFC 5424 section 6.5, example 3."""
    octets = (
        b"<165>1 2003-10-11T22:14:15.003Z mymachine.example.com evntslog - ID47 "
        b'[exampleSDID@32473 iut="3" eventSource="Application" eventID="1011"] '
        b"\xef\xbb\xbfAn application event log entry..."
    )
    message = syslog.decode(octets)
    assert (message.facility, message.severity) == (20, 5)
    assert message.data["exampleSDID@32473"]["eventSource"] == "Application"
    assert syslog.encode(message) == octets
