"""The audit log's chain: each entry covers the one before it; a signed head covers them all.

An entry's digest is SHA-256 of the previous digest (64 hexadecimal digits), a line feed and the
entry's text: JSON in ASCII with sorted keys and no spaces. A checkpoint signs origin, size and
head with Ed25519, in the shape of a C2SP checkpoint. A chain alone does not show that its end was
cut off or that all of it was made anew: the checkpoints that others keep do.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from frisket.errors import FrisketError

ORIGIN: Final = "frisket/log/v1"
GENESIS: Final = "0" * 64
FORMAT: Final = "frisket-log"
_MOST_LINE: Final = 1 << 20
_FIELDS: Final = frozenset({"number", "at", "actor", "action", "about", "outcome", "details"})


class ChainBroken(FrisketError):
    """The log is not what was written; the message names the first entry that shows it."""


@dataclass(frozen=True, slots=True)
class Act:
    """What is to be logged: who did what to what, and how it ended."""

    actor: str
    action: str
    about: str = ""
    outcome: str = "done"
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry: its number (from 1), its exact text, and the digest over it and the one before."""

    number: int
    body: str
    digest: str


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The chain's length and head at a time, signed. `key` is the signer's fingerprint."""

    size: int
    at: datetime
    digest: str
    key: str
    signature: str


def digest_of(previous: str, body: str) -> str:
    """Return the digest of an entry after `previous`."""
    return hashlib.sha256(f"{previous}\n{body}".encode()).hexdigest()


def stamp(moment: datetime) -> str:
    """Return a time as the log writes it: UTC, microseconds, Z."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def link(size: int, previous: str, act: Act, at: datetime) -> Entry:
    """Return the entry that follows a chain of `size` entries with head `previous`."""
    fields = {
        "number": size + 1,
        "at": stamp(at),
        "actor": act.actor,
        "action": act.action,
        "about": act.about,
        "outcome": act.outcome,
        "details": dict(act.details),
    }
    body = json.dumps(fields, sort_keys=True, separators=(",", ":"))
    return Entry(size + 1, body, digest_of(previous, body))


def fingerprint(key: Ed25519PublicKey) -> str:
    """Return the name of a key: SHA-256 of its 32 bytes."""
    return hashlib.sha256(key.public_bytes_raw()).hexdigest()


def note(size: int, digest: str, at: str) -> bytes:
    """Return the bytes that a checkpoint signs."""
    return f"{ORIGIN}\n{size}\n{digest}\n{at}\n".encode()


def seal(size: int, digest: str, at: datetime, key: Ed25519PrivateKey) -> Checkpoint:
    """Return the signed head of a chain."""
    signature = key.sign(note(size, digest, stamp(at))).hex()
    return Checkpoint(size, at.astimezone(UTC), digest, fingerprint(key.public_key()), signature)


def is_sealed_by(point: Checkpoint, key: Ed25519PublicKey) -> bool:
    """Say whether `key` signed this head."""
    try:
        key.verify(bytes.fromhex(point.signature), note(point.size, point.digest, stamp(point.at)))
    except (InvalidSignature, ValueError):
        return False
    return True


def export(
    entries: Iterable[Entry], points: Iterable[Checkpoint], key: Ed25519PublicKey
) -> Iterator[str]:
    """Yield the lines of an export: a head, every entry, every checkpoint. JSON, one a line."""
    head = {"format": FORMAT, "version": 1, "key": key.public_bytes_raw().hex()}
    yield json.dumps(head)
    for entry in entries:
        yield json.dumps({"entry": entry.body, "digest": entry.digest})
    for point in points:
        yield json.dumps(
            {
                "checkpoint": point.size,
                "at": stamp(point.at),
                "digest": point.digest,
                "key": point.key,
                "signature": point.signature,
            }
        )


@dataclass(frozen=True, slots=True)
class Verified:
    """What an export proves: its length and head, how far signatures reach, and by which key."""

    size: int
    head: str
    sealed: int
    key: str


def _document(line: str, number: int) -> dict[str, Any]:
    if len(line) > _MOST_LINE:
        raise ChainBroken(f"line {number} is longer than {_MOST_LINE} characters")
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        raise ChainBroken(f"line {number} is not JSON") from None
    if not isinstance(found, dict):
        raise ChainBroken(f"line {number} is not an object")
    return found


def _text(found: Mapping[str, Any], name: str, line: int) -> str:
    value = found.get(name)
    if not isinstance(value, str):
        raise ChainBroken(f"line {line} has no {name}")
    return value


def _key(head: Mapping[str, Any]) -> Ed25519PublicKey:
    if head.get("format") != FORMAT or head.get("version") != 1:
        raise ChainBroken("this is no export of a Frisket log, version 1")
    try:
        return Ed25519PublicKey.from_public_bytes(bytes.fromhex(_text(head, "key", 1)))
    except ValueError:
        raise ChainBroken("the export names no Ed25519 key") from None


def _entry(found: Mapping[str, Any], line: int, size: int, previous: str) -> str:
    """Return the digest of the entry on this line. Raises `ChainBroken`."""
    body, digest = _text(found, "entry", line), _text(found, "digest", line)
    if digest_of(previous, body) != digest:
        raise ChainBroken(f"entry {size + 1} was changed, or one before it was taken out or added")
    fields = _document(body, line)
    if set(fields) != _FIELDS or fields["number"] != size + 1:
        raise ChainBroken(f"entry {size + 1} does not bear its number")
    return digest


def _point(found: Mapping[str, Any], line: int) -> Checkpoint:
    size = found.get("checkpoint")
    if not isinstance(size, int) or isinstance(size, bool):
        raise ChainBroken(f"line {line} is neither entry nor checkpoint")
    try:
        at = datetime.fromisoformat(_text(found, "at", line))
    except ValueError:
        raise ChainBroken(f"line {line} has no time") from None
    if at.tzinfo is None:
        raise ChainBroken(f"line {line} has no time in UTC")
    names = ("digest", "key", "signature")
    return Checkpoint(size, at, *(_text(found, name, line) for name in names))


def verify(
    lines: Iterable[str], trusted: str = "", kept: Mapping[int, str] | None = None
) -> Verified:
    """Check an export without a database. Raises `ChainBroken`.

    `trusted` is the fingerprint of the key that must have signed (any, where empty). `kept` are
    heads by size that somebody else kept: they show a log that was cut off or made anew.
    """
    source = iter(lines)
    key = _key(_document(next(source, ""), 1))
    name = fingerprint(key)
    if trusted and trusted.lower() != name:
        raise ChainBroken(f"the log is signed by another key: {name}")
    heads = {0: GENESIS}
    size, sealed = 0, 0
    for number, line in enumerate(source, 2):
        found = _document(line, number)
        if "entry" in found:
            heads[size + 1] = _entry(found, number, size, heads[size])
            size += 1
            continue
        point = _point(found, number)
        if point.key != name or not is_sealed_by(point, key):
            raise ChainBroken(f"the checkpoint at {point.size} is not signed by this key")
        if point.size > size:
            raise ChainBroken(
                f"the end was cut off: {point.size} entries were signed, {size} are here"
            )
        if heads.get(point.size) != point.digest:
            raise ChainBroken(f"the checkpoint at {point.size} signed another entry")
        sealed = max(sealed, point.size)
    for length, digest in (kept or {}).items():
        if heads.get(length) != digest:
            raise ChainBroken(f"the head kept at {length} is not in this log")
    return Verified(size, heads[size], sealed, name)
