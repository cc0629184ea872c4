"""The serving end over asyncio: one light protocol per connection, TLS keys only when needed.

A listener costs one `Serving`; keys and certificates are made at the first connection, because a
fleet has thousands of listeners that nobody visits.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from http import HTTPStatus

from frisket.errors import WireError
from frisket.proto.http.wire import DEFAULT_LIMITS, Header, Limits, Request, Response, ServerSide


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: the address, and whether through TLS."""

    address: str
    tls: bool


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds: for the TLS handshake, for a whole request, and between requests or for reading."""

    handshake: float = 10.0
    request: float = 20.0
    idle: float = 15.0


@dataclass(slots=True)
class Serving:
    """What all connections of one listener share.

    `answer(request, caller)` gives the response; `headers` go with every response, also with those
    to what was no request. `context` is called at each TLS connection. `bug` hears of exceptions
    that escaped `answer`; the client then reads status 500. `refusal` gives the fields that answers
    of this module itself carry besides. `malformed` is the status for octets that are no request,
    `target` the longest target. All connections together may hold `most_held` octets of requests;
    who sends beyond that is cut.
    """

    answer: Callable[[Request, Caller], Awaitable[Response]]
    headers: tuple[Header, ...] = ()
    context: Callable[[], ssl.SSLContext] | None = None
    limits: Limits = DEFAULT_LIMITS
    patience: Patience = Patience()
    bug: Callable[[BaseException], None] = lambda _: None
    refusal: Callable[[], tuple[Header, ...]] = tuple
    malformed: int = 400
    target: int = 4096
    most: int = 64
    most_held: int = 128 << 20
    held: int = 0
    open: set[HttpConnection] = field(default_factory=set)

    def __call__(self) -> HttpConnection:
        """Return the protocol of a new connection."""
        return HttpConnection(self)

    def close(self) -> None:
        """Cut every open connection."""
        for connection in list(self.open):
            connection.abort()


def _phrase(status: int) -> str:
    if status == HTTPStatus.REQUEST_URI_TOO_LONG:
        return "Request URI Too Long"
    return HTTPStatus(status).phrase if status in set(HTTPStatus) else ""


class HttpConnection(asyncio.Protocol):
    """One connection: requests are answered one after the other, each within its time."""

    __slots__ = ("_held", "_line", "_serving", "_side", "_task", "_timer", "_tls", "_transport")

    def __init__(self, serving: Serving) -> None:
        self._serving = serving
        self._side = ServerSide(serving.limits)
        self._transport: asyncio.Transport | None = None
        self._task: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._tls = False
        self._line = 0
        self._held = 0

    # -- asyncio calls these

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Start the clock; over TLS, shake hands first."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        if len(self._serving.open) >= self._serving.most:
            transport.abort()
            return
        self._serving.open.add(self)
        self._wait(self._serving.patience.request)
        if self._serving.context is not None:
            transport.pause_reading()
            self._start(self._secure(self._serving.context))

    def data_received(self, data: bytes) -> None:
        """Take what came; answer once a request is whole."""
        if self._transport is None or self._transport.is_closing():
            return
        self._held += len(data)
        self._serving.held += len(data)
        if self._serving.held > self._serving.most_held:
            self.abort()
            return
        if self._too_long(data):
            self._refuse(414)
            return
        try:
            self._side.receive(data)
        except WireError:
            self._refuse(self._serving.malformed)
            return
        if self._task is None:
            self._advance()

    def eof_received(self) -> bool | None:
        """Note the end; a plain client that closed its half still gets its answer."""
        # The handshake's own task may not have run yet when a client ends right after it.
        busy = self._task is not None and self._serving.context is None
        self._side.receive(b"")
        return busy

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's name
        """Forget the connection, and what was being answered."""
        self._forget()
        if self._task is not None:
            self._task.cancel()

    # -- the conversation

    def _release(self) -> None:
        self._serving.held -= self._held
        self._held = 0

    def _forget(self) -> None:
        self._serving.open.discard(self)
        self._release()
        if self._timer is not None:
            self._timer.cancel()

    def abort(self) -> None:
        """Cut the connection."""
        if self._transport is not None:
            self._transport.abort()

    def _wait(self, seconds: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        # abort, not close: a peer that reads nothing must not keep a full buffer alive.
        self._timer = asyncio.get_running_loop().call_later(seconds, self.abort)

    def _too_long(self, data: bytes) -> bool:
        """Count the request line while it has no end, so that endless ones are cut early."""
        if self._line < 0:
            return False
        end = data.find(b"\n")
        self._line += len(data) if end < 0 else end
        long = self._line > self._serving.target + 64
        if end >= 0:
            self._line = -1
        return long

    def _start(self, work: Awaitable[None]) -> None:
        self._task = asyncio.ensure_future(work)
        assert self._task is not None
        self._task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._task = None
        self._release()
        if task.cancelled() or self._transport is None or self._transport.is_closing():
            return
        fault = task.exception()
        if fault is not None:
            self._serving.bug(fault)
            self._refuse(500)
            return
        self._transport.resume_reading()
        self._advance()

    async def _secure(self, context: Callable[[], ssl.SSLContext]) -> None:
        assert self._transport is not None
        patience = self._serving.patience.handshake
        try:
            self._transport = await asyncio.get_running_loop().start_tls(
                self._transport,
                self,
                context(),
                server_side=True,
                ssl_handshake_timeout=patience,
                ssl_shutdown_timeout=1.0,
            )
        except OSError:
            # The client did not like the certificate, or spoke no TLS: nothing can be said to it.
            # asyncio does not tell of the end of a connection whose handshake failed.
            self.abort()
            self._forget()
            return
        self._tls = True

    def _advance(self) -> None:
        """Answer the next request if it is there."""
        try:
            request = self._side.request()
        except WireError as fault:
            self._refuse(413 if "body of more" in str(fault) else self._serving.malformed)
            return
        if request is None:
            if waiting := self._side.go_on():
                self._send(waiting)
            return
        self._line = 0
        if len(request.target) > self._serving.target:
            self._refuse(414)
            return
        assert self._transport is not None
        self._transport.pause_reading()
        # The answer may take its time (a device wakes slowly); the peer may not any more.
        if self._timer is not None:
            self._timer.cancel()
        self._start(self._answer(request))

    async def _answer(self, request: Request) -> None:
        assert self._transport is not None
        peer = self._transport.get_extra_info("peername") or ("",)
        response = await self._serving.answer(request, Caller(str(peer[0]), self._tls))
        self._respond(response)

    def _respond(self, response: Response) -> None:
        headers = tuple(
            # Names are written as devices write them: fingerprints of scanners look for that.
            ("-".join(word.capitalize() for word in name.split("-")), value)
            for name, value in (*self._serving.headers, *response.headers)
        )
        reason = response.reason or _phrase(response.status)
        self._send(self._side.respond(Response(response.status, headers, response.body, reason)))
        if self._side.closing or response.header("connection") == "close":
            self._end()

    def _refuse(self, status: int) -> None:
        """Say a status without content and close."""
        if self._transport is None or self._transport.is_closing():
            return
        head = (*self._serving.refusal(), ("connection", "close"))
        try:
            self._respond(Response(status, head))
        except WireError:
            self.abort()
        self._end()

    def _send(self, data: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)
            self._wait(self._serving.patience.idle)

    def _end(self) -> None:
        if self._transport is not None:
            self._transport.close()
