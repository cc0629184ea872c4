"""WebDAV, as small web servers answer OPTIONS."""

from __future__ import annotations

import asyncio

import pytest
from tests.unit.probe.lan import Talk, closed_port, see, tcp_server
from tests.unit.probe.visits import value, visit, why

from frisket.errors import Refused, Silent, TlsFailed
from frisket.model.reading import Why
from frisket.probe.webdav import NOWHERE, PATH, PROBE, Answer, interpret
from frisket.proto.http.wire import Response

ENABLED = "webdav.server.enabled"
AUTHENTICATION = "webdav.server.authentication"
TLS = "webdav.server.tls"
DAV = Response(200, (("dav", "1, 2"),))
LOGIN = Response(401, (("www-authenticate", 'Digest realm="a", nonce="b"'),))
NONE = Response(404)
REFUSED = Refused("port refused")


def web(pages: dict[str, str], asked: list[str]) -> Talk:
    """Return a web server: path -> status and headers."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        method, path, _ = head.split(" ", 2)
        asked.append(f"{method} {path}")
        page = pages.get(path, "404 Not Found")
        writer.write(f"HTTP/1.1 {page}\r\nContent-Length: 0\r\n\r\n".encode())
        await writer.drain()

    return talk


async def test_every_port_refused_is_off() -> None:
    shut = closed_port()
    seen = await see(PROBE, {80: shut, 443: shut})
    assert value(seen, ENABLED) is False
    assert why(seen, AUTHENTICATION) is Why.REFUSED
    assert why(seen, TLS) is Why.REFUSED


async def test_open_to_anyone_in_plain_text() -> None:
    asked: list[str] = []
    async with tcp_server(web({PATH: "200 OK\r\nDAV: 1,2"}, asked)) as port:
        seen = await see(PROBE, {80: port, 443: closed_port()})
    assert value(seen, ENABLED) is True
    assert value(seen, TLS) is False
    assert why(seen, AUTHENTICATION) is Why.NOT_ASKED, "OPTIONS alone does not tell"
    assert asked == [f"OPTIONS {PATH}"]


async def test_a_login_where_other_paths_are_not_found() -> None:
    asked: list[str] = []
    login = '401 Unauthorized\r\nWWW-Authenticate: Basic realm="Advanced Space"'
    async with tcp_server(web({PATH: login}, asked)) as port:
        seen = await see(PROBE, {80: port, 443: closed_port()})
    assert value(seen, ENABLED) is True
    assert value(seen, AUTHENTICATION) == "basic"
    assert asked == [f"OPTIONS {PATH}", f"OPTIONS {NOWHERE}"]


async def test_a_login_for_every_path_tells_nothing() -> None:
    login = '401 Unauthorized\r\nWWW-Authenticate: Basic realm="all"'
    async with tcp_server(web({PATH: login, NOWHERE: login}, [])) as port:
        seen = await see(PROBE, {80: port, 443: closed_port()})
    assert why(seen, ENABLED) is Why.UNSUPPORTED


@pytest.mark.parametrize("page", ["404 Not Found", "405 Method Not Allowed", "200 OK"])
async def test_no_webdav_at_this_path_may_be_at_another(page: str) -> None:
    async with tcp_server(web({PATH: page}, [])) as port:
        seen = await see(PROBE, {80: port, 443: closed_port()})
    assert why(seen, ENABLED) is Why.UNSUPPORTED
    assert why(seen, TLS) is Why.UNSUPPORTED


def test_digest_over_tls_only() -> None:
    away = Response(302, (("location", "https://192.0.2.7:8443/"),))
    for plain in (REFUSED, Answer(NONE), Answer(away)):
        seen = interpret(visit(), {80: plain, 443: Answer(LOGIN, NONE)})
        assert value(seen, ENABLED) is True
        assert value(seen, AUTHENTICATION) == "digest"
        assert value(seen, TLS) is True


def test_tls_is_not_claimed_where_plain_text_may_be_served_too() -> None:
    for plain in (Silent("nothing"), Answer(LOGIN, LOGIN), Answer(Response(503))):
        seen = interpret(visit(), {80: plain, 443: Answer(DAV)})
        assert value(seen, ENABLED) is True
        assert why(seen, TLS) in {Why.SILENT, Why.UNSUPPORTED}


def test_the_weaker_of_two_schemes_counts() -> None:
    both = Response(401, (("www-authenticate", "Digest x"), ("www-authenticate", "Basic y")))
    seen = interpret(visit(), {80: Answer(both, NONE)})
    assert value(seen, AUTHENTICATION) == "basic"
    odd = Response(401, (("www-authenticate", "Negotiate"),))
    seen = interpret(visit(), {80: Answer(odd, NONE)})
    assert why(seen, AUTHENTICATION) is Why.UNSUPPORTED


def test_a_fault_beside_a_refusal_is_the_reason() -> None:
    seen = interpret(visit(), {80: REFUSED, 443: TlsFailed("handshake")})
    assert why(seen, ENABLED) is Why.TLS
