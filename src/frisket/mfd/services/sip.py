"""SIP for IP fax: UDP and TCP 5060, TLS 5061, and the media ports (device facts 3.1, SP-19).

The device answers OPTIONS and turns calls away: facsimile over IP is not carried here. What
arrives on the media ports (RTP 5004, RTCP 5005, T.38 49152) is dropped.
"""

from __future__ import annotations

import asyncio
import secrets
import ssl
from dataclasses import dataclass

from frisket.errors import WireError
from frisket.mfd.auditlog import LogKind
from frisket.mfd.device import Device
from frisket.mfd.listening import Listening
from frisket.mfd.service import Open, Port, Service
from frisket.net.listen import listen_tcp, listen_udp
from frisket.proto.cursor import Incomplete
from frisket.proto.sip.wire import (
    Headers,
    Request,
    Response,
    answer,
    encode,
    read_datagram,
    read_stream,
)

SWITCHES = ("sip.intranet.enabled", "sip.ngn.enabled", "sip.voip-gateway.enabled")
BY_DATAGRAM, BY_STREAM, BY_TLS = Port(5060, "udp"), Port(5060), Port(5061)
MEDIA = (Port(5004, "udp"), Port(5005, "udp"), Port(49152, "udp"))
ALLOW = "INVITE, ACK, BYE, CANCEL, OPTIONS"
_NOT_CARRIED = ("Warning", '399 virtual-mfd "IP fax is not carried by this virtual device"')
_LONGEST = 64 << 10
PATIENCE = 30.0

Peer = tuple[str, int]


def _media(body: bytes) -> set[bytes]:
    """Return the kinds of media a session description offers (RFC 4566 section 5.14)."""
    lines = (line.split() for line in body.splitlines() if line.startswith(b"m="))
    return {words[0][2:].lower() for words in lines if words}


def decide(request: Request) -> tuple[int, Headers] | None:
    """Return status and headers of the answer; None for ACK, which is never answered.

    A call that offers a fax (T.38 is `m=image`) or sound meets a busy line; one that offers
    nothing the device knows is not acceptable.
    """
    match request.method:
        case "ACK":
            return None
        case "OPTIONS":
            return 200, (("Allow", ALLOW), ("Accept", "application/sdp"), ("Supported", ""))
        case "INVITE":
            offered = _media(request.body)
            fits = not request.body or bool(offered & {b"image", b"audio"})
            return (486 if fits else 488), (_NOT_CARRIED,)
        case "CANCEL" | "BYE":
            return 481, ()
        case _:
            return 405, (("Allow", ALLOW),)


def respond(device: Device, request: Request, source: Peer, tag: str) -> Response | None:
    """Answer one request; None for silence. Raises `WireError` where it cannot be answered.

    `tag` is a fresh word for To. A call is noted in the audit log.
    """
    _, method = request.sequence
    wrong = method != request.method or not request.header("Call-ID")
    decided = (400, ()) if wrong else decide(request)
    if decided is None:
        return None
    status, headers = decided
    if request.method == "INVITE":
        caller = request.header("From")
        device.log.add(LogKind.TRANSMISSION, "-", "IP fax", f"{caller}: {status}", ok=False)
    server = ("Server", f"Virtual-MFD/{device.firmware}")
    return answer(request, status, source=source, tag=tag, headers=(server, *headers))


def respond_datagram(device: Device, data: bytes, peer: Peer) -> bytes | None:
    """Answer one datagram; None for silence. Raises nothing."""
    try:
        message = read_datagram(data)
        if not isinstance(message, Request) or device.power.wake("sip") > 0:
            return None
        response = respond(device, message, peer, secrets.token_hex(4))
    except WireError:
        return None
    return None if response is None else encode(response)


@dataclass(slots=True, eq=False)
class _Stream(asyncio.Protocol):
    """One connection; whoever sends what is no SIP, or nothing for long, is cut off."""

    device: Device
    open: set[_Stream]
    arrived: bytes = b""
    transport: asyncio.Transport | None = None
    timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.device.power.wake("sip")
        self.open.add(self)
        self._wait()

    def _wait(self) -> None:
        assert self.transport is not None
        if self.timer is not None:
            self.timer.cancel()
        self.timer = asyncio.get_running_loop().call_later(PATIENCE, self.transport.abort)

    def data_received(self, data: bytes) -> None:
        assert self.transport is not None
        self.arrived += data
        peer = self.transport.get_extra_info("peername")
        try:
            while self.arrived:
                message, used = read_stream(self.arrived, max_body=_LONGEST)
                self.arrived = self.arrived[used:]
                if isinstance(message, Request):
                    said = respond(self.device, message, peer[:2], secrets.token_hex(4))
                    if said is not None:
                        self.transport.write(encode(said))
                self._wait()
        except Incomplete:
            if len(self.arrived) > 2 * _LONGEST:
                self.transport.abort()
        except WireError:
            self.transport.abort()

    def cut(self) -> None:
        if self.transport is not None:
            self.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's name
        self.open.discard(self)
        if self.timer is not None:
            self.timer.cancel()


def ports(device: Device) -> tuple[Port, ...]:
    """Return every port while any of the three ways of SIP is on."""
    if not any(device.store.on(switch) for switch in SWITCHES):
        return ()
    return (BY_DATAGRAM, BY_STREAM, BY_TLS, *MEDIA)


async def open_port(device: Device, port: Port) -> Open:
    """Listen on one port. The TLS key is made when SIP is turned on, which it seldom is."""
    if port in MEDIA:
        return listen_udp(device.address, port.number, lambda *_: None)
    if port == BY_DATAGRAM:
        return listen_udp(
            device.address, port.number, lambda data, peer: respond_datagram(device, data, peer)
        )
    context: ssl.SSLContext | None = None
    if port == BY_TLS:
        context = device.certificates.context(device.spool())
    connections: set[_Stream] = set()

    def connect() -> _Stream:
        return _Stream(device, connections)

    server = await listen_tcp(device.address, port.number, connect, context)
    return Listening(server, connections)


SERVICE = Service(name="sip", ports=ports, open_port=open_port, reopen_on=("tls.", "crypto."))
