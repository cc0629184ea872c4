"""Files that people hand in as evidence: how large, what their bytes are, under which name. Pure.

A file's own word about its type is not believed, and nothing of it is ever shown within a page.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final

from frisket.errors import UsageError

LARGEST: Final = 10 << 20  # bytes of one file
MOST: Final = 5  # files of one attestation
UNKNOWN: Final = "application/octet-stream"
# First bytes and what they mean; the offset is where they stand.
_SIGNS: Final[tuple[tuple[int, bytes, str], ...]] = (
    (0, b"%PDF-", "application/pdf"),
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"GIF87a", "image/gif"),
    (0, b"GIF89a", "image/gif"),
    (8, b"WEBP", "image/webp"),
    (4, b"ftypheic", "image/heic"),
    (0, b"PK\x03\x04", "application/zip"),
)
_TEXT_BEGINS: Final = 4096
_ZIP: Final = "application/zip"
# What is taken: the ending of a name, and the bytes that belong to it. Office files are packed.
TAKEN: Final = {
    "pdf": "application/pdf",
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "gif": "image/gif",
    "webp": "image/webp",
    "heic": "image/heic",
    "txt": "text/plain",
    "csv": "text/plain",
    "log": "text/plain",
    "eml": "text/plain",
    "zip": _ZIP,
    "docx": _ZIP,
    "xlsx": _ZIP,
    "odt": _ZIP,
    "ods": _ZIP,
}


@dataclass(frozen=True, slots=True)
class Evidence:
    """One file as it is kept; `digest` is SHA-256, in hex."""

    name: str
    type: str
    digest: str
    body: bytes


def type_of(body: bytes) -> str:
    """Return what bytes are by how they begin; plain text where they are UTF-8 without control."""
    for offset, sign, kind in _SIGNS:
        if body[offset : offset + len(sign)] == sign:
            return kind
    begin = body[:_TEXT_BEGINS]
    try:
        text = begin.decode("utf-8")
    except UnicodeDecodeError as fault:
        # A letter of several bytes may be cut where the look ends.
        if not begin or fault.start < len(begin) - 3 or len(body) <= _TEXT_BEGINS:
            return UNKNOWN
        text = begin[: fault.start].decode("utf-8")
    printable = all(c.isprintable() or c in "\t\r\n\ufeff" for c in text)
    return "text/plain" if body and printable else UNKNOWN


def safe_name(name: str) -> str:
    """Return a file's name for a download: no folders, nothing but plain letters."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    kept = "".join(c if c.isascii() and (c.isalnum() or c in "._- ") else "_" for c in last)
    return kept.strip(". ")[-100:] or "evidence"


def evidence_of(name: str, body: bytes) -> Evidence:
    """Return a file as it is kept.

    Raises `UsageError` where it is empty or too large, of a kind that is not taken, or where its
    bytes are not what its name says. Packed files are never unpacked.
    """
    safe, kind = safe_name(name), type_of(body)
    if not body:
        raise UsageError(f"{safe} is empty")
    if len(body) > LARGEST:
        raise UsageError(f"{safe} is larger than {LARGEST >> 20} MiB")
    ending = safe.rpartition(".")[2].lower() if "." in safe else ""
    if ending not in TAKEN:
        raise UsageError(f"{safe} is of a kind that is not taken", hint=", ".join(TAKEN))
    if TAKEN[ending] != kind:
        raise UsageError(f"{safe} is not what its name says")
    return Evidence(safe, kind, hashlib.sha256(body).hexdigest(), body)
