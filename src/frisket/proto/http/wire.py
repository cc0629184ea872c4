"""HTTP/1.1 messages and the two ends of a connection, as bytes in and bytes out (RFC 9112).

`ClientSide` and `ServerSide` are h11 connections that hand out whole, bounded messages and raise
`WireError` where h11 finds a fault. Bodies are never decompressed: only `identity` is asked for.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import h11

from frisket.errors import WireError

Header = tuple[str, str]
_MAX_INTERIM = 8  # 1xx answers before the real one; a peer that sends more is playing
_BODILESS = frozenset({204, 304})


@dataclass(frozen=True, slots=True)
class Limits:
    """What a message may measure: octets of its head, number of fields, octets of its body."""

    head: int = 64 << 10
    fields: int = 100
    body: int = 1 << 20


DEFAULT_LIMITS = Limits()


def find(headers: tuple[Header, ...], name: str) -> str:
    """Return the first field called `name` (lower case), "" where there is none."""
    return next((value for key, value in headers if key == name), "")


@dataclass(frozen=True, slots=True)
class Request:
    """A request; header names are lower case, values text as the octets stand (Latin-1)."""

    method: str
    target: str
    headers: tuple[Header, ...] = ()
    body: bytes = b""

    def header(self, name: str) -> str:
        """Return the first field called `name` (lower case), "" where there is none."""
        return find(self.headers, name)


@dataclass(frozen=True, slots=True)
class Response:
    """A response; `cut` where the body went on beyond the limit and the rest was left unread."""

    status: int
    headers: tuple[Header, ...] = ()
    body: bytes = b""
    reason: str = ""
    cut: bool = False

    def header(self, name: str) -> str:
        """Return the first field called `name` (lower case), "" where there is none."""
        return find(self.headers, name)

    def cookies(self) -> tuple[Cookie, ...]:
        """Return the cookies that are set, in order."""
        return tuple(parse_cookie(value) for key, value in self.headers if key == "set-cookie")


@dataclass(frozen=True, slots=True)
class Cookie:
    """A cookie's name and protection (RFC 6265 section 4.1). Its value is a secret, so not kept."""

    name: str
    secure: bool = False
    http_only: bool = False
    same_site: str = ""


def parse_cookie(text: str) -> Cookie:
    """Read one Set-Cookie value; whatever it says is a cookie (RFC 6265 section 5.2)."""
    first, *rest = text.split(";")
    attributes = {
        key.strip().lower(): value.strip()
        for key, _, value in (part.partition("=") for part in rest)
    }
    return Cookie(
        name=first.partition("=")[0].strip(),
        secure="secure" in attributes,
        http_only="httponly" in attributes,
        same_site=attributes.get("samesite", ""),
    )


def _text(headers: Iterable[tuple[bytes, bytes]], limits: Limits) -> tuple[Header, ...]:
    found = tuple((key.decode("latin-1"), value.decode("latin-1")) for key, value in headers)
    if len(found) > limits.fields:
        raise WireError(f"{len(found)} header fields, more than {limits.fields}")
    if sum(len(key) + len(value) for key, value in found) > limits.head:
        raise WireError(f"a message head of more than {limits.head} octets")
    return found


def _octets(headers: tuple[Header, ...]) -> list[tuple[bytes, bytes]]:
    try:
        return [(key.encode("latin-1"), value.encode("latin-1")) for key, value in headers]
    except UnicodeEncodeError as fault:
        raise WireError("a header field that HTTP cannot carry") from fault


class _Side:
    """What both ends share: an h11 connection and the body that is being received."""

    __slots__ = ("_body", "_connection", "_limits")

    def __init__(self, role: type[h11.CLIENT | h11.SERVER], limits: Limits) -> None:
        self._connection = h11.Connection(role, max_incomplete_event_size=limits.head)
        self._limits = limits
        self._body = bytearray()

    def receive(self, data: bytes) -> None:
        """Take what the peer sent, b"" where it closed."""
        try:
            self._connection.receive_data(data)
        except RuntimeError as fault:
            raise WireError("octets after the end of the connection") from fault

    def _event(self) -> object:
        try:
            return self._connection.next_event()
        except h11.RemoteProtocolError as fault:
            raise WireError(f"not HTTP: {fault}") from fault

    def _send(self, *events: h11.Event) -> bytes:
        try:
            return b"".join(self._connection.send(event) or b"" for event in events)
        except h11.LocalProtocolError as fault:
            raise WireError(f"HTTP cannot carry this: {fault}") from fault


