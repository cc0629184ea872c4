"""IPP over HTTP/1.1, plain or TLS on the same port: the first octet tells them apart."""

from __future__ import annotations

import base64
import binascii
from http import HTTPStatus

from frisket.errors import WireError
from frisket.mfd.conversation import Line
from frisket.mfd.device import Device
from frisket.mfd.ipp.operations import WITH_DOCUMENT, respond
from frisket.mfd.ipp.refusal import IppRefused
from frisket.mfd.ipp.wishes import compression_of
from frisket.mfd.spool import Incoming
from frisket.mfd.users import Login, LoginRefused
from frisket.net.tls import ByteStream, TlsSession
from frisket.proto.http.wire import MORE, Header, Limits, Request, Response, StreamingSide
from frisket.proto.ipp.names import GroupTag
from frisket.proto.ipp.values import Group, Message
from frisket.proto.ipp.wire import decode_head, encode

_CLIENT_HELLO = b"\x16"
_LIMITS = Limits(head=16 << 10, fields=60)
_MOST_ATTRIBUTES = 128 << 10
_HANDSHAKE = 10.0
_SWITCHING = (
    b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: TLS/1.2, HTTP/1.1\r\n\r\n"
)
_SWITCHED = b"HTTP/1.1 200 OK\r\nAllow: POST, OPTIONS\r\nContent-Length: 0\r\n\r\n"
_IPP: Header = ("Content-Type", "application/ipp")
_CLOSE: Header = ("Connection", "close")


class _Pushed:
    """A line whose first octets were read already."""

    def __init__(self, line: Line, first: bytes) -> None:
        self._line = line
        self._first = first

    async def read(self, timeout: float) -> bytes:
        """Return what comes next; the line has its own patience."""
        del timeout
        first, self._first = self._first, b""
        return first or await self._line.read()

    async def write(self, data: bytes, timeout: float = 10.0) -> None:
        """Send all of it."""
        del timeout
        await self._line.write(data)

    def close(self) -> None:
        """Leave closing to who opened the line."""


class _Refusal(Exception):
    """An HTTP status instead of an IPP answer."""

    def __init__(self, status: HTTPStatus, *headers: Header) -> None:
        super().__init__(status)
        self.response = Response(status, (*headers, _CLOSE), reason=status.phrase)


class _Intake:
    """One request's octets: attributes first, then a document that goes to the spool."""

    def __init__(self, device: Device) -> None:
        self._device = device
        self._kept = bytearray()
        self._try_at = 0
        self._message: Message | None = None
        self._incoming: Incoming | None = None

    def take(self, piece: bytes) -> None:
        """Take the next octets. Raises `WireError` where they are no IPP."""
        if self._message is not None:
            if self._incoming is not None:
                self._incoming.write(piece)
            return
        self._kept += piece
        # Tried again only when twice as much is there: single octets would cost too much else.
        if len(self._kept) >= self._try_at:
            self._try_at = 2 * len(self._kept)
            self._decode()

    def _decode(self) -> None:
        found = decode_head(bytes(self._kept), limit=_MOST_ATTRIBUTES, max_attributes=2000)
        if found is None:
            return
        message, end = self._message, _ = found
        if message.code in WITH_DOCUMENT:
            self._incoming = self._device.jobs.receive(_compression(message))
            if len(self._kept) > end:
                self._incoming.write(bytes(self._kept[end:]))
        self._kept.clear()

    def end(self) -> tuple[Message, Incoming | None]:
        """Return the request and its document. Raises `WireError` where it is cut."""
        if self._message is None:
            self._decode()
        if self._message is None:
            raise WireError("IPP attributes cut")
        return self._message, self._incoming

    def drop(self) -> None:
        """Forget a document that belongs to nothing."""
        if self._incoming is not None:
            self._device.jobs.drop(self._incoming)


def _compression(message: Message) -> str:
    group = message.groups[0] if message.groups else Group(GroupTag.OPERATION)
    try:
        return compression_of(group)
    except IppRefused:
        # The request is refused for it once it is whole; until then its octets are only bounded.
        return "none"


class _Upgrade(Exception):
    """The client asks for TLS on the open connection (RFC 2817), as CUPS does after status 426."""


