"""Whatever arrives at a service of discovery gets an answer or silence, and nothing else."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from tests.lab import make_device

from frisket.errors import WireError
from frisket.mfd.ifax import read_mail, tiff_to_pdf
from frisket.mfd.services import bmlinks, mdns, sip, slp, smb, wsd
from frisket.proto.mdns.wire import POINTER, encode_question
from frisket.proto.sip.wire import Request, encode
from frisket.proto.slp.wire import (
    AttributeRequest,
    Message,
    ServiceRequest,
    TypeRequest,
    encode_message,
)
from frisket.proto.smb.wire import ask_1, ask_2, read_request
from frisket.proto.wsd import wire

DEVICE = make_device(settings={"audit-log.save": True})
PEER = ("127.0.0.1", 40000)
TURN = wsd.Turn("urn:uuid:00000000-0000-4000-8000-000000000001")
VIA = ("Via", "SIP/2.0/UDP client.example;branch=z9hG4bK1;rport")
CALL = (VIA, ("From", "<sip:a@b>;tag=1"), ("To", "<sip:c@d>"), ("Call-ID", "1"))
PDF = b"--x\r\nContent-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n\r\nJVBERi0x"

Answer = Callable[[bytes], object]


def answer_smb(data: bytes) -> bytes | None:
    """Answer one message as the service does, which hangs up on a WireError."""
    try:
        return smb.respond(DEVICE, read_request(data), bytes(32))
    except WireError:
        return None


def fax(compression: str) -> bytes:
    """A small TIFF."""
    out = io.BytesIO()
    Image.new("1", (64, 40), 1).save(out, "TIFF", compression=compression)
    return out.getvalue()


def answer_mail(data: bytes) -> bytes | None:
    """Read a mail; return its first document."""
    documents = read_mail(data).documents
    return documents[0].octets if documents else None


SERVICES: dict[str, tuple[Answer, list[bytes]]] = {
    "slp": (
        lambda data: slp.respond(DEVICE, data),
        [
            encode_message(Message(ServiceRequest("service:printer", predicate="(&(a=b)(c=*))"))),
            encode_message(Message(AttributeRequest("service:printer", tags="printer-*"))),
            encode_message(Message(TypeRequest())),
        ],
    ),
    "bmlinks": (
        lambda data: bmlinks.respond(DEVICE, data),
        [b'M-SEARCH * HTTP/1.1\r\nHost: a:1900\r\nMAN: "ssdp:discover"\r\nST: ssdp:all\r\n\r\n'],
    ),
    "wsd": (
        lambda data: wsd.respond(DEVICE, data, lambda: TURN),
        [wire.encode_envelope(wire.Envelope(wire.Probe((wire.DEVICE,)), "urn:uuid:1"))],
    ),
    "mdns": (
        lambda data: mdns.respond(DEVICE, data, legacy=True),
        [encode_question(7, (("_ipp._tcp.local.", POINTER), ("_http._tcp.local.", 255)))],
    ),
    "sip": (
        lambda data: sip.respond_datagram(DEVICE, data, PEER),
        [
            encode(Request((*CALL, ("CSeq", f"1 {method}")), b"m=image 1", method, "sip:a"))
            for method in ("OPTIONS", "INVITE", "REGISTER", "BYE")
        ],
    ),
    "smb": (
        answer_smb,
        [ask_1()[4:], ask_2([0x0202, 0x0311], guid=bytes(16), salt=bytes(32))[4:]],
    ),
    "tiff": (tiff_to_pdf, [fax("group4"), fax("tiff_lzw"), fax("packbits")]),
    "ifax": (
        answer_mail,
        [b'Content-Type: multipart/mixed; boundary="x"\r\n\r\n' + PDF + b"\r\n--x--\r\n"],
    ),
}


@st.composite
def mutated(draw: st.DrawFn, valid: list[bytes]) -> bytes:
    """A valid message with some octets changed, dropped or repeated."""
    data = bytearray(draw(st.sampled_from(valid)))
    for _ in range(draw(st.integers(0, 6))):
        at = draw(st.integers(0, len(data)))
        data[at : at + draw(st.integers(0, 4))] = draw(st.binary(max_size=4))
    return bytes(data)


@pytest.mark.parametrize("name", SERVICES)
def test_valid_questions_are_answered(name: str) -> None:
    answer, valid = SERVICES[name]
    assert all(answer(data) for data in valid)


@pytest.mark.parametrize("name", SERVICES)
@given(data=st.data())
@settings(deadline=None, max_examples=150)
def test_nothing_escapes(name: str, data: st.DataObject) -> None:
    answer, valid = SERVICES[name]
    octets = data.draw(st.binary(max_size=300) | mutated(valid))
    said = answer(octets)
    assert said is None or isinstance(said, bytes)
