"""Dialects, statuses and the security hint of SMB (MS-CIFS, MS-SMB2, MS-ERREF, RFC 4178)."""

from __future__ import annotations

from enum import IntEnum


class Dialect(IntEnum):
    """A dialect revision as SMB2 numbers it; SMB_1 stands for "NT LM 0.12" and is never sent."""

    SMB_1 = 0x0100
    SMB_2_0_2 = 0x0202
    SMB_2_1 = 0x0210
    ANY_SMB_2 = 0x02FF
    SMB_3_0 = 0x0300
    SMB_3_0_2 = 0x0302
    SMB_3_1_1 = 0x0311


class Status(IntEnum):
    """NTSTATUS values that end a negotiation (MS-ERREF section 2.3.1)."""

    SUCCESS = 0
    INVALID_PARAMETER = 0xC000000D
    MORE_PROCESSING_REQUIRED = 0xC0000016
    ACCESS_DENIED = 0xC0000022
    LOGON_FAILURE = 0xC000006D
    NOT_SUPPORTED = 0xC00000BB


NT_LM = "NT LM 0.12"
SMB_2_002 = "SMB 2.002"
SMB_2_ANY = "SMB 2.???"

_NAMES = {
    Dialect.SMB_1: "SMB1",
    Dialect.SMB_2_0_2: "SMB2.0.2",
    Dialect.SMB_2_1: "SMB2.1",
    Dialect.ANY_SMB_2: "SMB2",
    Dialect.SMB_3_0: "SMB3.0",
    Dialect.SMB_3_0_2: "SMB3.0.2",
    Dialect.SMB_3_1_1: "SMB3.1.1",
}


def dialect_name(dialect: int) -> str:
    """Give a dialect's name as the key smb.server.dialects writes it, or its number as 0x0224."""
    try:
        return _NAMES[Dialect(dialect)]
    except ValueError:
        return f"0x{dialect:04x}"


def status_name(status: int) -> str:
    """Give the name of a status ("STATUS_ACCESS_DENIED"), or its number as 0xc0000034."""
    try:
        return f"STATUS_{Status(status).name}"
    except ValueError:
        return f"0x{status:08x}"


def _tagged(tag: int, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return bytes([tag, len(body)]) + body


# A server's first SPNEGO token (RFC 4178 section 4.2.1) that offers NTLM and nothing else.
_SPNEGO = _tagged(0x06, bytes.fromhex("2b0601050502"))
_NTLMSSP = _tagged(0x06, bytes.fromhex("2b06010401823702020a"))
NTLM_HINT = _tagged(
    0x60,
    _SPNEGO,
    _tagged(0xA0, _tagged(0x30, _tagged(0xA0, _tagged(0x30, _NTLMSSP)))),
)
