"""The RFB opening: versions, security, initialisation (RFC 6143 sections 7.1 to 7.3).

Every `read_…` takes the bytes that have arrived and returns (value, bytes used). It raises
`frisket.proto.cursor.Incomplete` while bytes are missing and `WireError` when they are wrong.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import IntEnum

from frisket.errors import WireError
from frisket.proto.cursor import Cursor
from frisket.proto.rfb.pixels import PixelFormat, encode_format, read_format

VERSION_LENGTH = 12
_VERSION = re.compile(rb"RFB (\d{3})\.(\d{3})\n")


class Version(IntEnum):
    """The three handshakes there are."""

    V3_3 = 3
    V3_7 = 7
    V3_8 = 8


class Security(IntEnum):
    """Security types of RFC 6143; many more are assigned, and stay plain numbers."""

    INVALID = 0
    NONE = 1
    VNC_AUTHENTICATION = 2


@dataclass(frozen=True, slots=True)
class Offer:
    """Security types a server offers; none and a `reason` when it refuses the client."""

    types: tuple[int, ...]
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ServerInit:
    """The size of the framebuffer in pixels, its native format, and the desktop's name."""

    width: int
    height: int
    pixel_format: PixelFormat
    name: str


def read_version(data: bytes) -> tuple[tuple[int, int], int]:
    r"""Read ProtocolVersion, `RFB xxx.yyy\n`, as the (major, minor) the peer announces."""
    line = Cursor(data).take(min(len(data), VERSION_LENGTH) or VERSION_LENGTH)
    if not b"RFB ".startswith(line[:4]):
        raise WireError("not RFB: the version string is missing")
    line = Cursor(data).take(VERSION_LENGTH)
    found = _VERSION.fullmatch(line)
    if not found:
        raise WireError(f"malformed RFB version string {line!r}")
    return (int(found[1]), int(found[2])), VERSION_LENGTH


def agreed(announced: tuple[int, int]) -> Version:
    """Return the handshake to use with a peer that announced (major, minor).

    3.5 and other unknown minors below 7 mean 3.3 (RFC 6143 section 7.1.1); Apple's 3.889 and
    RealVNC's 4.1 and 5.0 take part in 3.8. Below 3.3 is a `WireError`.
    """
    if announced < (3, 3):
        raise WireError(f"RFB {announced[0]}.{announced[1]} is older than 3.3")
    return Version.V3_8 if announced >= (3, 8) else Version(7 if announced >= (3, 7) else 3)


def encode_version(version: Version) -> bytes:
    """Return ProtocolVersion, 12 bytes."""
    return b"RFB 003.%03d\n" % version


def read_offer(data: bytes, version: Version, *, max_reason: int = 4096) -> tuple[Offer, int]:
    """Read the server's security types: a list, or since 3.3 has no choice, one U32."""
    cursor = Cursor(data)
    if version is Version.V3_3:
        number = cursor.unsigned(4)
        types: tuple[int, ...] = (number,) if number else ()
    else:
        types = tuple(cursor.take(cursor.unsigned(1)))
    if Security.INVALID in types:
        raise WireError("RFB security type 0 offered in a list")
    reason = "" if types else _read_text(cursor, max_reason)
    return Offer(types, reason), cursor.position


def encode_offer(offer: Offer, version: Version) -> bytes:
    """Return the server's security types; RFB 3.3 carries the first one only."""
    if version is Version.V3_3:
        head = (offer.types[0] if offer.types else 0).to_bytes(4, "big")
    else:
        head = bytes((len(offer.types), *offer.types))
    return head if offer.types else head + _text(offer.reason)


def read_choice(data: bytes) -> tuple[int, int]:
    """Read the security type a client of 3.7 or later chose."""
    cursor = Cursor(data)
    return cursor.unsigned(1), cursor.position


def result_follows(security: int, version: Version) -> bool:
    """Tell whether SecurityResult is sent: before 3.8 not after the type None."""
    return version is Version.V3_8 or security != Security.NONE


def read_result(data: bytes, version: Version, *, max_reason: int = 4096) -> tuple[str | None, int]:
    """Read SecurityResult: None when accepted, else the reason, empty before 3.8."""
    cursor = Cursor(data)
    status = cursor.unsigned(4)
    if status > 2:  # 2, too many attempts, is in use although RFC 6143 knows 0 and 1 only
        raise WireError(f"RFB security result {status}")
    if status == 0:
        return None, cursor.position
    reason = _read_text(cursor, max_reason) if version is Version.V3_8 else ""
    return reason, cursor.position


def encode_result(refusal: str | None, version: Version) -> bytes:
    """Return SecurityResult: accepted for None, else failed, with the reason in 3.8."""
    if refusal is None:
        return bytes(4)
    return bytes((0, 0, 0, 1)) + (_text(refusal) if version is Version.V3_8 else b"")


def read_client_init(data: bytes) -> tuple[bool, int]:
    """Read ClientInit: whether other clients may stay connected."""
    cursor = Cursor(data)
    return bool(cursor.unsigned(1)), cursor.position


def encode_client_init(*, shared: bool) -> bytes:
    """Return ClientInit, one byte."""
    return bytes((shared,))


def read_server_init(
    data: bytes, *, max_side: int = 4096, max_name: int = 1024
) -> tuple[ServerInit, int]:
    """Read ServerInit; `WireError` above `max_side` pixels a side or `max_name` bytes of name."""
    cursor = Cursor(data)
    width, height = cursor.unsigned(2), cursor.unsigned(2)
    if not (0 < width <= max_side and 0 < height <= max_side):
        raise WireError(f"RFB framebuffer of {width} x {height} pixels")
    pixel_format = read_format(cursor)
    name = _read_text(cursor, max_name)
    return ServerInit(width, height, pixel_format, name), cursor.position


def encode_server_init(init: ServerInit) -> bytes:
    """Return ServerInit."""
    size = init.width.to_bytes(2, "big") + init.height.to_bytes(2, "big")
    return size + encode_format(init.pixel_format) + _text(init.name)


def _read_text(cursor: Cursor, limit: int) -> str:
    length = cursor.unsigned(4)
    if length > limit:
        raise WireError(f"RFB text of {length} bytes, more than {limit}")
    return cursor.take(length).decode("utf-8", "replace")


def _text(text: str) -> bytes:
    octets = text.encode("utf-8", "replace")
    return len(octets).to_bytes(4, "big") + octets
