"""TLS servers that stall, drip, flood, and show certificates nobody should."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Iterable
from datetime import UTC, datetime

from tests.loop.personas.base import Device, Furnish, Persona
from tests.loop.personas.der import certificate, with_name, with_rsa
from tests.loop.personas.web import PAGE, context

from frisket.proto.http.wire import Response

SUITE = 0xC02F
KEY = "certificate.weak-key"
# Two primes of 1024 bits that follow each other.
NEAR = ((1 << 1023) + 1155, (1 << 1023) + 1493)
FERMAT = "close primes (CVE-2022-26320)"
NOTHING_KNOWN = ("certificate.key-bits", KEY)


def message(kind: int, body: bytes) -> bytes:
    """Return a handshake message."""
    return bytes((kind,)) + len(body).to_bytes(3, "big") + body


def records(octets: bytes, kind: int = 22) -> bytes:
    """Return octets cut into records."""
    cut = [octets[n : n + 16_000] for n in range(0, len(octets), 16_000)]
    return b"".join(bytes((kind, 3, 3)) + len(c).to_bytes(2, "big") + c for c in cut)


def hello(suite: int = SUITE) -> bytes:
    """Return a ServerHello of TLS 1.2."""
    return message(2, b"\3\3" + bytes(range(32)) + b"\0" + suite.to_bytes(2, "big") + b"\0")


def flight(*chain: bytes) -> bytes:
    """Return a server's first flight with this chain."""
    listed = b"".join(len(c).to_bytes(3, "big") + c for c in chain)
    shown = message(11, len(listed).to_bytes(3, "big") + listed)
    return records(hello() + shown + message(14, b""))


def shows(make: Callable[[], Iterable[bytes]]) -> Furnish:
    """Return a server that shows the chain it makes for each visitor, and then falls silent."""

    async def furnish(device: Device) -> None:
        async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            if await reader.read(65536):
                writer.write(flight(*make()))
                await writer.drain()

        await device.bench.listen(443, handle)

    return furnish


def says(*octets: bytes, then: str = "close") -> Furnish:
    """Return a server that answers a hello with these octets."""

    async def furnish(device: Device) -> None:
        await device.answers(443, *octets, then=then)

    return furnish


def floods(start: bytes, again: bytes, pause: float = 0.0) -> Furnish:
    """Return a server that never comes to an end."""

    async def furnish(device: Device) -> None:
        await device.floods(443, start, again, pause)

    return furnish


async def client_certificate(device: Device) -> None:
    """Talk only to those who show a certificate."""
    wanting = context()
    wanting.verify_mode = ssl.CERT_REQUIRED
    wanting.load_verify_locations(cadata=certificate())
    await device.bench.web(443, lambda _: Response(200, (), PAGE), wanting)


def _days(first: int, last: int) -> Callable[[], Iterable[bytes]]:
    start, end = datetime(first, 1, 1, tzinfo=UTC), datetime(last, 12, 31, tzinfo=UTC)
    return lambda: [certificate(first=start, last=end)]


SHOWN = {"tls.versions": ("TLSv1.2",)}
PERSONAS = (
    Persona("silence after ServerHello", says(records(hello()), then="stall")),
    Persona("a flight one octet at a time", floods(records(hello())[:20], b"\0", 0.05)),
    Persona("records of no octets", floods(b"", b"\x16\3\3\0\0" * 100), unread=("tls.versions",)),
    Persona("warnings for ever", floods(b"", records(b"\1\x5a", 21)), unread=("tls.versions",)),
    Persona("a hello of 16 MB", says(records(b"\2\xff\xff\xff"), then="stall")),
    Persona("a record of 65535 octets", says(b"\x16\3\3\xff\xff" + bytes(70_000))),
    Persona("certificates without end", floods(records(hello()), records(b"\x0b\0\xff\xff" * 99))),
    Persona("the hello sent back", says(bytes.fromhex("160301000401000000"), then="stall")),
    Persona("10 certificates", shows(lambda: [certificate()] * 10), {KEY: ""}),
    Persona("11 certificates", shows(lambda: [certificate()] * 11), unread=NOTHING_KNOWN),
    Persona("10 keys of 16384 bits", shows(lambda: [with_rsa((1 << 16383) + 1)] * 10)),
    Persona("a key of 100,000 bits", shows(lambda: [with_rsa((1 << 99_999) + 1)])),
    Persona("an even key", shows(lambda: [with_rsa(1 << 2047)]), {KEY: "small prime factor"}),
    Persona("a key of nothing", shows(lambda: [with_rsa(0)]), unread=NOTHING_KNOWN),
    Persona("close primes", shows(lambda: [with_rsa(NEAR[0] * NEAR[1])]), {KEY: FERMAT}),
    Persona("an exponent of 2000 bits", shows(lambda: [with_rsa((1 << 2047) + 1, 1 << 2000)])),
    Persona("valid in 1970 only", shows(_days(1970, 1970)), {"certificate.expired": True}),
    Persona("valid until 9999", shows(_days(2000, 9999)), {"certificate.expired": False}),
    Persona("3000 names", shows(lambda: [certificate(alternatives=3000)])),
    Persona("NUL in the name", shows(lambda: [with_name(b"mfd\0.evil")])),
    Persona("escapes in the name", shows(lambda: [with_name(b"\x1b[31m<b>")]), {KEY: ""}),
    Persona("broken UTF-8 in the name", shows(lambda: [with_name(b"\xff\xfe\x80")])),
    Persona("a certificate of zeros", shows(lambda: [bytes(500)]), unread=NOTHING_KNOWN),
    Persona(
        "another certificate each time", shows(lambda: [certificate(str(id(object())))]), SHOWN
    ),
    Persona("a certificate wanted", client_certificate, {KEY: ""}),
)
