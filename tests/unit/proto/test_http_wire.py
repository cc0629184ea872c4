"""HTTP messages as real devices send them, and the limits that hold them."""

from __future__ import annotations

import pytest

from frisket.errors import WireError
from frisket.proto.http.client import get
from frisket.proto.http.wire import (
    ClientSide,
    Cookie,
    Limits,
    Request,
    Response,
    ServerSide,
    parse_cookie,
)


def answer(data: bytes, *, close: bool = False, limits: Limits | None = None) -> Response | None:
    side = ClientSide(limits or Limits())
    side.request(get("192.0.2.7"))
    side.receive(data)
    if close:
        side.receive(b"")
    return side.response()


def test_a_request_asks_for_nothing_that_costs() -> None:
    data = ClientSide().request(get("fd77::1"))
    assert data.startswith(b"GET / HTTP/1.1\r\n")
    assert b"host: [fd77::1]\r\n" in data.lower()
    assert b"accept-encoding: identity\r\n" in data.lower()
    assert b"connection: close\r\n" in data.lower()
    assert b"cookie" not in data.lower()


def test_the_redirect_of_a_canon_catwalk_server_is_data() -> None:
    response = answer(
        b"HTTP/1.1 302 Moved Temporarily\r\nServer: Catwalk\r\n"
        b"Location: https://null:8443/\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    )
    assert response is not None
    assert (response.status, response.header("location")) == (302, "https://null:8443/")


def test_an_old_server_ends_its_body_by_closing() -> None:
    head = b"HTTP/1.0 200 OK\r\nServer: KS_HTTP/1.0\r\n\r\n"
    assert answer(head + b"<html>") is None
    response = answer(head + b"<html>", close=True)
    assert response is not None
    assert response.body == b"<html>"


def test_a_body_is_cut_at_its_limit() -> None:
    response = answer(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 100, limits=Limits(body=64))
    assert response is not None
    assert (len(response.body), response.cut) == (64, True)


@pytest.mark.parametrize(
    "data",
    [
        b"RFB 003.003\n\n\n",
        b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 101 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 70_000,
        b"HTTP/1.1 100 Continue\r\n\r\n" * 9,
    ],
    ids=["another protocol", "fields", "two lengths", "endless head", "endless interim"],
)
def test_what_is_refused(data: bytes) -> None:
    with pytest.raises(WireError):
        answer(data)


def test_cookies_are_read_without_their_value() -> None:
    text = "fusion-http-session-id=s3cret; Path=/; secure ; HTTPOnly; SameSite=Lax"
    cookie = parse_cookie(text)
    assert cookie == Cookie("fusion-http-session-id", secure=True, http_only=True, same_site="Lax")
    assert "s3cret" not in repr(cookie)
    assert parse_cookie("iR=1; Path=/secure") == Cookie("iR")


def test_a_server_answers_one_request_after_the_other() -> None:
    side = ServerSide()
    side.receive(b"GET /a HTTP/1.1\r\nHost: x\r\n\r\nHEAD /b HTTP/1.1\r\nHost: x\r\n\r\n")
    first = side.request()
    assert first == Request("GET", "/a", (("host", "x"),))
    assert side.respond(Response(200, (), b"hello")).endswith(b"Content-Length: 5\r\n\r\nhello")
    second = side.request()
    assert second is not None
    assert second.method == "HEAD"
    assert side.respond(Response(200, (), b"hello")).endswith(b"Content-Length: 5\r\n\r\n")
    assert side.request() is None
    assert not side.closing


def test_a_server_lets_a_client_go_on_and_refuses_too_much() -> None:
    side = ServerSide(Limits(body=10))
    side.receive(
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\nExpect: 100-continue\r\n\r\n"
    )
    assert side.request() is None
    assert side.go_on().startswith(b"HTTP/1.1 100 ")
    assert side.go_on() == b""
    side.receive(b"x" * 11)
    with pytest.raises(WireError, match="10 octets"):
        side.request()
    assert side.respond(Response(413)).startswith(b"HTTP/1.1 413 ")


def test_a_header_cannot_be_split() -> None:
    side = ServerSide()
    side.receive(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    assert side.request()
    with pytest.raises(WireError):
        side.respond(Response(302, (("location", "/\r\nset-cookie: a=b"),)))


def test_nothing_is_read_after_the_last_response() -> None:
    """h11 itself would stumble over a request that comes after it."""
    side = ServerSide()
    side.respond(Response(414, (("connection", "close"),)))
    side.receive(b"GET / HTTP/1.0\r\n\r\n")
    assert side.closing
    assert side.request() is None
