"""What the services of discovery say, against their RFCs; and what a fax by mail carries."""

from __future__ import annotations

import io
from typing import Any

import pikepdf
import pytest
from PIL import Image
from tests.lab import make_device

from frisket.mfd import ifax
from frisket.mfd.announce import web_address
from frisket.mfd.auditlog import LogKind
from frisket.mfd.services import bmlinks, dedicated, mdns, sip, slp, wsd
from frisket.proto.mdns.wire import POINTER, TEXT, encode_question, read_answer, text_pairs
from frisket.proto.mdns.zone import announcements, label
from frisket.proto.sip.wire import Request, Response, encode, read_datagram
from frisket.proto.slp.wire import (
    AttributeReply,
    AttributeRequest,
    Body,
    Flag,
    Message,
    ServiceAdvert,
    ServiceReply,
    ServiceRequest,
    TypeReply,
    TypeRequest,
    encode_message,
    read_attributes,
    read_message,
)
from frisket.proto.wsd import wire

TURN = wsd.Turn("urn:uuid:00000000-0000-4000-8000-000000000001", 5, 9)


def ask_slp(device: Any, body: Body, flags: Flag = Flag.NONE) -> Body | None:
    said = slp.respond(device, encode_message(Message(body, 77, flags)))
    if said is None:
        return None
    message, used = read_message(said)
    assert (message.transaction, used) == (77, len(said))
    return message.body


def test_slp_offers_what_is_on() -> None:
    device = make_device(settings={"ipp.enabled": True, "lpd.enabled": False})
    reply = ask_slp(device, ServiceRequest("service:printer"))
    assert isinstance(reply, ServiceReply)
    assert [each.url for each in reply.urls] == ["service:printer:ipp://127.99.0.1:631/ipp/print"]
    assert ask_slp(device, TypeRequest()) == TypeReply("service:printer:ipp")
    assert ask_slp(device, ServiceRequest("service:printer:lpr")) == ServiceReply()
    assert ask_slp(device, ServiceRequest("service:scanner")) == ServiceReply()


def test_slp_attributes_can_be_chosen() -> None:
    device = make_device(settings={"device.location": "Room 4 (left)"})
    reply = ask_slp(device, AttributeRequest("service:printer", tags="printer-loc*"))
    assert isinstance(reply, AttributeReply)
    assert read_attributes(reply.attributes) == {"printer-location": ("Room 4 (left)",)}


def test_slp_predicates() -> None:
    device = make_device(settings={"device.location": "Room 4"})
    for predicate, count in (
        ("(printer-location=room*)", 2),
        ("(&(printer-location=Room 4)(color-supported=true))", 2),
        ("(printer-location=Room 5)", 0),
    ):
        reply = ask_slp(device, ServiceRequest("service:printer", predicate=predicate))
        assert isinstance(reply, ServiceReply)
        assert len(reply.urls) == count, predicate
    assert ask_slp(device, ServiceRequest("service:printer", predicate="(a<=1)")) == ServiceReply(
        error=2
    )


def test_slp_keeps_silence_where_the_rfc_says_so() -> None:
    device = make_device()
    other = ServiceRequest("service:printer", scopes="accounts")
    assert ask_slp(device, other) == ServiceReply(error=4)
    assert ask_slp(device, other, Flag.MULTICAST) is None
    heard = ServiceRequest("service:printer", previous_responders=f"10.0.0.1,{device.address}")
    assert ask_slp(device, heard) is None
    assert ask_slp(device, ServiceReply()) is None
    signed = ServiceRequest("service:printer", security="key")
    assert ask_slp(device, signed) == ServiceReply(error=5)


def test_slp_agent_names_its_scope() -> None:
    device = make_device(settings={"slp.scope": "Accounts"})
    asked = ServiceRequest("service:service-agent", scopes="ACCOUNTS")
    expected = ServiceAdvert(f"service:service-agent://{device.address}", "Accounts")
    assert ask_slp(device, asked) == expected


