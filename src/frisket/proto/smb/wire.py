"""The negotiation of an SMB dialect as octets, both sides.

Sources: RFC 1002 section 4.3 (session frames), MS-CIFS 2.2.4.52 and MS-SMB 2.2.4.5 (SMB1),
MS-SMB2 2.2.3 and 2.2.4. Every message is little-endian inside a big-endian frame.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

from frisket.errors import WireError
from frisket.proto.smb.messages import (
    KEEP_ALIVE,
    MESSAGE,
    Declined,
    Frame,
    Negotiated,
    NegotiateOne,
    NegotiateTwo,
    Other,
    frame,
    unframe,
)
from frisket.proto.smb.names import NT_LM, SMB_2_002, SMB_2_ANY, Dialect, Status

__all__ = [
    "Declined",
    "Frame",
    "NegotiateOne",
    "NegotiateTwo",
    "Negotiated",
    "Other",
    "answer_1",
    "answer_2",
    "answer_error",
    "ask_1",
    "ask_2",
    "frame",
    "read_reply",
    "read_request",
    "unframe",
]

HEADER_1 = struct.Struct("<4sBIBHH8sHHHHH")
HEADER_2 = struct.Struct("<4sHHIHHIIQIIQ16s")
NEGOTIATE_1 = 0x72
NEGOTIATE_2 = 0x0000
_MAGIC_1, _MAGIC_2 = b"\xffSMB", b"\xfeSMB"
_REPLY_1 = struct.Struct("<HBHHIIIIQhBH")
_REQUEST_2 = struct.Struct("<HHHHI16sIHH")
_REPLY_2 = struct.Struct("<HHHH16sIIIIQQHHI")
_CONTEXT = struct.Struct("<HHI")
_EXTENDED_SECURITY = 0x80000000
_SIGNING_ENABLED, _SIGNING_REQUIRED = 1, 2
_ENCRYPTION = 0x40
_PREAUTH, _CIPHERS = 1, 2
_SHA512 = 1
AES_128_GCM = 2
_OFFERED_CIPHERS = (AES_128_GCM, 1, 4, 3)


def ask_1(dialects: Sequence[str] = (NT_LM, SMB_2_002, SMB_2_ANY)) -> bytes:
    """Give a framed SMB1 negotiation offering dialect names; raises WireError if not ASCII."""
    try:
        names = b"".join(b"\x02" + name.encode("ascii") + b"\x00" for name in dialects)
        header = HEADER_1.pack(
            _MAGIC_1, NEGOTIATE_1, 0, 0x18, 0xC853, 0, bytes(8), 0, 0xFFFF, 0xFEFF, 0, 0
        )
        return frame(header + b"\x00" + struct.pack("<H", len(names)) + names)
    except (struct.error, UnicodeError) as error:
        raise WireError(f"not an SMB1 negotiation: {error}") from error


def ask_2(dialects: Sequence[int], *, guid: bytes, salt: bytes) -> bytes:
    """Give a framed SMB2 negotiation offering dialect revisions in ascending order.

    `guid` (16 octets) and `salt` (32, for 3.1.1) are fresh random octets. Raises WireError.
    """
    if len(guid) != 16 or len(salt) != 32:
        raise WireError("an SMB2 negotiation needs 16 and 32 random octets")
    latest = Dialect.SMB_3_1_1 in dialects
    capable = any(dialect >= Dialect.SMB_3_0 for dialect in dialects)
    try:
        numbers = struct.pack(f"<{len(dialects)}H", *dialects)
        fixed = HEADER_2.size + _REQUEST_2.size + len(numbers)
        padding = bytes(-fixed % 8) if latest else b""
        body = _REQUEST_2.pack(
            36,
            len(dialects),
            _SIGNING_ENABLED,
            0,
            _ENCRYPTION if capable else 0,
            guid,
            fixed + len(padding) if latest else 0,
            2 if latest else 0,
            0,
        )
    except struct.error as error:
        raise WireError(f"not an SMB2 negotiation: {error}") from error
    contexts = _contexts(salt, _OFFERED_CIPHERS) if latest else b""
    return frame(_header_2(NEGOTIATE_2, 0, 0, 0) + body + numbers + padding + contexts)


def read_reply(data: bytes, *, limit: int = 1 << 16) -> Negotiated | Declined | None:
    """Give a server's answer to a negotiation from all it has sent; None: need more.

    An SMB1 question that names SMB2 dialects may be answered in SMB2. Raises WireError.
    """
    rest = bytes(data)
    while (packet := unframe(rest, limit=limit)) is not None:
        if packet.kind == MESSAGE:
            return _read_reply(packet.payload)
        if packet.kind != KEEP_ALIVE:
            raise WireError(f"NetBIOS session packet of kind {packet.kind:#04x}")
        rest = rest[packet.end :]
    return None


def read_request(message: bytes) -> NegotiateOne | NegotiateTwo | Other:
    """Give the request in a session message (the payload of a frame); raises WireError."""
    if message[:4] == _MAGIC_1:
        return _read_request_1(bytes(message))
    if message[:4] == _MAGIC_2:
        return _read_request_2(bytes(message))
    raise WireError("neither SMB1 nor SMB2")


def answer_1(
    request: NegotiateOne,
    index: int,
    *,
    guid: bytes,
    security: bytes,
    signing_required: bool = False,
    moment: int = 0,
) -> bytes:
    """Give the framed SMB1 answer that chooses the dialect at `index` ("NT LM 0.12").

    An `index` of 0xFFFF chooses none. `moment` counts tenths of microseconds since 1601.
    """
    if index == 0xFFFF:
        return frame(_header_1(request.ids, NEGOTIATE_1, 0) + b"\x01\xff\xff\x00\x00")
    if not 0 <= index < len(request.dialects) or len(guid) != 16:
        raise WireError("an SMB1 answer needs a dialect of the request and a GUID of 16 octets")
    # User-level security with encrypted passwords, then what it says about signatures.
    mode = 0x03 | 0x04 | (0x08 if signing_required else 0)
    capabilities = _EXTENDED_SECURITY | 0x0000_005C  # Unicode, NT commands, NT status, large files
    try:
        words = _REPLY_1.pack(
            index, mode, 1, 1, 16644, 65536, 0, capabilities, moment, 0, 0, 16 + len(security)
        )
    except struct.error as error:
        raise WireError(f"not an SMB1 answer: {error}") from error
    return frame(_header_1(request.ids, NEGOTIATE_1, 0) + bytes([17]) + words + guid + security)


def answer_2(
    request: NegotiateOne | NegotiateTwo,
    dialect: int,
    *,
    guid: bytes,
    salt: bytes,
    security: bytes,
    signing_required: bool = False,
    encryption: bool = False,
    moment: int = 0,
) -> bytes:
    """Give the framed SMB2 answer that chooses `dialect`.

    With `encryption` a 3.x client hears that the server can encrypt. `moment` counts tenths of
    microseconds since 1601, `salt` is 32 octets for 3.1.1. Raises WireError.
    """
    if len(guid) != 16 or len(salt) != 32:
        raise WireError("an SMB2 answer needs a GUID of 16 octets and a salt of 32")
    ciphers = request.ciphers if isinstance(request, NegotiateTwo) else ()
    contexts, offset = b"", 0
    if dialect == Dialect.SMB_3_1_1:
        # Cipher 0 tells a client that asked that none of its ciphers will do.
        chosen = AES_128_GCM if encryption and AES_128_GCM in ciphers else 0
        contexts = _contexts(salt, (chosen,) if ciphers else ())
        offset = HEADER_2.size + _REPLY_2.size + len(security)
        offset += -offset % 8
    mode = _SIGNING_ENABLED | (_SIGNING_REQUIRED if signing_required else 0)
    older = Dialect.SMB_3_0 <= dialect < Dialect.SMB_3_1_1
    try:
        body = _REPLY_2.pack(
            65,
            mode,
            dialect,
            (2 if ciphers else 1) if contexts else 0,
            guid,
            _ENCRYPTION if encryption and older else 0,
            65536,
            65536,
            65536,
            moment,
            0,
            HEADER_2.size + _REPLY_2.size,
            len(security),
            offset,
        )
    except struct.error as error:
        raise WireError(f"not an SMB2 answer: {error}") from error
    message_id = request.message_id if isinstance(request, NegotiateTwo) else 0
    head = _header_2(NEGOTIATE_2, 0, message_id, 1) + body + security
    return frame(head + bytes(offset - len(head) if contexts else 0) + contexts)


def answer_error(request: NegotiateOne | NegotiateTwo | Other, status: int) -> bytes:
    """Give the framed refusal of any request with an NTSTATUS."""
    if isinstance(request, NegotiateOne):
        return frame(_header_1(request.ids, NEGOTIATE_1, status) + bytes(3))
    if isinstance(request, Other) and request.version == 1:
        return frame(_header_1(request.ids, request.command, status) + bytes(3))
    command = request.command if isinstance(request, Other) else NEGOTIATE_2
    session = request.session_id if isinstance(request, Other) else 0
    header = _header_2(command, status, request.message_id, 1, session)
    return frame(header + struct.pack("<HBBIB", 9, 0, 0, 0, 0))


def _header_1(ids: tuple[int, int, int], command: int, status: int) -> bytes:
    process, multiplex, flags = ids
    try:
        return HEADER_1.pack(
            _MAGIC_1, command, status, 0x98, flags, 0, bytes(8), 0, 0, process, 0, multiplex
        )
    except struct.error as error:
        raise WireError(f"not an SMB1 answer: {error}") from error


def _header_2(command: int, status: int, message_id: int, flags: int, session: int = 0) -> bytes:
    try:
        return HEADER_2.pack(
            _MAGIC_2, 64, 0, status, command, 1, flags, 0, message_id, 0, 0, session, bytes(16)
        )
    except struct.error as error:
        raise WireError(f"not an SMB2 header: {error}") from error


def _contexts(salt: bytes, ciphers: Sequence[int]) -> bytes:
    """Write the negotiate contexts of 3.1.1: SHA-512 for integrity and, if any, the ciphers."""
    integrity = struct.pack("<HHH", 1, len(salt), _SHA512) + salt
    out = _CONTEXT.pack(_PREAUTH, len(integrity), 0) + integrity
    if ciphers:
        listed = struct.pack(f"<H{len(ciphers)}H", len(ciphers), *ciphers)
        out += bytes(-len(out) % 8) + _CONTEXT.pack(_CIPHERS, len(listed), 0) + listed
    return out


def _ciphers(message: bytes, offset: int, count: int) -> tuple[int, ...]:
    """Read the ciphers from the negotiate contexts of a request or an answer."""
    if count > 32:
        raise WireError(f"{count} SMB2 negotiate contexts")
    found: tuple[int, ...] = ()
    for _ in range(count):
        kind, length, _reserved = _unpack(_CONTEXT, message, offset)
        data = message[offset + _CONTEXT.size : offset + _CONTEXT.size + length]
        if len(data) != length:
            raise WireError("SMB2 negotiate context cut short")
        if kind == _CIPHERS:
            amount = int.from_bytes(data[:2], "little")
            if length < 2 + 2 * amount:
                raise WireError("SMB2 cipher list cut short")
            found = struct.unpack_from(f"<{amount}H", data, 2)
        offset += _CONTEXT.size + length
        offset += -offset % 8
    return found


def _unpack(layout: struct.Struct, message: bytes, offset: int) -> tuple[int, ...]:
    if offset + layout.size > len(message):
        raise WireError("SMB message cut short")
    return layout.unpack_from(message, offset)


def _read_reply(message: bytes) -> Negotiated | Declined:
    if message[:4] == _MAGIC_1:
        return _read_reply_1(message)
    if message[:4] == _MAGIC_2:
        return _read_reply_2(message)
    raise WireError("neither SMB1 nor SMB2")


def _read_reply_1(message: bytes) -> Negotiated | Declined:
    if len(message) < HEADER_1.size + 3 or message[4] != NEGOTIATE_1:
        raise WireError("not an SMB1 answer to a negotiation")
    (status,) = struct.unpack_from("<I", message, 5)
    words = message[HEADER_1.size]
    if status or message[HEADER_1.size + 1 :][:2] == b"\xff\xff":
        return Declined(status)
    if words != 17:
        raise WireError(f"SMB1 answer of {words} words, not NT LM 0.12")
    start = HEADER_1.size + 1
    _, mode, _, _, _, _, _, capabilities, _, _, _, length = _unpack(_REPLY_1, message, start)
    data = message[start + _REPLY_1.size :][:length]
    extended = bool(capabilities & _EXTENDED_SECURITY)
    return Negotiated(
        Dialect.SMB_1,
        signing_enabled=bool(mode & 0x04),
        signing_required=bool(mode & 0x08),
        guid=data[:16] if extended else b"",
        security=data[16:] if extended else b"",
    )


def _read_reply_2(message: bytes) -> Negotiated | Declined:
    if len(message) < HEADER_2.size:
        raise WireError("SMB2 header cut short")
    (status,), (command,) = (
        struct.unpack_from("<I", message, 8),
        struct.unpack_from("<H", message, 12),
    )
    if command != NEGOTIATE_2:
        raise WireError(f"SMB2 answer to command {command}")
    if status != Status.SUCCESS:
        return Declined(status)
    if len(message) < HEADER_2.size + _REPLY_2.size:
        raise WireError("SMB2 answer cut short")
    size, mode, dialect, count, guid, capabilities, *_, at, length, contexts = _REPLY_2.unpack_from(
        message, HEADER_2.size
    )
    security = message[at : at + length]
    if size != 65 or len(security) != length:
        raise WireError("SMB2 answer of the wrong size")
    ciphers = _ciphers(message, contexts, count) if dialect == Dialect.SMB_3_1_1 else ()
    return Negotiated(
        dialect,
        signing_enabled=bool(mode & _SIGNING_ENABLED),
        signing_required=bool(mode & _SIGNING_REQUIRED),
        encryption=any(ciphers) or bool(capabilities & _ENCRYPTION),
        guid=guid,
        security=security,
    )


def _read_request_1(message: bytes) -> NegotiateOne | Other:
    if len(message) < HEADER_1.size + 3:
        raise WireError("SMB1 request cut short")
    _, command, _, _, flags, _, _, _, _, process, _, multiplex = HEADER_1.unpack_from(message)
    ids = (process, multiplex, flags)
    if command != NEGOTIATE_1:
        return Other(1, command, ids=ids)
    start = HEADER_1.size + 1 + 2 * message[HEADER_1.size]
    names = message[start + 2 :]
    if len(message) < start + 2 or len(names) < int.from_bytes(
        message[start : start + 2], "little"
    ):
        raise WireError("SMB1 negotiation cut short")
    parts = names[: int.from_bytes(message[start : start + 2], "little")].split(b"\x00")
    if parts.pop() or not parts or not all(part[:1] == b"\x02" for part in parts):
        raise WireError("SMB1 dialect names end early")
    if len(parts) > 64:
        raise WireError(f"{len(parts)} SMB1 dialects")
    return NegotiateOne(tuple(part[1:].decode("latin-1") for part in parts), ids)


def _read_request_2(message: bytes) -> NegotiateTwo | Other:
    if len(message) < HEADER_2.size or message[4:6] != b"\x40\x00":
        raise WireError("SMB2 header cut short")
    _, _, _, _, command, _, _, _, message_id, _, _, session, _ = HEADER_2.unpack_from(message)
    if command != NEGOTIATE_2:
        return Other(2, command, message_id, session_id=session)
    if len(message) < HEADER_2.size + _REQUEST_2.size:
        raise WireError("SMB2 negotiation cut short")
    size, count, mode, _, _, guid, offset, contexts, _ = _REQUEST_2.unpack_from(
        message, HEADER_2.size
    )
    start = HEADER_2.size + _REQUEST_2.size
    if size != 36 or not 0 < count <= 64 or len(message) < start + 2 * count:
        raise WireError("SMB2 negotiation of the wrong size")
    dialects = struct.unpack_from(f"<{count}H", message, start)
    ciphers = _ciphers(message, offset, contexts) if Dialect.SMB_3_1_1 in dialects else ()
    return NegotiateTwo(dialects, message_id, bool(mode & _SIGNING_REQUIRED), guid, ciphers)
