"""Printing, panel, file, mail and discovery services that lie, flood and point elsewhere."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable
from dataclasses import replace

from tests.loop.personas.base import Device, Furnish, Persona
from tests.loop.test_ipp_loop import IPP, respond

from frisket.proto.http.wire import Request, Response
from frisket.proto.ipp.names import GroupTag, ValueTag
from frisket.proto.ipp.values import Attribute, Group, Message
from frisket.proto.ipp.wire import decode, encode
from frisket.proto.mdns.wire import Answer, Pointer, Text, encode_answer
from frisket.proto.slp.wire import Message as SlpMessage
from frisket.proto.slp.wire import ServiceReply, TypeReply, TypeRequest, Url, encode_message
from frisket.proto.slp.wire import read_message as read_slp
from frisket.proto.wsd import wire as wsd

OPEN = {"ipp.enabled": True}
FTP = "ftp.print.enabled"
SMTP = "smtp.receive.enabled"
RFB = "remote-operation.enabled"
Change = Callable[[Device, Message], bytes]


def prints(change: Change) -> Furnish:
    """Return an IPP printer whose answer is changed."""

    async def furnish(device: Device) -> None:
        def answer(request: Request) -> Response:
            return Response(200, IPP, change(device, decode(respond(request).body)))

        await device.bench.web(631, answer)

    return furnish


def octets(body: Callable[[bytes], bytes]) -> Change:
    """Return a change of the octets."""
    return lambda _, message: body(encode(message))


def _deep(body: bytes) -> bytes:
    opened = b"\x34\0\4deep\0\0" + b"\x4a\0\0\0\1m\x34\0\0\0\0" * 64
    return body[:-1] + opened + b"\x37\0\0\0\0" * 65 + b"\3"


def _many(body: bytes) -> bytes:
    return body[:-1] + b"\x21\0\1a\0\4\0\0\0\1" * 100_000 + b"\3"


def _elsewhere(device: Device, message: Message) -> bytes:
    pointing = tuple(
        Attribute.of(name, ValueTag.URI, device.trap.url.replace("http", scheme))
        for name, scheme in (
            ("printer-uri-supported", "ipp"),
            ("printer-more-info", "http"),
            ("printer-icons", "http"),
        )
    )
    groups = tuple(
        Group(g.tag, g.attributes + pointing) if g.tag == GroupTag.PRINTER else g
        for g in message.groups
    )
    return encode(replace(message, groups=groups))


def says(port: int, *sent: bytes, then: str = "close") -> Furnish:
    """Return a server that says this to whoever connects."""

    async def furnish(device: Device) -> None:
        await device.says(port, *sent, then=then)

    return furnish


def floods(port: int, start: bytes, again: bytes, pause: float = 0.0) -> Furnish:
    """Return a server that goes on for ever."""

    async def furnish(device: Device) -> None:
        await device.floods(port, start, again, pause)

    return furnish


def hears(port: int, answer: Callable[[Device, bytes], Iterable[bytes]]) -> Furnish:
    """Return a device that answers datagrams so."""

    async def furnish(device: Device) -> None:
        await device.udp(port, lambda data: answer(device, data))

    return furnish


def _ssdp(device: Device, _: bytes) -> list[bytes]:
    found = f"HTTP/1.1 200 OK\r\nST: upnp:rootdevice\r\nLOCATION: {device.trap.url}\r\n\r\n"
    return [found.encode()]


def _slp(device: Device, data: bytes) -> list[bytes]:
    asked, _ = read_slp(data)
    urls = tuple(Url(f"service:printer:lpr://127.0.0.3:{device.trap.port}/{n}") for n in range(40))
    printers = TypeReply("service:printer:lpr")
    body = printers if isinstance(asked.body, TypeRequest) else ServiceReply(urls)
    return [encode_message(SlpMessage(body, asked.transaction))] * 20


def _wsd(device: Device, data: bytes) -> list[bytes]:
    asked = wsd.read_envelope(data)
    host = wsd.Device("urn:uuid:1", (wsd.DEVICE, wsd.PRINTER), urls=(device.trap.url,) * 9)
    answer = wsd.Envelope(
        wsd.ProbeMatches((host,)), "urn:uuid:2", wsd.ANONYMOUS, relates_to=asked.message
    )
    return [wsd.encode_envelope(answer)]


def _laughs(_: Device, __: bytes) -> list[bytes]:
    entities = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
    return [f'<!DOCTYPE x [<!ENTITY a0 "ha">{entities}]><x>&a9;</x>'.encode()]


def _nested(_: Device, __: bytes) -> list[bytes]:
    return [b"<a>" * 20_000]


def _mdns(device: Device, data: bytes) -> list[bytes]:
    number = struct.unpack(">H", data[:2])[0]
    name = "x._ipp._tcp.local."
    said = (f"adminurl={device.trap.url}".encode(), b"ty=Canon <script>", b"note=\x1b[31m")
    pointers = (Pointer("_services._dns-sd._udp.local.", "_ipp._tcp.local."),)
    answer = Answer(number, (*pointers, Pointer("_ipp._tcp.local.", name)), (Text(name, said),))
    return [encode_answer(answer)]


def _looping(_: Device, data: bytes) -> list[bytes]:
    return [data[:2] + b"\x84\0\0\0\xff\xff\0\0\0\0" + b"\xc0\x0c\0\x0c\0\1" * 900]


def _everything(_: Device, __: bytes) -> list[bytes]:
    return [bytes(60_000)] * 50


PERSONAS = (
    Persona("collections 64 deep", prints(octets(_deep)), unread=("ipp.authentication",)),
    Persona("100,000 attributes", prints(octets(_many)), unread=("ipp.authentication",)),
    Persona("a value beyond the end", prints(octets(lambda b: b[:-1] + b"\x41\0\1a\xff\xff"))),
    Persona("no IPP at all", prints(octets(lambda _: b"\xff" * 300)), unread=("airprint.enabled",)),
    Persona("unknown tags", prints(octets(lambda b: b[:-1] + b"\x7e\0\1a\0\1x\3"))),
    Persona("printers elsewhere", prints(_elsewhere), OPEN),
    Persona("RFB 999.999", says(5900, b"RFB 999.999\n", then="stall")),
    Persona("255 security types", says(5900, b"RFB 003.008\n", b"\xff" * 256, then="stall")),
    Persona("security type 2^32-1", says(5900, b"RFB 003.003\n\xff\xff\xff\xff"), {RFB: True}),
    Persona("a reason of 4 GB", says(5900, b"RFB 003.008\n\0\xff\xff\xff\xff" + b"x" * 70_000)),
    Persona("no RFB at all", floods(5900, b"", b"x" * 1000), unread=(RFB,)),
    Persona("an FTP greeting without end", floods(21, b"", b"220-welcome\r\n" * 50), unread=(FTP,)),
    Persona("an FTP line without end", floods(21, b"220 ", b"x" * 1000), unread=(FTP,)),
    Persona("an FTP letter at a time", floods(21, b"220 ", b"x", 0.05), unread=(FTP,)),
    Persona("FTP that is ready soon", floods(21, b"", b"120 soon\r\n", 0.05)),
    Persona("FTP that is ready soon, at once", floods(21, b"", b"120 soon\r\n" * 300)),
    Persona("FTP with escapes", says(21, b"220 \x1b[31m<b>\0=1+1\r\n" * 9, then="stall")),
    Persona("a mail greeting without end", floods(25, b"", b"220-hi\r\n" * 50), unread=(SMTP,)),
    Persona("a mail letter at a time", floods(25, b"220 ", b"x", 0.05), unread=(SMTP,)),
    Persona("mail that hangs up", says(25, b"220 x\r\n", then="reset")),
    Persona("SMB of garbage", floods(445, b"\0\xff\xff\xff", b"\xffSMB" * 100)),
    Persona("UPnP elsewhere", hears(1900, _ssdp), {"bmlinks.enabled": True}),
    Persona("UPnP of 60 kB", hears(1900, _everything), unread=("bmlinks.enabled",)),
    Persona("SLP elsewhere", hears(427, _slp), {"slp.response.enabled": True}),
    Persona("SLP of 60 kB", hears(427, _everything), unread=("slp.response.enabled",)),
    Persona("WSD elsewhere", hears(3702, _wsd), {"wsd.enabled": True}),
    Persona("WSD of entities", hears(3702, _laughs), unread=("wsd.enabled",)),
    Persona("WSD 20,000 deep", hears(3702, _nested), unread=("wsd.enabled",)),
    Persona("WSD of 60 kB", hears(3702, _everything), unread=("wsd.enabled",)),
    Persona("mDNS elsewhere", hears(5353, _mdns), {"mdns.ipv4.enabled": True}),
    Persona("mDNS that points at itself", hears(5353, _looping), unread=("mdns.ipv4.enabled",)),
    Persona("mDNS of 60 kB", hears(5353, _everything), unread=("mdns.ipv4.enabled",)),
    Persona("SIP of garbage", hears(5060, lambda _, __: [b"SIP/2.0 " + b"9" * 5000])),
    Persona("SIP, many times", hears(5060, lambda _, data: [data] * 50)),
)