def ask_wsd(device: Any, body: wire.Body) -> wire.Envelope | None:
    said = wsd.respond(device, wire.encode_envelope(wire.Envelope(body, "urn:m")), lambda: TURN)
    return None if said is None else wire.read_envelope(said)


@pytest.mark.parametrize("scan", [True, False])
def test_wsd_probe_matches(scan: bool) -> None:
    device = make_device(settings={"wsd.scan.enabled": scan})
    found = ask_wsd(device, wire.Probe((wire.DEVICE, wire.PRINTER)))
    assert found is not None
    assert (found.relates_to, found.sequence) == ("urn:m", (5, 9))
    assert isinstance(found.body, wire.ProbeMatches)
    (match,) = found.body.devices
    assert (wire.SCANNER in match.types) is scan
    assert (ask_wsd(device, wire.Probe((wire.SCANNER,))) is not None) is scan
    assert match.address == f"urn:uuid:{device.plan.uuid}"
    assert ask_wsd(device, wire.Resolve(match.address)) is not None
    assert ask_wsd(device, wire.Resolve("urn:uuid:other")) is None
    assert ask_wsd(device, wire.Probe((), ("ldap:///ou=x",))) is None


def test_wsd_without_browsing_is_not_found() -> None:
    device = make_device(settings={"wsd.browsing.enabled": False})
    assert ask_wsd(device, wire.Probe()) is None
    assert ask_wsd(device, wire.Resolve(f"urn:uuid:{device.plan.uuid}")) is not None


def ask_mdns(device: Any, *names: str, kind: int = POINTER, number: int = 9) -> Any:
    question = encode_question(number, tuple((name, kind) for name in names))
    said = mdns.respond(device, question, legacy=True)
    return None if said is None else read_answer(said)


def test_mdns_announces_what_is_on() -> None:
    settings = {"lpd.enabled": False, "raw.enabled": True, "remote-ui.enabled": False}
    device = make_device(settings=settings)
    answer = ask_mdns(device, "_services._dns-sd._udp.local.")
    assert answer.number == 9
    assert {pointer.target for pointer in answer.pointers} == {
        "_ipp._tcp.local.",
        "_ipps._tcp.local.",
        "_pdl-datastream._tcp.local.",
    }
    assert ask_mdns(device, "_printer._tcp.local.") is None
    only_tls = make_device(settings={"ipp.tls-only": True})
    assert ask_mdns(only_tls, "_ipp._tcp.local.") is None
    assert ask_mdns(only_tls, "_ipps._tcp.local.") is not None


def test_mdns_texts() -> None:
    device = make_device(settings={"mdns.name": "Reception 2.0", "device.location": "Hall"})
    answer = ask_mdns(device, "_ipp._tcp.local.")
    (instance,) = (pointer.target for pointer in answer.pointers)
    assert instance == "Reception 2 0._ipp._tcp.local."
    pairs = text_pairs(ask_mdns(device, instance, kind=TEXT).texts[0].strings)
    assert pairs["rp"] == "ipp/print"
    assert pairs["note"] == "Hall"
    assert pairs["uuid"] == device.plan.uuid
    assert pairs["adminurl"] == web_address(device)
    assert "image/urf" in pairs["pdl"]


def test_mdns_never_answers_an_answer() -> None:
    device = make_device()
    said = mdns.respond(device, announcements(mdns.zone(device))[0], legacy=False)
    assert said is None


def test_labels() -> None:
    assert label("a.b_c", host=True) == "a-b-c"
    assert label("é" * 40).encode() == ("é" * 31).encode()
    assert label("...") == "device"


def test_bmlinks_answers_searches_for_itself() -> None:
    device = make_device(settings={"remote-ui.enabled": False})

    def search(target: str, man: str = '"ssdp:discover"') -> bytes | None:
        head = f"M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: {man}\r\nMX: 1\r\n"
        return bmlinks.respond(device, f"{head}ST: {target}\r\n\r\n".encode())

    said = search("ssdp:all")
    assert said is not None
    assert said.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"st: upnp:rootdevice\r\n" in said.lower()
    assert b"location:" not in said.lower()
    assert search(f"uuid:{device.plan.uuid}") is not None
    assert search("urn:schemas-upnp-org:device:MediaServer:1") is None
    assert search("ssdp:all", man='"ssdp:other"') is None
    assert bmlinks.respond(device, b"NOTIFY * HTTP/1.1\r\nHost: x\r\n\r\n") is None


