"""Any bytes are a SIP message or a `WireError`."""

from hypothesis import given
from hypothesis import strategies as st

from frisket.errors import WireError
from frisket.proto.sip import wire as sip
from frisket.proto.sip.wire import Request, Response

PIECES = [
    *(b"OPTIONS sip:a SIP/2.0", b"SIP/2.0 200 OK", b"\r\n", b"\r\n\r\n", b" ", b"\t", b":", b";"),
    *(b"v: SIP/2.0/UDP h;branch=1", b"l: 3", b"l: 0", b"CSeq: 1 ACK", b"t: <sip:a>", b"\xff", b'"'),
    *(b"<", b",", b"\\", b"Via", b"/", b"=", b"abc"),
]


def exercise(message: Request | Response) -> None:
    for read in (lambda: message.vias, lambda: message.sequence):
        try:
            read()
        except WireError:
            continue
    message.tag("To")
    if isinstance(message, Request):
        try:
            sip.encode(sip.answer(message, 200, source=("192.0.2.1", 5060), tag="t"))
        except WireError:
            return


@given(st.binary(max_size=120) | st.lists(st.sampled_from(PIECES)).map(b"".join))
def test_value_or_wire_error(data: bytes) -> None:
    try:
        exercise(sip.read_datagram(data))
        exercise(sip.read_stream(data)[0])
    except WireError:
        return


VALUE = st.text('abé;,:<>"=1', max_size=12)
HEADERS = st.lists(st.tuples(st.sampled_from(["To", "X-A", "Via", "CSeq"]), VALUE), max_size=5)


@given(HEADERS.map(tuple), st.binary(max_size=30), st.integers(100, 699), st.booleans())
def test_round_trip(
    headers: tuple[tuple[str, str], ...], body: bytes, status: int, asks: bool
) -> None:
    message: Request | Response
    if asks:
        message = Request(headers, body, "REGISTER", "sip:registrar.example")
    else:
        message = Response(headers, body, status, "Some reason")
    octets = sip.encode(message)
    assert sip.read_datagram(octets) == message
    assert sip.read_stream(octets) == (message, len(octets))
