"""Object identifiers as tuples of integers: they compare in MIB order, their BER bytes do not."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from frisket.errors import WireError

Oid = tuple[int, ...]

MAX_SUBIDS: Final = 128  # RFC 2578 section 3.5
MAX_SUBID: Final = 2**32 - 1
_MAX_CONTENT: Final = MAX_SUBIDS * 5


def parse_oid(text: str) -> Oid:
    """Read dotted numbers, with or without a leading dot; WireError for anything else."""
    parts = text.removeprefix(".").split(".")
    if len(parts) > MAX_SUBIDS or not all(
        part.isascii() and part.isdigit() and len(part) <= 10 for part in parts
    ):
        raise WireError(f"{text[:80]!r} is no object identifier")
    oid = tuple(map(int, parts))
    encode_oid(oid)
    return oid


def format_oid(oid: Oid) -> str:
    """Write dotted numbers without a leading dot."""
    return ".".join(map(str, oid))


def within(oid: Oid, subtree: Oid) -> bool:
    """Say whether `oid` is `subtree` or below it."""
    return oid[: len(subtree)] == subtree


@lru_cache(maxsize=16_384)
def encode_oid(oid: Oid) -> bytes:
    """Return the content octets of an OBJECT IDENTIFIER; WireError if it cannot be one."""
    if not 2 <= len(oid) <= MAX_SUBIDS:
        raise WireError("an object identifier has 2 to 128 sub-identifiers")
    first, second, *rest = oid
    if not 0 <= first <= 2 or not 0 <= second <= (39 if first < 2 else MAX_SUBID):
        raise WireError("no such root of object identifiers")
    out = bytearray()
    for subid in (first * 40 + second, *rest):
        if not 0 <= subid <= MAX_SUBID + 80:
            raise WireError(f"{subid} is no sub-identifier")
        if subid < 0x80:
            out.append(subid)
            continue
        if subid > MAX_SUBID and out:
            raise WireError(f"{subid} is no sub-identifier")
        for shift in range((subid.bit_length() - 1) // 7 * 7, 0, -7):
            out.append(0x80 | subid >> shift & 0x7F)
        out.append(subid & 0x7F)
    return bytes(out)


@lru_cache(maxsize=16_384)
def decode_oid(content: bytes) -> Oid:
    """Read the content octets of an OBJECT IDENTIFIER; WireError if malformed.

    No octets at all are read as 0.0, as net-snmp reads them.
    """
    if not content:
        return (0, 0)
    if len(content) > _MAX_CONTENT:
        raise WireError("an object identifier is too long")
    subids = tuple(content) if content.isascii() else _long_subids(content)
    if len(subids) >= MAX_SUBIDS:
        raise WireError("an object identifier has more than 128 sub-identifiers")
    first = min(subids[0] // 40, 2)
    second = subids[0] - first * 40
    if second > MAX_SUBID:
        raise WireError("a sub-identifier of more than 32 bits")
    return (first, second, *subids[1:])


def _long_subids(content: bytes) -> tuple[int, ...]:
    """Split base-128 octets; the first number may exceed 32 bits by the root it carries."""
    subids: list[int] = []
    value = 0
    fresh = True
    for octet in content:
        if fresh and octet == 0x80:
            raise WireError("a sub-identifier starts with a needless octet")
        value = value << 7 | octet & 0x7F
        if value > (MAX_SUBID if subids else MAX_SUBID + 80):
            raise WireError("a sub-identifier of more than 32 bits")
        fresh = octet < 0x80
        if fresh:
            subids.append(value)
            value = 0
    if not fresh:
        raise WireError("an object identifier ends inside a sub-identifier")
    return tuple(subids)
