"""Any bytes are HTTP messages or a `WireError`, at both ends of a connection."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from frisket.errors import WireError
from frisket.proto.http.wire import (
    ClientSide,
    Limits,
    Request,
    Response,
    ServerSide,
    parse_cookie,
)

SEEDS = [
    b"HTTP/1.1 302 Found\r\nLocation: https://null:8443/\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n0\r\nA: b\r\n\r\n",
    b"HTTP/1.0 200 OK\r\nSet-Cookie: id=1; Secure; HttpOnly\r\n\r\n<title>Remote UI</title>",
    b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n",
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nxx",
    b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\nabcGET / H",
    b"GET / HTTP/1.0\n\n",
]
LIMITS = Limits(head=400, fields=6, body=64)


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    data = bytearray(draw(st.sampled_from(SEEDS)))
    for _ in range(draw(st.integers(0, 4))):
        place = draw(st.integers(0, len(data)))
        data[place : place + draw(st.integers(0, 3))] = draw(st.binary(max_size=6))
    return bytes(data)


def pieces(data: bytes, cuts: Sequence[int]) -> list[bytes]:
    """Cut `data`, and close at the end: b"" only stands there."""
    places = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    return [*(data[a:b] for a, b in pairwise(places)), b""]


ANYTHING = st.binary(max_size=300) | mutated()
CUTS = st.lists(st.integers(0, 400), max_size=4)


@given(data=ANYTHING, cuts=CUTS, method=st.sampled_from(["GET", "HEAD", "OPTIONS"]))
def test_a_client_gets_a_response_or_wire_error(data: bytes, cuts: list[int], method: str) -> None:
    side = ClientSide(LIMITS)
    side.request(Request(method, "/", (("host", "a"),)))
    try:
        for piece in pieces(data, cuts):
            side.receive(piece)
            if response := side.response():
                assert len(response.body) <= LIMITS.body
                assert len(response.headers) <= LIMITS.fields
                break
    except WireError:
        return


@given(data=ANYTHING, cuts=CUTS)
def test_a_server_gets_requests_or_wire_error(data: bytes, cuts: list[int]) -> None:
    side = ServerSide(LIMITS)
    try:
        for piece in pieces(data, cuts):
            side.receive(piece)
            side.go_on()
            while (request := side.request()) is not None:
                assert len(request.body) <= LIMITS.body
                assert side.respond(Response(200, (), b"ok")).startswith(b"HTTP/1.1 200")
            if side.closing:
                return
    except WireError:
        return


@given(text=st.text(max_size=60))
def test_every_text_is_a_cookie(text: str) -> None:
    assert ";" not in parse_cookie(text).name


NAMES = st.from_regex(r"x-[a-z0-9]{1,10}", fullmatch=True)
VALUES = st.from_regex(r"[!-~]([ -~]{0,10}[!-~])?", fullmatch=True)
HEADERS = st.lists(st.tuples(NAMES, VALUES), max_size=3).map(tuple)


@given(
    target=st.from_regex(r"/[a-z0-9?=&/]{0,20}", fullmatch=True),
    sent=HEADERS,
    answered=HEADERS,
    body=st.binary(max_size=50),
    status=st.sampled_from([200, 302, 401, 404, 500]),
)
def test_what_one_side_sends_the_other_reads(
    target: str,
    sent: tuple[tuple[str, str], ...],
    answered: tuple[tuple[str, str], ...],
    body: bytes,
    status: int,
) -> None:
    client, server = ClientSide(LIMITS), ServerSide(LIMITS)
    request = Request("POST", target, (("host", "a"), *sent), body)
    server.receive(client.request(request))
    read = server.request()
    assert read is not None
    assert (read.method, read.target, read.body) == ("POST", target, body)
    assert read.headers[: len(request.headers)] == request.headers
    client.receive(server.respond(Response(status, answered, body, "as asked")))
    response = client.response()
    assert response is not None
    assert (response.status, response.body, response.reason) == (status, body, "as asked")
    assert response.headers[: len(answered)] == answered
