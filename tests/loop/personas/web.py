"""Web servers that drip, flood, lie about lengths and lead elsewhere."""

from __future__ import annotations

import gzip
import ssl
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.loop.identity import server_context
from tests.loop.personas.base import Device, Furnish, Persona

from frisket.proto.http.wire import Request, Response

OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
UI = "remote-ui.enabled"
LOGIN = "remote-ui.login"
PAGE = b"<html><title>Remote UI</title><form name=login><input type=password></form></html>"
ALWAYS = {"http.enabled": True}


def page(body: bytes, *fields: bytes) -> bytes:
    """Return a whole response."""
    lines = (b"Content-Length: %d" % len(body), *fields)
    return OK + b"\r\n".join(lines) + b"\r\n\r\n" + body


def context() -> ssl.SSLContext:
    """Return a TLS server's context."""
    with TemporaryDirectory() as folder:
        return server_context(Path(folder))


def says(*octets: bytes, then: str = "close", port: int = 80) -> Furnish:
    """Return a server that answers any request with these octets."""

    async def furnish(device: Device) -> None:
        await device.answers(port, *octets, then=then)

    return furnish


def floods(start: bytes, again: bytes, pause: float = 0.0, *, tls: bool = False) -> Furnish:
    """Return a server that never comes to an end."""

    async def furnish(device: Device) -> None:
        await device.floods(443 if tls else 80, start, again, pause)

    return furnish


def leads(to: Callable[[Device, Request], str]) -> Furnish:
    """Return a server that redirects, by status, to what `to` says."""

    async def furnish(device: Device) -> None:
        def answer(request: Request) -> Response:
            return Response(302, (("location", to(device, request)),))

        for port in (80, 8000):
            await device.bench.web(port, answer)
        await device.bench.web(443, answer, context())

    return furnish


def shows(body: Callable[[Device], str]) -> Furnish:
    """Return a server whose page leads on, or tries to."""

    async def furnish(device: Device) -> None:
        text = body(device).encode()
        await device.bench.web(80, lambda _: Response(200, (), text))

    return furnish


def _own(device: Device, port: int) -> str:
    return f"http://127.0.0.1:{device.bench.ports[port]}/"


def _hop(device: Device, request: Request) -> str:
    return "/b" if request.target != "/b" else "/a"


def _flip(device: Device, _: Request) -> str:
    return f"https://127.0.0.1:{device.bench.ports[443]}/"


async def tls_on_80(device: Device) -> None:
    """Speak TLS where plain text is spoken."""
    await device.bench.web(80, lambda _: Response(200, (), PAGE), context())


async def plain_on_443(device: Device) -> None:
    """Speak plain text where TLS is spoken."""
    await device.bench.web(443, lambda _: Response(200, (), PAGE))


BOMB = gzip.compress(bytes(20 << 20))
# More digits than Python turns into a number.
LONG_NUMBER = page(b"<html>&#" + b"9" * 5000 + b"; some words to read here</html>")

PERSONAS = (
    Persona("one octet at a time", floods(OK, b"X", 0.05), unread=(UI,)),
    Persona("one octet at a time over TLS", floods(b"\x16", b"\3", 0.05, tls=True)),
    Persona("a header line without end", floods(OK + b"X: ", b"a" * 4096), unread=(UI,)),
    Persona("header fields without end", floods(OK, b"a: b\r\n" * 500), unread=(UI,)),
    Persona("101 header fields", says(page(PAGE, *[b"a: b"] * 101)), unread=(UI,)),
    Persona("chunks without end", floods(CHUNKED, b"400\r\n" + b"<i>" * 341 + b"x\r\n")),
    Persona("tiny chunks without end", floods(CHUNKED, b"1\r\n<\r\n" * 300)),
    Persona("a chunk of 2^68 octets", says(CHUNKED + b"f" * 17 + b"\r\nx"), unread=(LOGIN,)),
    Persona("a chunk extension of 1 MB", says(CHUNKED + b"1;" + b"x" * (1 << 20)), unread=(UI,)),
    Persona("fewer octets than promised", says(OK + b"Content-Length: 9999\r\n\r\n" + PAGE)),
    Persona(
        "fewer octets than promised, and silence",
        says(OK + b"Content-Length: 9999\r\n\r\n" + PAGE, then="stall"),
        unread=(UI,),
    ),
    Persona("more octets than promised", says(page(PAGE) + PAGE * 50), {UI: True, LOGIN: True}),
    Persona("a negative length", says(OK + b"Content-Length: -1\r\n\r\n"), unread=(UI,)),
    Persona("two lengths", says(page(PAGE, b"Content-Length: 3")), unread=(UI,)),
    Persona("a length of 5000 digits", says(OK + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n")),
    Persona("a gzip bomb", says(page(BOMB, b"Content-Encoding: gzip")), {UI: True}),
    Persona("cookies by the thousand", says(page(PAGE, *[b"Set-Cookie: a=b"] * 3000))),
    Persona("a realm of 1 MB", says(b'HTTP/1.1 401 No\r\nWWW-Authenticate: Basic realm="' + BOMB)),
    Persona("HTTP/0.9", says(PAGE), unread=(UI,)),
    Persona("continue for ever", floods(b"", b"HTTP/1.1 100 Continue\r\n\r\n"), unread=(UI,)),
    Persona("continue, slowly", floods(b"", b"HTTP/1.1 100 Continue\r\n\r\n", 0.1), unread=(UI,)),
    Persona("hangs up", says(), unread=(UI,)),
    Persona("status 000", says(b"HTTP/1.1 000 \r\n\r\n"), unread=(UI,)),
    Persona("status 999", says(b"HTTP/1.1 999 \xff\r\nX: \xff\r\n\r\n" + PAGE)),
    Persona("a character of 5000 digits", says(LONG_NUMBER), ALWAYS | {LOGIN: False}),
    Persona("a page of brackets", says(page(b"<" * 200_000)), ALWAYS),
    Persona("a page of openings", says(page(b"<form <input <!--<script" * 9000)), ALWAYS),
    Persona("leads in a circle", leads(_hop), ALWAYS),
    Persona("leads to itself", leads(lambda _, request: request.target), ALWAYS),
    Persona("leads to a file", leads(lambda _, __: "file:///etc/passwd"), ALWAYS),
    Persona("leads to a script", leads(lambda _, __: "javascript:alert(1)"), ALWAYS),
    Persona("leads to another host", leads(lambda device, _: device.trap.url), ALWAYS),
    Persona("leads to the cloud's secrets", leads(lambda _, __: "http://169.254.169.254/"), ALWAYS),
    Persona("leads to a print port", leads(lambda device, _: _own(device, 9100)), ALWAYS),
    Persona("leads to print port 9100", leads(lambda _, __: "http://127.0.0.1:9100/"), ALWAYS),
    Persona("leads to and from TLS", leads(_flip), ALWAYS),
    Persona("leads far", leads(lambda _, __: "/" + "a" * 60_000), ALWAYS),
    Persona(
        "refreshes to another host",
        shows(lambda d: f'<meta http-equiv=refresh content="0;url={d.trap.url}">'),
        ALWAYS,
    ),
    Persona("jumps to another host", shows(lambda d: f'<script>location="{d.trap.url}"</script>')),
    Persona("frames another host", shows(lambda d: f'<iframe src="{d.trap.url}"></iframe>')),
    Persona("TLS on port 80", tls_on_80, unread=(UI,)),
    Persona("plain text on port 443", plain_on_443, unread=("tls.versions",)),
)
