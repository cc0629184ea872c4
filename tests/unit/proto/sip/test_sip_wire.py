import pytest

from frisket.errors import WireError
from frisket.proto.cursor import Incomplete
from frisket.proto.sip import wire as sip
from frisket.proto.sip.fields import Via, read_cseq, read_via
from frisket.proto.sip.wire import Request, Response

# RFC 3261 section 24.2, message F1 without its session description, and section 11.1's OPTIONS.
INVITE = (
    b"INVITE sip:bob@biloxi.com SIP/2.0\r\n"
    b"Via: SIP/2.0/UDP pc33.atlanta.com;branch=z9hG4bKnashds8\r\n"
    b"Max-Forwards: 70\r\n"
    b"To: Bob <sip:bob@biloxi.com>\r\n"
    b"From: Alice <sip:alice@atlanta.com>;tag=1928301774\r\n"
    b"Call-ID: a84b4c76e66710\r\n"
    b"CSeq: 314159 INVITE\r\n"
    b"Contact: <sip:alice@pc33.atlanta.com>\r\n"
    b"Content-Type: application/sdp\r\n"
    b"Content-Length: 3\r\n\r\nv=0"
)

# RFC 4475 section 3.1.1.1, a short tortuous INVITE.
TORTUOUS = (
    b"""INVITE sip:vivekg@chair-dnrc.example.com;unknownparam SIP/2.0
TO :
 sip:vivekg@chair-dnrc.example.com ;   tag    = 1918181833n
from   : "J Rosenberg \\\\\\""       <sip:jdrosen@example.com>
  ;
  tag = 98asjd8
MaX-fOrWaRdS: 0068
Call-ID: wsinv.ndaksdj@192.0.2.1
Content-Length   : 150
cseq: 0009
  INVITE
Via  : SIP  /   2.0
 /UDP
    192.0.2.2;branch=390skdjuw
s :
NewFangledHeader:   newfangled value
 continued newfangled value
UnknownHeaderWithUnusualValue: ;;,,;;,;
Content-Type: application/sdp
Route:
 <sip:services.example.com;lr;unknownwith=value;unknown-no-value>
v:  SIP  / 2.0  / TCP     spindle.example.com   ;
  branch  =   z9hG4bK9ikj8  ,
 SIP  /    2.0   / UDP  192.168.255.111   ; branch=
 z9hG4bK30239
m:"Quoted string \\"\\"" <sip:jdrosen@example.com> ; newparam =
      newvalue ;
  secondparam ; q = 0.33

v=0
o=mhandley 29739 7272939 IN IP4 192.0.2.3
s=-
c=IN IP4 192.0.2.4
t=0 0
m=audio 49217 RTP/AVP 0 12
m=video 3227 RTP/AVP 31
a=rtpmap:31 LPC
"""
).replace(b"\n", b"\r\n")


def test_example_of_the_standard() -> None:
    request = sip.read_datagram(INVITE)
    assert isinstance(request, Request)
    assert (request.method, request.uri, request.body) == ("INVITE", "sip:bob@biloxi.com", b"v=0")
    assert request.vias == (Via("UDP", "pc33.atlanta.com", None, (("branch", "z9hG4bKnashds8"),)),)
    assert request.tag("From") == "1928301774"
    assert request.tag("To") == ""
    assert request.sequence == (314159, "INVITE")
    assert sip.encode(request) == INVITE


def test_tortuous_invite() -> None:
    request = sip.read_datagram(TORTUOUS)
    assert request.tag("To") == "1918181833n"
    assert request.tag("From") == "98asjd8"
    assert request.sequence == (9, "INVITE")
    assert [(via.transport, via.host, via.parameter("branch")) for via in request.vias] == [
        ("UDP", "192.0.2.2", "390skdjuw"),
        ("TCP", "spindle.example.com", "z9hG4bK9ikj8"),
        ("UDP", "192.168.255.111", "z9hG4bK30239"),
    ]
    assert request.header("Subject") == ""
    assert request.header("Newfangledheader") == "newfangled value continued newfangled value"
    assert len(request.body) == 150
    assert sip.read_stream(TORTUOUS) == (request, len(TORTUOUS))


