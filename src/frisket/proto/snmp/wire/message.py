"""Whole datagrams: SNMPv1 and v2c (RFC 1157, 1901), and v3 with the user model (RFC 3412, 3414).

A SecureMessage is only taken apart; whether it is genuine is decided in `usm`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final

from frisket.errors import WireError
from frisket.proto.snmp.wire import ber
from frisket.proto.snmp.wire.pdu import MAX_VARBINDS, AnyPdu, decode_pdu, encode_pdu

MAX_SIZE: Final = 65_507  # what fits a UDP datagram over IPv4
MAX_COMMUNITY: Final = 255
MAX_ENGINE_ID: Final = 32
MAX_NAME: Final = 32
MAX_CONTEXT: Final = 255
USER_MODEL: Final = 3


class Version(IntEnum):
    """The number a message starts with."""

    V1 = 0
    V2C = 1
    V3 = 3


class Level(IntEnum):
    """How a v3 message is protected; the number is its two flag bits."""

    PLAIN = 0
    AUTHENTIC = 1
    PRIVATE = 3


REPORTABLE: Final = 4


@dataclass(frozen=True, slots=True)
class CommunityMessage:
    """SNMPv1 or v2c: the community is a password in the clear, so it is not printed."""

    version: Version
    community: bytes = field(repr=False)
    pdu: AnyPdu


@dataclass(frozen=True, slots=True)
class ScopedPdu:
    """A PDU and the context it is about."""

    context_engine_id: bytes
    context_name: bytes
    pdu: AnyPdu


@dataclass(frozen=True, slots=True)
class SecureMessage:
    """SNMPv3: `body` is an encoded ScopedPdu, or ciphertext if `level` is PRIVATE.

    `digest_at` is where the digest stands in the datagram it was read from.
    """

    msg_id: int
    level: Level
    reportable: bool
    engine_id: bytes
    boots: int
    time: int
    user: bytes
    body: bytes = field(repr=False)
    digest: bytes = b""
    salt: bytes = b""
    max_size: int = MAX_SIZE
    digest_at: int = field(default=0, compare=False, repr=False)


Message = CommunityMessage | SecureMessage


def encode_community(version: Version, community: bytes, pdu: bytes) -> bytes:
    """Encode an SNMPv1 or v2c message around an encoded PDU."""
    head = b"\x02\x01\x00" if version is Version.V1 else b"\x02\x01\x01"
    return ber.element(ber.SEQUENCE, head + ber.element(ber.OCTET_STRING, community) + pdu)


def encode_scoped(context_engine_id: bytes, context_name: bytes, pdu: bytes) -> bytes:
    """Encode a ScopedPdu around an encoded PDU."""
    return ber.element(
        ber.SEQUENCE,
        ber.element(ber.OCTET_STRING, context_engine_id)
        + ber.element(ber.OCTET_STRING, context_name)
        + pdu,
    )


def encode_secure(message: SecureMessage) -> tuple[bytes, int]:
    """Encode an SNMPv3 message as it stands: the datagram, and where its digest is."""
    body = message.body
    if message.level is Level.PRIVATE:
        body = ber.element(ber.OCTET_STRING, body)
    flags = message.level | (REPORTABLE if message.reportable else 0)
    head = ber.element(
        ber.SEQUENCE,
        ber.integer(message.msg_id)
        + ber.integer(message.max_size)
        + bytes((ber.OCTET_STRING, 1, flags, ber.INTEGER, 1, USER_MODEL)),
    )
    salt = ber.element(ber.OCTET_STRING, message.salt)
    security = ber.element(
        ber.SEQUENCE,
        ber.element(ber.OCTET_STRING, message.engine_id)
        + ber.integer(message.boots)
        + ber.integer(message.time)
        + ber.element(ber.OCTET_STRING, message.user)
        + ber.element(ber.OCTET_STRING, message.digest)
        + salt,
    )
    data = ber.element(
        ber.SEQUENCE, b"\x02\x01\x03" + head + ber.element(ber.OCTET_STRING, security) + body
    )
    return data, len(data) - len(body) - len(salt) - len(message.digest)


def encode_message(message: Message) -> bytes:
    """Encode any message; a SecureMessage as it stands, see `usm.seal` to protect one."""
    if isinstance(message, SecureMessage):
        return encode_secure(message)[0]
    return encode_community(message.version, message.community, encode_pdu(message.pdu))


def decode_message(
    data: bytes,
    *,
    max_size: int = MAX_SIZE,
    max_varbinds: int = MAX_VARBINDS,
) -> Message:
    """Read one datagram; WireError if it is not exactly one SNMP message within the limits."""
    end = len(data)
    if end > max_size:
        raise WireError(f"a message of {end} octets where {max_size} are allowed")
    start, stop = ber.read(data, 0, end, ber.SEQUENCE)
    ber.finish(stop, end)
    version, at = ber.read_integer(data, start, end)
    if version == Version.V3:
        return _decode_secure(data, at, end)
    if version not in (Version.V1, Version.V2C):
        raise WireError(f"SNMP version {version} is unknown")
    community, at = ber.read_octets(data, at, end, MAX_COMMUNITY)
    pdu = decode_pdu(data, at, end, max_varbinds=max_varbinds)
    return CommunityMessage(Version(version), community, pdu)


def decode_scoped(body: bytes, *, padded: bool, max_varbinds: int = MAX_VARBINDS) -> ScopedPdu:
    """Read a ScopedPdu; where it was decrypted it may be `padded` behind. Raises WireError."""
    at, end = ber.read(body, 0, len(body), ber.SEQUENCE)
    if not padded:
        ber.finish(end, len(body))
    engine_id, at = ber.read_octets(body, at, end, MAX_ENGINE_ID)
    name, at = ber.read_octets(body, at, end, MAX_CONTEXT)
    return ScopedPdu(engine_id, name, decode_pdu(body, at, end, max_varbinds=max_varbinds))


def _decode_secure(data: bytes, at: int, end: int) -> SecureMessage:
    inner, at = ber.read(data, at, end, ber.SEQUENCE)
    msg_id, inner = ber.read_integer(data, inner, at)
    max_size, inner = ber.read_integer(data, inner, at)
    flags, inner = ber.read_octets(data, inner, at, 1)
    model, inner = ber.read_integer(data, inner, at)
    ber.finish(inner, at)
    if model != USER_MODEL:
        raise WireError(f"security model {model} is not the user model")
    if msg_id < 0 or max_size < 0 or len(flags) != 1 or flags[0] & 3 == 2:
        raise WireError("the SNMPv3 header is malformed")

    inner, after = ber.read(data, at, end, ber.OCTET_STRING)
    start, at = ber.read(data, inner, after, ber.SEQUENCE)
    ber.finish(at, after)
    engine_id, start = ber.read_octets(data, start, at, MAX_ENGINE_ID)
    boots, start = ber.read_integer(data, start, at)
    time, start = ber.read_integer(data, start, at)
    user, start = ber.read_octets(data, start, at, MAX_NAME)
    digest, start = ber.read_octets(data, start, at, 48)
    digest_at = start - len(digest)
    salt, start = ber.read_octets(data, start, at, 8)
    ber.finish(start, at)
    if boots < 0 or time < 0:
        raise WireError("boots or time is negative")

    level = Level(flags[0] & 3)
    start, stop = ber.read(
        data, after, end, ber.OCTET_STRING if level is Level.PRIVATE else ber.SEQUENCE
    )
    ber.finish(stop, end)
    return SecureMessage(
        msg_id=msg_id,
        level=level,
        reportable=bool(flags[0] & REPORTABLE),
        engine_id=engine_id,
        boots=boots,
        time=time,
        user=user,
        body=data[start:stop] if level is Level.PRIVATE else data[after:stop],
        digest=digest,
        salt=salt,
        max_size=max_size,
        digest_at=digest_at,
    )
