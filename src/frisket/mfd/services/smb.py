"""SMB server on TCP 445 and 139: a negotiation, and a polite refusal of whatever comes after it.

With the quirk `samba` a real Samba serves the share instead (`mfd/samba.py`). Which dialects the
device agrees to is the personality's; <Require Encryption> leaves those that can encrypt.
"""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass
from uuid import UUID

from frisket.errors import WireError
from frisket.mfd.auditlog import LogKind
from frisket.mfd.device import Device
from frisket.mfd.listening import Listening
from frisket.mfd.samba import start_samba
from frisket.mfd.service import Open, Port, Service
from frisket.net.listen import listen_tcp
from frisket.proto.smb.messages import KEEP_ALIVE, MESSAGE, SESSION_GRANTED, SESSION_REQUEST
from frisket.proto.smb.names import (
    NT_LM,
    NTLM_HINT,
    SMB_2_002,
    SMB_2_ANY,
    Dialect,
    Status,
    dialect_name,
)
from frisket.proto.smb.wire import (
    NegotiateOne,
    NegotiateTwo,
    Other,
    answer_1,
    answer_2,
    answer_error,
    frame,
    read_request,
    unframe,
)

DIRECT, NETBIOS = Port(445), Port(139)
PATIENCE = 30.0
_LIMIT = 1 << 16
_NONE_OF_THEM = 0xFFFF
_EPOCH = 11_644_473_600  # seconds from 1601 to 1970
_KNOWN = tuple(Dialect(number) for number in sorted({*Dialect} - {Dialect.ANY_SMB_2}))

Request = NegotiateOne | NegotiateTwo | Other


def dialects(device: Device) -> tuple[Dialect, ...]:
    """Return the dialects that the device agrees to, lowest first."""
    spoken = [d for d in _KNOWN if dialect_name(d) in device.quirks.smb_dialects]
    if device.store.on("smb.server.require-encryption"):
        spoken = [d for d in spoken if d >= Dialect.SMB_3_0]
    return tuple(spoken)


def _choose(request: NegotiateOne | NegotiateTwo, spoken: tuple[Dialect, ...]) -> Dialect | None:
    if isinstance(request, NegotiateTwo):
        return max((d for d in spoken if d in request.dialects), default=None)
    # MS-SMB2 3.3.5.3: an SMB1 question may lead over to SMB2.
    if SMB_2_ANY in request.dialects and any(d > Dialect.SMB_2_0_2 for d in spoken):
        return Dialect.ANY_SMB_2
    if SMB_2_002 in request.dialects and Dialect.SMB_2_0_2 in spoken:
        return Dialect.SMB_2_0_2
    if NT_LM in request.dialects and Dialect.SMB_1 in spoken:
        return Dialect.SMB_1
    return None


def respond(device: Device, request: Request, salt: bytes) -> bytes:
    """Return the framed answer to one request; `salt` is 32 random octets. Raises `WireError`."""
    if isinstance(request, Other):
        return answer_error(request, Status.ACCESS_DENIED)
    chosen = _choose(request, dialects(device))
    guid = UUID(device.plan.uuid).bytes_le
    moment = int((device.now().timestamp() + _EPOCH) * 10_000_000)
    signed = device.store.on("smb.server.require-signature")
    if isinstance(request, NegotiateOne) and chosen in {None, Dialect.SMB_1}:
        index = _NONE_OF_THEM if chosen is None else request.dialects.index(NT_LM)
        return answer_1(
            request, index, guid=guid, security=NTLM_HINT, signing_required=signed, moment=moment
        )
    if chosen is None:
        return answer_error(request, Status.NOT_SUPPORTED)
    return answer_2(
        request,
        chosen,
        guid=guid,
        salt=salt,
        security=NTLM_HINT,
        signing_required=signed,
        encryption=chosen >= Dialect.SMB_3_0,
        moment=moment,
    )


@dataclass(slots=True, eq=False)
class _Connection(asyncio.Protocol):
    """One connection; what is no SMB, or silent for long, is cut off."""

    device: Device
    open_now: set[_Connection]
    arrived: bytes = b""
    refused: bool = False
    transport: asyncio.Transport | None = None
    timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.open_now.add(self)
        self.device.power.wake("smb")
        self.timer = asyncio.get_running_loop().call_later(PATIENCE, transport.abort)

    def data_received(self, data: bytes) -> None:
        assert self.transport is not None
        self.arrived += data
        try:
            while (packet := unframe(self.arrived, limit=_LIMIT)) is not None:
                self.arrived = self.arrived[packet.end :]
                self.transport.write(self.answer(packet.kind, packet.payload))
        except WireError:
            self.transport.abort()

    def answer(self, kind: int, payload: bytes) -> bytes:
        if kind == SESSION_REQUEST:
            return frame(b"", SESSION_GRANTED)
        if kind == KEEP_ALIVE:
            return b""
        if kind != MESSAGE:
            raise WireError(f"NetBIOS session packet of kind {kind:#04x}")
        request = read_request(payload)
        if isinstance(request, Other) and not self.refused:
            self.refused = True
            detail = "this device negotiates SMB, and serves no files by it"
            self.device.log.add(LogKind.NETWORK_AUTHENTICATION, "-", "SMB", detail, ok=False)
        return respond(self.device, request, secrets.token_bytes(32))

    def cut(self) -> None:
        if self.transport is not None:
            self.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's name
        self.open_now.discard(self)
        if self.timer is not None:
            self.timer.cancel()


def ports(device: Device) -> tuple[Port, ...]:
    """Return the ports while <Use SMB Server> is on; Samba serves both by itself."""
    if not device.store.on("smb.server.enabled"):
        return ()
    return (DIRECT,) if device.quirks.samba else (DIRECT, NETBIOS)


async def open_port(device: Device, port: Port) -> Open:
    """Listen on one port, or start Samba."""
    where = device.port(port.number)
    if device.quirks.samba:
        served = [dialect_name(dialect) for dialect in dialects(device)]
        return await start_samba(device, (where, device.port(NETBIOS.number)), served)
    connections: set[_Connection] = set()
    server = await listen_tcp(device.address, where, lambda: _Connection(device, connections))
    return Listening(server, connections)


# Samba reads its settings once, so it is started anew.
SERVICE = Service(
    name="smb", ports=ports, open_port=open_port, reopen_on=("smb.server.", "admin.password")
)