def call(method: str, body: bytes = b"", sequence: str = "") -> bytes:
    headers = (
        ("Via", "SIP/2.0/UDP client.example:5060;branch=z9hG4bK1"),
        ("From", "<sip:a@client.example>;tag=1"),
        ("To", "<sip:fax@device.example>"),
        ("Call-ID", "7@client.example"),
        ("CSeq", sequence or f"1 {method}"),
    )
    return encode(Request(headers, body, method, "sip:fax@device.example"))


@pytest.mark.parametrize(
    ("method", "body", "status"),
    [
        ("OPTIONS", b"", 200),
        ("INVITE", b"v=0\r\nm=image 49152 udptl t38\r\n", 486),
        ("INVITE", b"v=0\r\nm=video 5004 RTP/AVP 31\r\n", 488),
        ("REGISTER", b"", 405),
        ("BYE", b"", 481),
    ],
)
def test_sip_turns_calls_away(method: str, body: bytes, status: int) -> None:
    device = make_device(settings={"audit-log.save": True})
    said = sip.respond_datagram(device, call(method, body), ("127.0.0.1", 5060))
    assert said is not None
    message = read_datagram(said)
    assert isinstance(message, Response)
    assert message.status == status
    assert message.tag("To")
    calls = [e for e in device.log if e.kind is LogKind.TRANSMISSION]
    assert len(calls) == (method == "INVITE")


def test_sip_never_answers_an_acknowledgement() -> None:
    device = make_device()
    assert sip.respond_datagram(device, call("ACK"), ("127.0.0.1", 5060)) is None
    mixed = sip.respond_datagram(device, call("OPTIONS", sequence="1 INVITE"), ("127.0.0.1", 1))
    assert mixed is not None
    assert mixed.startswith(b"SIP/2.0 400 ")


def test_dedicated_ports_by_setting_and_quirk() -> None:
    assert dedicated.numbers(make_device(settings={"dedicated-port.enabled": False})) == ()
    assert len(dedicated.numbers(make_device())) == 5
    assert len(dedicated.numbers(make_device(quirks={"dedicated_stand_in": True}))) == 18


def part(kind: str, octets: str) -> bytes:
    return f"--x\r\nContent-Type: {kind}\r\n\r\n{octets}\r\n".encode()


def test_documents_are_what_they_begin_with() -> None:
    head = b'Content-Type: multipart/mixed; boundary="x"\r\n\r\n'
    body = part("application/pdf", "%PDF-1.4") + part("image/tiff", "MZ, no image")
    body += part("text/plain", "%PDF-1.4") + b"--x--\r\n"
    assert [each.kind for each in ifax.read_mail(head + body).documents] == ["PDF"]


def test_mails_of_many_parts_end() -> None:
    head = b'Content-Type: multipart/mixed; boundary="x"\r\n\r\n'
    body = part("application/pdf", "%PDF-1.4") * 500 + b"--x--\r\n"
    assert len(ifax.read_mail(head + body).documents) == 10


def test_a_damaged_fax_is_no_document() -> None:
    assert ifax.tiff_to_pdf(b"II*\0" + bytes(2000)) == b""


def test_a_fax_of_two_pages() -> None:
    out = io.BytesIO()
    pages = [Image.new("1", (1728, 2200), 1) for _ in range(2)]
    pages[0].save(out, "TIFF", save_all=True, append_images=pages[1:], compression="group4")
    with pikepdf.open(io.BytesIO(ifax.tiff_to_pdf(out.getvalue()))) as pdf:
        assert len(pdf.pages) == 2


def test_a_pixel_bomb_is_not_unfolded() -> None:
    out = io.BytesIO()
    Image.new("1", (8000, 8000)).save(out, "TIFF", compression="group4")
    assert ifax.tiff_to_pdf(out.getvalue()) == b""
