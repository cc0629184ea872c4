import pytest

from frisket.errors import WireError
from frisket.proto.cursor import Incomplete
from frisket.proto.slp import wire as slp
from frisket.proto.slp.wire import Flag, Message, Url

# Octets laid out by hand from the figures of RFC 2608 sections 8.1 and 8.2.
REQUEST = (
    b"\x02\x01\x00\x00\x30\x20\x00\x00\x00\x00\x12\x34\x00\x02en"
    b"\x00\x00\x00\x0fservice:printer\x00\x07default\x00\x00\x00\x00"
)
REPLY = (
    b"\x02\x02\x00\x00\x2e\x00\x00\x00\x00\x00\x12\x34\x00\x02en"
    b"\x00\x00\x00\x01\x00\x00\x3c\x00\x14service:lpr://h:515/\x00"
)
MESSAGES = [
    slp.ServiceRequest("service:printer.lpr", "a,b", "(x=1)", "192.0.2.1", "s"),
    slp.ServiceReply((Url("service:printer:lpr://192.0.2.1", 60), Url("service:x://b"))),
    slp.ServiceReply(error=4),
    slp.AttributeRequest("service:printer:lpr://192.0.2.1", tags="m*"),
    slp.AttributeReply("(model=Acme),duplex"),
    slp.TypeRequest(),
    slp.TypeRequest("canon", "default", "192.0.2.1"),
    slp.TypeReply("service:printer:lpr,service:printer:ipp"),
    slp.DirectoryAdvert("service:directory-agent://192.0.2.9", booted=1_000_000_000),
    slp.ServiceAdvert("service:service-agent://192.0.2.1", attributes="(a=1)"),
]


def test_request_by_hand() -> None:
    message = Message(slp.ServiceRequest("service:printer"), 0x1234, Flag.MULTICAST)
    assert slp.encode_message(message) == REQUEST
    assert slp.read_message(REQUEST) == (message, len(REQUEST))


def test_reply_by_hand() -> None:
    message = Message(slp.ServiceReply((Url("service:lpr://h:515/", 60),)), 0x1234)
    assert slp.encode_message(message) == REPLY
    assert slp.read_message(REPLY + b"next") == (message, len(REPLY))


@pytest.mark.parametrize("body", MESSAGES)
def test_messages(body: slp.Body) -> None:
    message = Message(body, 7, Flag.OVERFLOW, "de")
    octets = slp.encode_message(message)
    assert slp.read_message(octets) == (message, len(octets))
    for length in range(len(octets)):
        with pytest.raises(Incomplete):
            slp.read_message(octets[:length])


def test_authentication_and_extensions_are_skipped() -> None:
    block = b"\0\2\0\x0e" + bytes(10)
    signed = REPLY[:-1] + b"\1" + block + b"\x80\0\0\0\0extension"
    extension_at = len(REPLY) + len(block)
    octets = (
        signed[:2]
        + len(signed).to_bytes(3, "big")
        + signed[5:7]
        + extension_at.to_bytes(3, "big")
        + signed[10:]
    )
    message, used = slp.read_message(octets)
    assert used == len(octets)
    assert message.body == slp.ServiceReply((Url("service:lpr://h:515/", 60),))


def test_error_may_cut_the_reply_off() -> None:
    octets = bytearray(REPLY[:18])
    octets[4] = 18
    octets[17] = 4
    assert slp.read_message(bytes(octets))[0].body == slp.ServiceReply((), 4)


@pytest.mark.parametrize(
    ("place", "octets"),
    [
        (0, b"\1"),
        (1, b"\3"),
        (1, b"\xff"),
        (2, b"\xff\xff\xff"),
        (2, b"\0\0\1"),
        (7, b"\0\0\1"),
        (7, b"\0\xff\xff"),
        (18, b"\xff\xff"),
        (23, b"\xff\xff"),
        (45, b"\7"),
    ],
)
def test_refusals(place: int, octets: bytes) -> None:
    hostile = bytearray(REPLY)
    hostile[place : place + len(octets)] = octets
    with pytest.raises(WireError) as caught:
        slp.read_message(bytes(hostile))
    assert not isinstance(caught.value, Incomplete)


def test_attributes() -> None:
    # RFC 2608 section 5, with an escape and a keyword.
    text = r"(Name=Igore),(Paper=A4, A3),Color,(Note=a\2c b)"
    read = slp.read_attributes(text)
    assert read == {"Name": ("Igore",), "Paper": ("A4", "A3"), "Color": (), "Note": ("a, b",)}
    assert slp.read_attributes(slp.spell_attributes(read)) == read
    for wrong in ("(a=1", "(a)", "(a=1)b", "(a=1),(b"):
        with pytest.raises(WireError):
            slp.read_attributes(wrong)
    with pytest.raises(WireError, match="more than 2"):
        slp.read_attributes("a,b,c", max_attributes=2)