class IppConnection:
    """One connection: requests one after the other, documents spooled as they come."""

    def __init__(self, device: Device, stream: ByteStream, idle: float, *, tls: bool) -> None:
        self._device = device
        self._stream = stream
        self._idle = idle
        self._tls = tls
        self._side = StreamingSide(_LIMITS)
        self._open = True

    async def serve(self) -> None:
        """Answer until the peer leaves or has to be sent away."""
        while self._open:
            try:
                head = await self._head()
                if head is None:
                    return
                await self._answer(head)
            except WireError:
                await self._refuse(_Refusal(HTTPStatus.BAD_REQUEST))
            except _Refusal as refusal:
                await self._refuse(refusal)

    async def _more(self) -> bool:
        data = await self._stream.read(self._idle)
        self._side.receive(data)
        return bool(data)

    async def _head(self) -> Request | None:
        while (head := self._side.head()) is None:
            if not await self._more():
                return None
        return head

    async def _send(self, response: Response) -> None:
        server: Header = ("Server", self._device.personality.banner)
        headers = (server, *response.headers)
        reason = response.reason or HTTPStatus(response.status).phrase
        sent = self._side.respond(Response(response.status, headers, response.body, reason))
        await self._stream.write(sent)
        self._open = self._open and not self._side.closing

    async def _refuse(self, refusal: _Refusal) -> None:
        self._open = False
        try:
            await self._send(refusal.response)
        except WireError:
            return  # the peer's octets left HTTP in a state in which nothing can be said

    def _check(self, head: Request) -> Login | None:
        """Return who logged in (None: nobody has to), or raise the HTTP refusal."""
        store = self._device.store
        if head.method == "OPTIONS":
            if not self._tls and "TLS/" in head.header("upgrade").upper():
                raise _Upgrade
            raise _Refusal(HTTPStatus.OK, ("Allow", "POST, OPTIONS"))
        if not self._tls and store.on("ipp.tls-only"):
            raise _Refusal(HTTPStatus.UPGRADE_REQUIRED, ("Upgrade", "TLS/1.2, HTTP/1.1"))
        if head.method != "POST":
            raise _Refusal(HTTPStatus.METHOD_NOT_ALLOWED, ("Allow", "POST"))
        if head.target.partition("?")[0].rstrip("/") not in {"/ipp/print", "/ipp", ""}:
            raise _Refusal(HTTPStatus.NOT_FOUND)
        if head.header("content-type").partition(";")[0].strip().lower() != "application/ipp":
            raise _Refusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
        # Nobody has to log in where that is off; an administrator who sets something may.
        if not store.on("ipp.authentication") and not head.header("authorization"):
            return None
        try:
            return self._login(head.header("authorization"))
        except LoginRefused as fault:
            asked: Header = ("WWW-Authenticate", f'Basic realm="{self._device.name}"')
            raise _Refusal(HTTPStatus.UNAUTHORIZED, asked) from fault

    def _login(self, header: str) -> Login:
        scheme, _, credential = header.partition(" ")
        if scheme.lower() != "basic":
            raise LoginRefused("no credential")
        try:
            pair = base64.b64decode(credential.strip(), validate=True).decode()
        except (binascii.Error, ValueError) as fault:
            raise LoginRefused("no credential") from fault
        name, _, password = pair.partition(":")
        return self._device.users.login(name, password, "ipp", remote=True)

    async def _answer(self, head: Request) -> None:
        login = self._check(head)
        intake = _Intake(self._device)
        try:
            while (piece := await self._piece()) is not None:
                intake.take(piece)
            message, incoming = intake.end()
        except BaseException:
            intake.drop()
            raise
        answer = respond(self._device, message, incoming, login, tls=self._tls)
        await self._send(Response(HTTPStatus.OK, (_IPP,), encode(answer)))

    async def _piece(self) -> bytes | None:
        while (piece := self._side.piece()) == MORE:
            if waiting := self._side.go_on():
                await self._stream.write(waiting)
            await self._more()
        return piece


async def _secured(device: Device, stream: ByteStream) -> TlsSession:
    session = TlsSession(stream, device.certificates.context(device.spool()), server=True)
    await session.handshake(_HANDSHAKE)
    return session


async def talk(line: Line) -> None:
    """Hold one connection to port 631."""
    device = line.device
    first = await line.read()
    if not first:
        return
    stream: ByteStream = _Pushed(line, first)
    secure = first.startswith(_CLIENT_HELLO)
    if secure:
        stream = await _secured(device, stream)
    try:
        await IppConnection(device, stream, line.idle, tls=secure).serve()
    except _Upgrade:
        await stream.write(_SWITCHING)
        stream = await _secured(device, stream)
        # The question that asked for TLS is answered within it.
        await stream.write(_SWITCHED)
        await IppConnection(device, stream, line.idle, tls=True).serve()