class ClientSide(_Side):
    """One request and its response."""

    __slots__ = ("_head", "_interim")

    def __init__(self, limits: Limits = DEFAULT_LIMITS) -> None:
        super().__init__(h11.CLIENT, limits)
        self._head: h11.Response | None = None
        self._interim = 0

    def request(self, request: Request) -> bytes:
        """Return the octets of the request; its length is added where it has a body."""
        headers = _octets(request.headers)
        if request.body:
            headers.append((b"content-length", str(len(request.body)).encode()))
        try:
            head = h11.Request(method=request.method, target=request.target, headers=headers)
        except (h11.LocalProtocolError, UnicodeEncodeError) as fault:
            raise WireError(f"HTTP cannot carry this: {fault}") from fault
        body = [h11.Data(data=request.body)] if request.body else []
        return self._send(head, *body, h11.EndOfMessage())

    def response(self) -> Response | None:
        """Return the response once it is there (or its body reached the limit), else None."""
        while True:
            match self._event():
                case h11.Response() as head:
                    self._head = head
                    _text(head.headers, self._limits)
                case h11.InformationalResponse():
                    self._interim += 1
                    if self._interim > _MAX_INTERIM:
                        raise WireError("interim responses without end")
                case h11.Data(data=data):
                    self._body += data
                    if len(self._body) > self._limits.body:
                        return self._whole(cut=True)
                case h11.EndOfMessage() | h11.PAUSED if self._head is not None:
                    # Paused: a proxy has agreed to CONNECT, what follows is the tunnel's.
                    return self._whole(cut=False)
                case h11.NEED_DATA:
                    return None
                case _:
                    raise WireError("the connection ended without a response")

    def _whole(self, *, cut: bool) -> Response:
        assert self._head is not None
        return Response(
            self._head.status_code,
            _text(self._head.headers, self._limits),
            bytes(self._body[: self._limits.body]),
            self._head.reason.decode("latin-1"),
            cut,
        )


class ServerSide(_Side):
    """The serving end: requests in, responses out, as many as the connection carries."""

    __slots__ = ("_head",)

    def __init__(self, limits: Limits = DEFAULT_LIMITS) -> None:
        super().__init__(h11.SERVER, limits)
        self._head: h11.Request | None = None

    @property
    def closing(self) -> bool:
        """Say whether the connection is to be closed after what was sent."""
        return self._connection.our_state in {h11.MUST_CLOSE, h11.CLOSED, h11.ERROR}

    def go_on(self) -> bytes:
        """Return the interim response a client waits for before it sends its body, or b""."""
        if not self._connection.they_are_waiting_for_100_continue:
            return b""
        return self._send(h11.InformationalResponse(status_code=100, headers=[]))

    def request(self) -> Request | None:
        """Return the next request once it is there, else None, also after the peer closed.

        Answer it with `respond` before asking for another. Raises `WireError`, which may still
        be answered (400) before closing.
        """
        if self.closing:
            return None
        while True:
            match self._event():
                case h11.Request() as head:
                    self._head = head
                    self._body.clear()
                    _text(head.headers, self._limits)
                case h11.Data(data=data):
                    self._body += data
                    if len(self._body) > self._limits.body:
                        raise WireError(f"a body of more than {self._limits.body} octets")
                case h11.EndOfMessage():
                    return self._whole()
                case _:
                    return None

    def _whole(self) -> Request:
        assert self._head is not None
        return Request(
            self._head.method.decode("latin-1"),
            self._head.target.decode("latin-1"),
            _text(self._head.headers, self._limits),
            bytes(self._body),
        )

    def respond(self, response: Response) -> bytes:
        """Return the octets of the response to the last request; its length is added."""
        headers = _octets(response.headers)
        if response.status not in _BODILESS:
            headers.append((b"Content-Length", str(len(response.body)).encode()))
        # Connection comes last, as devices send it: fingerprints are of whole heads.
        headers.sort(key=lambda field: field[0].lower() == b"connection")
        try:
            head = h11.Response(
                status_code=response.status,
                headers=headers,
                reason=response.reason.encode("latin-1"),
            )
        except (h11.LocalProtocolError, UnicodeEncodeError) as fault:
            raise WireError(f"HTTP cannot carry this: {fault}") from fault
        silent = self._head is not None and self._head.method == b"HEAD"
        body = [] if silent or not response.body else [h11.Data(data=response.body)]
        sent = self._send(head, *body, h11.EndOfMessage())
        if self._connection.our_state is self._connection.their_state is h11.DONE:
            self._connection.start_next_cycle()
        return sent


MORE = b""  # what `StreamingSide.piece` returns while octets are missing


class StreamingSide(ServerSide):
    """A `ServerSide` for bodies too large to hold: head first, then piece by piece.

    The limit on bodies does not apply: who takes the pieces bounds them.
    """

    __slots__ = ()

    def head(self) -> Request | None:
        """Return the next request without its body once it is there, else None.

        Raises `WireError`, which may still be answered (400) before closing.
        """
        event = self._event()
        if not isinstance(event, h11.Request):
            return None
        self._head = event
        method, target = event.method.decode("latin-1"), event.target.decode("latin-1")
        return Request(method, target, _text(event.headers, self._limits))

    def piece(self) -> bytes | None:
        """Return the next octets of the body, MORE while they are missing, None at its end."""
        match self._event():
            case h11.Data(data=data):
                return bytes(data)
            case h11.EndOfMessage():
                return None
            case h11.NEED_DATA:
                return MORE
            case _:
                raise WireError("the connection ended within a body")
