"""One HTTP request over an open stream; redirects are data and never followed here."""

from __future__ import annotations

import asyncio

from frisket.errors import Reset, Silent
from frisket.net.tls import ByteStream
from frisket.proto.http.wire import DEFAULT_LIMITS, ClientSide, Header, Limits, Request, Response


def get(host: str, target: str = "/", method: str = "GET") -> Request:
    """Return a reading request: no compression, no cookie, nothing kept open."""
    headers: tuple[Header, ...] = (
        ("host", f"[{host}]" if ":" in host else host),
        ("accept", "*/*"),
        ("accept-encoding", "identity"),
        ("connection", "close"),
    )
    return Request(method, target, headers)


async def ask(
    stream: ByteStream,
    request: Request,
    *,
    timeout: float = 10.0,
    total: float = 20.0,
    limits: Limits = DEFAULT_LIMITS,
) -> Response:
    """Send the request and return its response.

    `timeout` bounds each wait, `total` the whole response, so that a peer cannot drip. Raises
    `WireError`, `Silent`, `Reset` (closed without an answer) and what the stream raises.
    """
    side = ClientSide(limits)
    await stream.write(side.request(request), timeout)
    end = asyncio.get_running_loop().time() + total
    heard = False
    while True:
        left = end - asyncio.get_running_loop().time()
        if left <= 0:
            raise Silent(f"the response was not complete after {total:.0f} s")
        data = await stream.read(min(timeout, left))
        if not data and not heard:
            raise Reset("the connection was closed without an answer")
        heard = True
        side.receive(data)
        response = side.response()
        if response is not None:
            return response