@pytest.mark.parametrize(
    ("before", "after", "fault"),
    [
        (b"Length: 3", b"Length: 9999", "announced"),  # RFC 4475 section 3.1.2.2
        (b"Length: 3", b"Length: -999", "Content-Length"),  # 3.1.2.3
        (b"Length: 3", b"Length: 3\r\nl: 4", "two lengths"),  # 3.3.9
        (b"SIP/2.0\r\nVia", b"SIP/7.0\r\nVia", "not a SIP"),  # 3.1.2.16
        (b"bob@biloxi.com SIP", b"bob@biloxi.com  SIP", "not a SIP"),  # 3.1.2.9
        (b"Max-Forwards: 70", b"Max Forwards", "malformed SIP header"),
        (b"\r\n\r\n", b"\r\n", "blank line"),
    ],
)
def test_invalid_messages(before: bytes, after: bytes, fault: str) -> None:
    with pytest.raises(WireError, match=fault):
        sip.read_datagram(INVITE.replace(before, after, 1))


def test_invalid_fields() -> None:
    with pytest.raises(WireError, match="CSeq"):
        read_cseq("36893488147419103232 REGISTER")  # RFC 4475 section 3.1.2.4
    for via in ("SIP/2.0/UDP", "SIP/3.0/UDP a", "SIP/2.0/UDP a:99999", ""):
        with pytest.raises(WireError, match="Via"):
            read_via(via)


def test_stream_framing() -> None:
    two = b"\r\n\r\n" + INVITE + INVITE
    first, used = sip.read_stream(two)
    assert used == 4 + len(INVITE)
    assert sip.read_stream(two[used:]) == (first, len(INVITE))
    for length in range(len(INVITE)):
        with pytest.raises(Incomplete):
            sip.read_stream(INVITE[:length])
    with pytest.raises(WireError, match="without Content-Length"):
        sip.read_stream(INVITE.replace(b"Content-Length: 3\r\n", b""))
    with pytest.raises(WireError, match="more than 65536"):
        sip.read_stream(INVITE.replace(b"Length: 3", b"Length: 99999999"))
    with pytest.raises(WireError, match="not a SIP"):
        sip.read_stream(b"GET / HTTP/1.1\r\nHost")
    with pytest.raises(WireError, match="longer than"):
        sip.read_stream(b"A" * 20000)


def test_answers() -> None:
    request = sip.read_datagram(INVITE.replace(b"z9hG4bKnashds8", b"z9hG4bKnashds8;rport"))
    assert isinstance(request, Request)
    busy = sip.answer(request, 486, source=("192.0.2.1", 5062), tag="a6c85cf")
    assert sip.encode(busy) == (
        b"SIP/2.0 486 Busy Here\r\n"
        b"Via: SIP/2.0/UDP pc33.atlanta.com;branch=z9hG4bKnashds8;rport=5062"
        b";received=192.0.2.1\r\n"
        b"From: Alice <sip:alice@atlanta.com>;tag=1928301774\r\n"
        b"To: Bob <sip:bob@biloxi.com>;tag=a6c85cf\r\n"
        b"Call-ID: a84b4c76e66710\r\n"
        b"CSeq: 314159 INVITE\r\n"
        b"Content-Length: 0\r\n\r\n"
    )
    trying = sip.answer(request, 100, source=("192.0.2.1", 5062), tag="x")
    assert trying.tag("To") == ""
    assert isinstance(sip.read_datagram(sip.encode(busy)), Response)


def test_header_values_cannot_add_headers() -> None:
    octets = sip.encode(Request((("Subject", "a\r\nTo: b"),), method="OPTIONS", uri="sip:x"))
    assert sip.read_datagram(octets).header("To") == ""
