"""SNTP version 4 messages (RFC 4330), and what a client makes of an answer.

Times are seconds since 1970 as floats; on the wire they count from 1900, or from 2036 where the
top bit is clear (RFC 4330 section 3).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from frisket.errors import WireError

CLIENT, SERVER = 3, 4
_FORM = struct.Struct(">BBbbII4s4Q")
LENGTH = _FORM.size
_FROM_1900 = 2_208_988_800
_ERA = 1 << 32
_TOP = 1 << 63


@dataclass(frozen=True, slots=True)
class Packet:
    """One message; the four times are 64-bit fixed-point numbers as on the wire, 0 for none."""

    mode: int = CLIENT
    version: int = 4
    leap: int = 0
    stratum: int = 0
    poll: int = 0
    precision: int = 0
    delay: int = 0
    dispersion: int = 0
    reference_id: bytes = b"\0\0\0\0"
    reference: int = 0
    originate: int = 0
    receive: int = 0
    transmit: int = 0


def to_wire(seconds: float) -> int:
    """Return a time as a 64-bit timestamp."""
    whole = int(seconds // 1)
    fraction = int((seconds - whole) * _ERA)
    return ((whole + _FROM_1900) % _ERA) << 32 | min(fraction, _ERA - 1)


def from_wire(stamp: int) -> float:
    """Return a 64-bit timestamp as seconds since 1970."""
    era = 0 if stamp & _TOP else _ERA
    return era + (stamp >> 32) - _FROM_1900 + (stamp % _ERA) / _ERA


def encode(packet: Packet) -> bytes:
    """Return the 48 octets of a message."""
    return _FORM.pack(
        packet.leap << 6 | packet.version << 3 | packet.mode,
        packet.stratum,
        packet.poll,
        packet.precision,
        packet.delay,
        packet.dispersion,
        packet.reference_id,
        packet.reference,
        packet.originate,
        packet.receive,
        packet.transmit,
    )


def decode(data: bytes, *, longest: int = 1024) -> Packet:
    """Read a message; extensions and a MAC after it are ignored. Raises `WireError`."""
    if not LENGTH <= len(data) <= longest:
        raise WireError(f"an SNTP message of {len(data)} octets")
    first, stratum, poll, precision, *rest = _FORM.unpack_from(data)
    return Packet(first & 7, first >> 3 & 7, first >> 6, stratum, poll, precision, *rest)


def offset_of(asked: int, data: bytes, arrived: float) -> float:
    """Return how many seconds the client's clock is behind the server's, by its answer.

    `asked` is the transmit timestamp of the request, `arrived` the client's time of arrival. Every
    check of RFC 4330 section 5 is made; raises `WireError` saying which one failed.
    """
    answer = decode(data)
    if answer.mode != SERVER or not 1 <= answer.version <= 4:
        raise WireError("this is no answer of a time server")
    if answer.originate != asked:
        raise WireError("this answers another question")
    if answer.stratum == 0:
        reason = answer.reference_id.decode("ascii", "replace").strip("\0 ")
        raise WireError(f"the time server sends clients away: {reason[:4]!r}")
    if answer.stratum > 15 or answer.leap == 3:
        raise WireError("the time server has no time itself")
    if answer.transmit == 0 or answer.receive == 0:
        raise WireError("the time server tells no time")
    there = from_wire(answer.receive) - from_wire(asked)
    back = from_wire(answer.transmit) - arrived
    return (there + back) / 2
