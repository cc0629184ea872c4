"""Protocol data units (RFC 3416 section 3; the SNMPv1 trap: RFC 1157 section 4.1.6)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache
from typing import Final

from frisket.errors import WireError
from frisket.proto.snmp.wire import ber
from frisket.proto.snmp.wire.oid import Oid, decode_oid, encode_oid
from frisket.proto.snmp.wire.values import DECODERS, IpAddress, TimeTicks, Value, encode_value

VarBind = tuple[Oid, Value]

MAX_VARBINDS: Final = 4096


class Kind(IntEnum):
    """What a PDU asks or says; the number is its BER tag."""

    GET = 0xA0
    GET_NEXT = 0xA1
    RESPONSE = 0xA2
    SET = 0xA3
    TRAP_V1 = 0xA4
    GET_BULK = 0xA5
    INFORM = 0xA6
    TRAP = 0xA7
    REPORT = 0xA8


_QUESTIONS: Final = frozenset({Kind.GET, Kind.GET_NEXT, Kind.GET_BULK})
_REPEATED: Final = 1500  # octets of a list of questions that is worth remembering
_KINDS: Final = {int(kind): kind for kind in Kind}


class ErrorStatus(IntEnum):
    """Why an agent did not do what was asked (RFC 3416 section 3)."""

    NO_ERROR = 0
    TOO_BIG = 1
    NO_SUCH_NAME = 2
    BAD_VALUE = 3
    READ_ONLY = 4
    GENERAL_ERROR = 5
    NO_ACCESS = 6
    WRONG_TYPE = 7
    WRONG_LENGTH = 8
    WRONG_ENCODING = 9
    WRONG_VALUE = 10
    NO_CREATION = 11
    INCONSISTENT_VALUE = 12
    RESOURCE_UNAVAILABLE = 13
    COMMIT_FAILED = 14
    UNDO_FAILED = 15
    AUTHORIZATION_ERROR = 16
    NOT_WRITABLE = 17
    INCONSISTENT_NAME = 18


@dataclass(frozen=True, slots=True)
class Pdu:
    """Every PDU but the SNMPv1 trap. In GET_BULK the two error fields are its two numbers."""

    kind: Kind
    request_id: int
    error_status: int = 0
    error_index: int = 0
    varbinds: tuple[VarBind, ...] = ()

    @property
    def non_repeaters(self) -> int:
        """Of GET_BULK: how many variables are asked once; never negative."""
        return max(self.error_status, 0)

    @property
    def max_repetitions(self) -> int:
        """Of GET_BULK: how often the others repeat; never negative."""
        return max(self.error_index, 0)


@dataclass(frozen=True, slots=True)
class TrapV1Pdu:
    """The SNMPv1 trap: who, what, and `uptime` in hundredths of a second."""

    enterprise: Oid
    agent_address: IpAddress
    generic: int
    specific: int
    uptime: TimeTicks
    varbinds: tuple[VarBind, ...] = ()

    @property
    def kind(self) -> Kind:
        """Always TRAP_V1."""
        return Kind.TRAP_V1


AnyPdu = Pdu | TrapV1Pdu


def encode_varbind(oid: Oid, value: Value) -> bytes:
    """Encode one variable; an agent keeps these, and its answers are their concatenation."""
    name = ber.element(ber.OBJECT_IDENTIFIER, encode_oid(oid))
    return ber.element(ber.SEQUENCE, name + encode_value(value))


@lru_cache(maxsize=4096)
def encode_question(oid: Oid) -> bytes:
    """Encode one variable with NULL, as requests name it."""
    content = ber.element(ber.OBJECT_IDENTIFIER, encode_oid(oid)) + b"\x05\x00"
    return ber.element(ber.SEQUENCE, content)


def encode_varbinds(varbinds: Iterable[VarBind]) -> bytes:
    """Encode variables one after the other, without the list around them."""
    return b"".join([encode_varbind(oid, value) for oid, value in varbinds])


def encode_pdu_parts(
    kind: Kind,
    request_id: int,
    varbinds: bytes,
    *,
    error_status: int = 0,
    error_index: int = 0,
) -> bytes:
    """Encode a PDU around variables that are encoded already."""
    return ber.element(
        kind,
        ber.integer(request_id)
        + ber.integer(error_status)
        + ber.integer(error_index)
        + ber.element(ber.SEQUENCE, varbinds),
    )


def encode_pdu(pdu: AnyPdu) -> bytes:
    """Encode a PDU; WireError for a value out of bounds."""
    varbinds = encode_varbinds(pdu.varbinds)
    if isinstance(pdu, Pdu):
        return encode_pdu_parts(
            pdu.kind,
            pdu.request_id,
            varbinds,
            error_status=pdu.error_status,
            error_index=pdu.error_index,
        )
    return ber.element(
        Kind.TRAP_V1,
        ber.element(ber.OBJECT_IDENTIFIER, encode_oid(pdu.enterprise))
        + encode_value(pdu.agent_address)
        + ber.integer(pdu.generic)
        + ber.integer(pdu.specific)
        + encode_value(pdu.uptime)
        + ber.element(ber.SEQUENCE, varbinds),
    )


def decode_pdu(data: bytes, at: int, end: int, *, max_varbinds: int = MAX_VARBINDS) -> AnyPdu:
    """Read the PDU that fills `data[at:end]`; WireError if it is none."""
    if at >= end:
        raise WireError("a message without a PDU")
    kind = _KINDS.get(data[at])
    if kind is None:
        raise WireError(f"tag {data[at]:#04x} is no PDU")
    start, stop = ber.read(data, at, end, kind)
    ber.finish(stop, end)
    if kind is Kind.TRAP_V1:
        return _decode_trap_v1(data, start, stop, max_varbinds)
    request_id, at = ber.read_integer(data, start, stop)
    error_status, at = ber.read_integer(data, at, stop)
    error_index, at = ber.read_integer(data, at, stop)
    if kind in _QUESTIONS and stop - at <= _REPEATED:
        varbinds = _decode_question(data[at:stop], max_varbinds)
    else:
        varbinds = _decode_varbinds(data, at, stop, max_varbinds)
    return Pdu(kind, request_id, error_status, error_index, varbinds)


def _decode_trap_v1(data: bytes, at: int, end: int, max_varbinds: int) -> TrapV1Pdu:
    start, at = ber.read(data, at, end, ber.OBJECT_IDENTIFIER)
    enterprise = decode_oid(data[start:at])
    start, at = ber.read(data, at, end, IpAddress.tag)
    address = DECODERS[IpAddress.tag](data[start:at])
    generic, at = ber.read_integer(data, at, end)
    specific, at = ber.read_integer(data, at, end)
    start, at = ber.read(data, at, end, TimeTicks.tag)
    uptime = DECODERS[TimeTicks.tag](data[start:at])
    varbinds = _decode_varbinds(data, at, end, max_varbinds)
    assert isinstance(address, IpAddress)
    assert isinstance(uptime, TimeTicks)
    return TrapV1Pdu(enterprise, address, generic, specific, uptime, varbinds)


@lru_cache(maxsize=512)
def _decode_question(data: bytes, limit: int) -> tuple[VarBind, ...]:
    """Read the list of a question: pollers ask all their devices the same ones, again and again."""
    return _decode_varbinds(data, 0, len(data), limit)


def _decode_varbinds(data: bytes, at: int, end: int, limit: int) -> tuple[VarBind, ...]:
    """Read the list that fills `data[at:end]`.

    One loop without calls for the usual short lengths: two thirds of a poll's time is spent here.
    """
    at, stop = ber.read(data, at, end, ber.SEQUENCE)
    ber.finish(stop, end)
    found: list[VarBind] = []
    try:
        while at < end:
            if data[at] != 0x30:
                raise WireError("a variable is no sequence")
            size = data[at + 1]
            at += 2
            if size > 0x7F:
                size, at = ber.long_length(data, at - 1)
            stop = at + size
            if stop > end or data[at] != 0x06:
                raise WireError("a variable without a name")
            size = data[at + 1]
            at += 2
            if size > 0x7F:
                size, at = ber.long_length(data, at - 1)
            cut = at + size
            name = data[at:cut]
            tag, size, at = data[cut], data[cut + 1], cut + 2
            if size > 0x7F:
                size, at = ber.long_length(data, cut + 1)
            if at + size != stop:
                raise WireError("a variable does not fill its sequence")
            decode = DECODERS.get(tag)
            if decode is None:
                raise WireError(f"tag {tag:#04x} is no value")
            found.append((decode_oid(name), decode(data[at:stop])))
            at = stop
            if len(found) > limit:
                raise WireError(f"more than {limit} variables")
    except IndexError:
        raise WireError("a variable ends too early") from None
    return tuple(found)
