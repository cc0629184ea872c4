"""Signed notes, checkpoints and cosignatures (C2SP signed-note, tlog-checkpoint, -cosignature).

A note is a text that ends in a line feed, an empty line, and one line for each signature: em dash,
space, the key's name, space, Base64 of key id (4 octets) and signature. A checkpoint is the text of
such a note: origin, size, Base64 of the tree's root, and perhaps further lines.
"""

from __future__ import annotations

import hashlib
import re
from base64 import b64decode, b64encode
from dataclasses import dataclass
from typing import Final

from frisket.errors import WireError

ED25519: Final = 1
COSIGNATURE: Final = 4
MOST: Final = 4096
MOST_SIZE: Final = (1 << 53) - 1
_MOST_SIGNATURES: Final = 16
_LINE: Final = re.compile("\u2014 ([^\\s+]{1,200}) ([A-Za-z0-9+/]{8,400}={0,2})")
_CONTROL: Final = re.compile("[\x00-\x09\x0b-\x1f]")
_SIZE: Final = re.compile("0|[1-9][0-9]{0,15}")


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature under a note: the key's name and id (4 octets), and what the key made."""

    name: str
    key_id: bytes
    value: bytes


@dataclass(frozen=True, slots=True)
class Note:
    """A text, which ends in a line feed, and its signatures; nobody has checked them yet."""

    text: str
    signatures: tuple[Signature, ...]


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The head of a log: who it is, how many entries, the root (32 octets), and further lines."""

    origin: str
    size: int
    root: bytes
    more: tuple[str, ...] = ()


def key_id(name: str, kind: int, key: bytes) -> bytes:
    """Return the id of a key of this `kind` (`ED25519`, `COSIGNATURE`): four octets."""
    return hashlib.sha256(name.encode() + b"\n" + bytes([kind]) + key).digest()[:4]


def read_note(note: str, *, most: int = MOST) -> Note:
    """Return a note of at most `most` characters. Raises `WireError`."""
    if len(note) > most:
        raise WireError(f"a note of {len(note)} characters; at most {most}")
    if _CONTROL.search(note):
        raise WireError("a note with control characters")
    text, gap, rest = note.rpartition("\n\n")
    lines = rest.split("\n")
    if not gap or lines.pop() != "" or not lines:
        raise WireError("a note without signatures")
    if len(lines) > _MOST_SIGNATURES:
        raise WireError(f"a note with more than {_MOST_SIGNATURES} signatures")
    return Note(f"{text}\n", tuple(_signature(line) for line in lines))


def _signature(line: str) -> Signature:
    found = _LINE.fullmatch(line)
    if not found:
        raise WireError("a line under a note is no signature")
    octets = _octets(found[2])
    if len(octets) < 5:
        raise WireError("a signature without octets")
    return Signature(found[1], octets[:4], octets[4:])


def _octets(text: str) -> bytes:
    try:
        octets = b64decode(text, validate=True)
    except ValueError:
        raise WireError("no Base64") from None
    if b64encode(octets).decode() != text:
        raise WireError("Base64 with bits left over")
    return octets


def write_note(note: Note) -> str:
    """Return a note as text. Raises `WireError` for what would not be read again."""
    lines = (
        f"\u2014 {one.name} {b64encode(one.key_id + one.value).decode()}\n"
        for one in note.signatures
    )
    written = f"{note.text}\n{''.join(lines)}"
    if read_note(written) != note:
        raise WireError("this is no note")
    return written


def read_checkpoint(text: str) -> Checkpoint:
    """Return the checkpoint that is a note's text. Raises `WireError`."""
    origin, *rest = text.split("\n")
    if len(text) > MOST or not origin or len(rest) < 3 or rest.pop() != "" or "" in rest:
        raise WireError("a checkpoint is an origin, a size and a root, each a line")
    size, root, *more = rest
    if not _SIZE.fullmatch(size) or int(size) > MOST_SIZE:
        raise WireError("a checkpoint without a size")
    octets = _octets(root)
    if len(octets) != 32:
        raise WireError("a root has 32 octets")
    return Checkpoint(origin, int(size), octets, tuple(more))


def write_checkpoint(point: Checkpoint) -> str:
    """Return a checkpoint as a note's text. Raises `WireError` for what would not be read again."""
    lines = (point.origin, str(point.size), b64encode(point.root).decode(), *point.more)
    written = "".join(f"{line}\n" for line in lines)
    if read_checkpoint(written) != point:
        raise WireError("this is no checkpoint")
    return written


def cosigned(text: str, seconds: int) -> bytes:
    """Return the octets that a witness signs: a checkpoint, seen at `seconds` since 1970."""
    return f"cosignature/v1\ntime {seconds}\n{text}".encode()
