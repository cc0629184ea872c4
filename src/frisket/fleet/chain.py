"""The audit log's chain: each entry covers the one before it; a signed head covers them all.

An entry's digest is SHA-256 of the previous digest (64 hexadecimal digits), a line feed and the
entry's text: JSON in ASCII with sorted keys and no spaces. The digests are the leaves of a tree
(RFC 6962), and a checkpoint (C2SP) signs its size and root with Ed25519. A chain alone does not
show that its end was cut off or that all of it was made anew: what others keep of it does.
docs/reference/audit-log.md describes all of it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from frisket.errors import WireError
from frisket.proto.tlog.signed import is_signed
from frisket.proto.tlog.tree import leaf_hash
from frisket.proto.tlog.wire import (
    ED25519,
    Note,
    Signature,
    key_id,
    read_checkpoint,
    write_checkpoint,
    write_note,
)
from frisket.proto.tlog.wire import Checkpoint as Head
from frisket.telemetry.witness import log_name

ORIGIN: Final = "frisket/log/v1"  # of checkpoints without a tree, as they were at first
GENESIS: Final = "0" * 64
FORMAT: Final = "frisket-log"
VERSION: Final = 2
_STAMP: Final = "%Y-%m-%dT%H:%M:%S.%fZ"


@dataclass(frozen=True, slots=True)
class Act:
    """What is to be logged: who did what to what, how it ended, and the one site it is about."""

    actor: str
    action: str
    about: str = ""
    outcome: str = "done"
    details: Mapping[str, Any] = field(default_factory=dict)
    site_id: int | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry: its number (from 1), its exact text, and the digest over it and the one before."""

    number: int
    body: str
    digest: str


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The chain's length and head at a time, signed. `key` is the signer's fingerprint.

    `root` is that of the tree over the digests, in hexadecimal digits; those of old have none.
    """

    size: int
    at: datetime
    digest: str
    key: str
    signature: str
    root: str = ""


def digest_of(previous: str, body: str) -> str:
    """Return the digest of an entry after `previous`."""
    return hashlib.sha256(f"{previous}\n{body}".encode()).hexdigest()


def stamp(moment: datetime) -> str:
    """Return a time as the log writes it: UTC, microseconds, Z."""
    return moment.astimezone(UTC).strftime(_STAMP)


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
        **({} if act.site_id is None else {"site": act.site_id}),
    }
    body = json.dumps(fields, sort_keys=True, separators=(",", ":"))
    return Entry(size + 1, body, digest_of(previous, body))


def fingerprint(key: Ed25519PublicKey) -> str:
    """Return the name of a key: SHA-256 of its 32 bytes."""
    return hashlib.sha256(key.public_bytes_raw()).hexdigest()


def leaf(digest: bytes) -> bytes:
    """Return the hash of an entry's leaf: its data are the 32 octets of the entry's digest."""
    return leaf_hash(digest)


def signed_text(point: Checkpoint) -> str:
    """Return what a checkpoint signs."""
    if not point.root:
        return f"{ORIGIN}\n{point.size}\n{point.digest}\n{stamp(point.at)}\n"
    more = (f"chain {point.digest}", f"at {stamp(point.at)}")
    root = bytes.fromhex(point.root)
    return write_checkpoint(Head(log_name(point.key), point.size, root, more))


def seal(
    size: int, digest: str, at: datetime, key: Ed25519PrivateKey, root: bytes = b""
) -> Checkpoint:
    """Return the signed head of a chain."""
    name = fingerprint(key.public_key())
    open_ = Checkpoint(size, at.astimezone(UTC), digest, name, "", root.hex())
    return replace(open_, signature=key.sign(signed_text(open_).encode()).hex())


def is_sealed_by(point: Checkpoint, key: Ed25519PublicKey) -> bool:
    """Say whether `key` signed this head."""
    try:
        key.verify(bytes.fromhex(point.signature), signed_text(point).encode())
    except (InvalidSignature, ValueError, WireError):
        return False
    return True


def note_of(point: Checkpoint, key: Ed25519PublicKey) -> Note:
    """Return a checkpoint as the signed note that witnesses and syslog servers get."""
    name = log_name(point.key)
    identity = key_id(name, ED25519, key.public_bytes_raw())
    mine = Signature(name, identity, bytes.fromhex(point.signature))
    return Note(signed_text(point), (mine,))


def point_of(note: Note, key: Ed25519PublicKey) -> Checkpoint:
    """Return the checkpoint that is a log's signed note. Raises `WireError`."""
    name = fingerprint(key)
    head = read_checkpoint(note.text)
    if head.origin != log_name(name) or not is_signed(note, log_name(name), key):
        raise WireError("the note is not signed by this log")
    words = [line.partition(" ") for line in head.more]
    if [word for word, _, _ in words] != ["chain", "at"]:
        raise WireError("the note names no chain")
    try:
        at = datetime.strptime(words[1][2], _STAMP).replace(tzinfo=UTC)
    except ValueError:
        raise WireError("the note has no time") from None
    signature = next(one.value.hex() for one in note.signatures if one.name == log_name(name))
    return Checkpoint(head.size, at, words[0][2], name, signature, head.root.hex())


def export(
    entries: Iterable[Entry],
    points: Iterable[Checkpoint],
    key: Ed25519PublicKey,
    more: Iterable[Mapping[str, Any]] = (),
    authority: str = "",
) -> Iterator[str]:
    """Yield the lines of an export: a head, every entry, every checkpoint. JSON, one a line.

    `more` are what witnesses said, `authority` the certificate (PEM) that names witnesses.
    """
    head = {"format": FORMAT, "version": VERSION, "key": key.public_bytes_raw().hex()}
    yield json.dumps(head | ({"authority": authority} if authority else {}))
    for entry in entries:
        yield json.dumps({"entry": entry.body, "digest": entry.digest})
    for point in points:
        yield json.dumps(_exported(point, key))
    for one in more:
        yield json.dumps(one)


def _exported(point: Checkpoint, key: Ed25519PublicKey) -> dict[str, Any]:
    if point.root and point.key == fingerprint(key):
        return {"note": write_note(note_of(point, key))}
    return {
        "checkpoint": point.size,
        "at": stamp(point.at),
        "digest": point.digest,
        "key": point.key,
        "signature": point.signature,
    }
