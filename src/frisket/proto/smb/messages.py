"""What two ends of an SMB negotiation say, and the session packets it travels in (RFC 1002)."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from frisket.errors import WireError

MESSAGE, SESSION_REQUEST, SESSION_GRANTED, KEEP_ALIVE = 0x00, 0x81, 0x82, 0x85


@dataclass(frozen=True, slots=True)
class Frame:
    """A NetBIOS session packet: its `kind`, `payload`, and where the next one starts (`end`)."""

    kind: int
    payload: bytes
    end: int


@dataclass(frozen=True, slots=True)
class Negotiated:
    """The server agreed to `dialect` (Dialect.SMB_1, or the revision it sent).

    `encryption` says that it can encrypt; `guid` is empty for an SMB1 server without extended
    security; `security` is its SPNEGO token.
    """

    dialect: int
    signing_enabled: bool
    signing_required: bool
    encryption: bool = False
    guid: bytes = b""
    security: bytes = b""


@dataclass(frozen=True, slots=True)
class Declined:
    """The server agreed to none of the dialects; `status` is 0 when SMB1 has only said no."""

    status: int


@dataclass(frozen=True, slots=True)
class NegotiateOne:
    """A client's SMB1 negotiation: dialect names in order; `ids` are its PID, MID and flags."""

    dialects: tuple[str, ...]
    ids: tuple[int, int, int] = (0, 0, 0)


@dataclass(frozen=True, slots=True)
class NegotiateTwo:
    """A client's SMB2 negotiation: dialect revisions in order and, for 3.1.1, its `ciphers`."""

    dialects: tuple[int, ...]
    message_id: int = 0
    signing_required: bool = False
    guid: bytes = bytes(16)
    ciphers: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Other:
    """Any other request: SMB `version` 1 or 2, its `command`, and what its answer must repeat."""

    version: int
    command: int
    message_id: int = 0
    ids: tuple[int, int, int] = (0, 0, 0)
    session_id: int = 0


def frame(payload: bytes, kind: int = MESSAGE) -> bytes:
    """Give `payload` as a session packet; raises WireError beyond 16 MiB."""
    if len(payload) > 0xFFFFFF:
        raise WireError(f"SMB message of {len(payload)} octets")
    return struct.pack(">I", kind << 24 | len(payload)) + payload


def unframe(data: bytes, *, limit: int = 1 << 16) -> Frame | None:
    """Give the first session packet of a stream; None: need more. Raises WireError over `limit`."""
    if data and data[0] not in (MESSAGE, *range(SESSION_REQUEST, KEEP_ALIVE + 1)):
        raise WireError(f"NetBIOS session packet of kind {data[0]:#04x}")
    if len(data) < 4:
        return None
    length = int.from_bytes(data[1:4], "big")
    if length > limit:
        raise WireError(f"SMB message of {length} octets, more than {limit}")
    if len(data) < 4 + length:
        return None
    return Frame(data[0], bytes(data[4 : 4 + length]), 4 + length)
