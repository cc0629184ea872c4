"""Checks an export of the audit log by itself: no database, no console, nothing of who wrote it.

docs/reference/audit-log.md says all that another verifier would need.
"""

from __future__ import annotations

import json
from base64 import b64decode
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from frisket.errors import FrisketError, WireError
from frisket.fleet.chain import (
    FORMAT,
    GENESIS,
    VERSION,
    Checkpoint,
    digest_of,
    fingerprint,
    is_sealed_by,
    leaf,
    point_of,
)
from frisket.proto.tlog.signed import cosigned_at
from frisket.proto.tlog.tree import Tree
from frisket.proto.tlog.wire import Note, read_note
from frisket.telemetry.envelope import Sender, read_sender
from frisket.telemetry.witness import witness_name

_MOST_LINE: Final = 1 << 20
_FIELDS: Final = frozenset({"number", "at", "actor", "action", "about", "outcome", "details"})
_DIGEST: Final = 32
_MOST_REMARKS: Final = 100


class ChainBroken(FrisketError):
    """The log is not what was written; the message names the first entry that shows it."""


@dataclass(frozen=True, slots=True)
class Witnessed:
    """How far a collector has witnessed the log. `key` is its fingerprint, `at` its own time."""

    collector: str
    site: str
    key: str
    size: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Verified:
    """What an export proves: its length and head, how far signatures reach, and by which key.

    `remarks` are what it tells besides, and proves nothing.
    """

    size: int
    head: str
    sealed: int
    key: str
    witnesses: tuple[Witnessed, ...] = ()
    remarks: tuple[str, ...] = ()

    @property
    def covered(self) -> int:
        """Return how many entries at least one collector has witnessed."""
        return self.witnesses[0].size if self.witnesses else 0


@dataclass(frozen=True, slots=True)
class Trust:
    """What whoever verifies knows from elsewhere; nothing, as it stands.

    `key` is the fingerprint that must have signed. `heads` are digests by size that were noted
    elsewhere. `authority` is the certificate (PEM) of the gateway that names witnesses;
    `statements` are lines that witnesses gave by themselves. So many collectors, `witnesses`,
    must have signed it at least.
    """

    key: str = ""
    heads: Mapping[int, str] = field(default_factory=dict)
    authority: bytes = b""
    statements: Iterable[str] = ()
    witnesses: int = 0


def verify(lines: Iterable[str], trust: Trust | None = None) -> Verified:
    """Check an export. Raises `ChainBroken`."""
    trust, source = trust or Trust(), iter(lines)
    head = _document(next(source, ""), 1)
    reading = _Reading(_key(head), authority=_authority(head, trust.authority))
    if trust.key and trust.key.lower() != reading.name:
        raise ChainBroken(f"the log is signed by another key: {reading.name}")
    for number, line in enumerate(source, 2):
        reading.take(_document(line, number), number)
    for number, line in enumerate(trust.statements, 1):
        if line.strip():
            reading.witness(_document(line, number), number)
    for length, digest in trust.heads.items():
        if reading.digest(length) != digest:
            raise ChainBroken(f"the head kept at {length} is not in this log")
    found = reading.found()
    have = len({one.collector for one in found.witnesses})
    if have < trust.witnesses:
        raise ChainBroken(f"{have} collectors have witnessed it, and {trust.witnesses} must have")
    return found


@dataclass(slots=True)
class _Reading:
    """An export as far as it was read."""

    key: Ed25519PublicKey
    authority: x509.Certificate | None
    sealed: int = 0
    size: int = 0
    name: str = ""
    digests: bytearray = field(default_factory=bytearray)
    tree: Tree = field(init=False)
    senders: dict[bytes, Sender] = field(default_factory=dict)
    witnesses: dict[tuple[str, str], Witnessed] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.name = fingerprint(self.key)
        self.tree = Tree(
            lambda start, end: [leaf(self._octets(number)) for number in range(start, end)]
        )

    def _octets(self, number: int) -> bytes:
        return bytes(self.digests[number * _DIGEST : (number + 1) * _DIGEST])

    def digest(self, size: int) -> str | None:
        """Return the head at a size; None where the log does not reach so far."""
        if size == 0:
            return GENESIS
        return self._octets(size - 1).hex() if 0 < size <= self.size else None

    def take(self, found: Mapping[str, Any], line: int) -> None:
        """Check one line. Raises `ChainBroken`."""
        if "entry" in found:
            self._entry(found, line)
        elif "witness" in found:
            self.witness(found, line)
        elif "dispute" in found:
            self._dispute(found, line)
        elif "note" in found:
            self._matches(self._noted(found, line), "the checkpoint")
        else:
            point = _point(found, line)
            if point.key != self.name or not is_sealed_by(point, self.key):
                raise ChainBroken(f"the checkpoint at {point.size} is not signed by this key")
            self._matches(point, "the checkpoint")

    def _entry(self, found: Mapping[str, Any], line: int) -> None:
        body, digest = _text(found, "entry", line), _text(found, "digest", line)
        number, previous = self.size + 1, self.digest(self.size) or GENESIS
        if _digest_of(previous, body) != digest:
            raise ChainBroken(
                f"entry {number} was changed, or one before it was taken out or added"
            )
        fields = _document(body, line)
        if set(fields) - {"site"} != _FIELDS or fields["number"] != number:
            raise ChainBroken(f"entry {number} does not bear its number")
        self.digests += bytes.fromhex(digest)
        self.size = number

    def _noted(self, found: Mapping[str, Any], line: int) -> Checkpoint:
        try:
            return point_of(read_note(_text(found, "note", line)), self.key)
        except WireError as fault:
            raise ChainBroken(
                f"line {line}: the checkpoint is not signed by this key: {fault}"
            ) from (fault)

    def _matches(self, point: Checkpoint, who: str) -> None:
        """Compare a head that this log's key has signed with the entries. Raises `ChainBroken`."""
        if point.size > self.size:
            raise ChainBroken(
                f"the end was cut off: {point.size} entries were signed, {self.size} are here"
                f" ({who} at {point.size})"
            )
        same = self.digest(point.size) == point.digest
        if same and point.root:
            same = self.tree.root(point.size).hex() == point.root
        if not same:
            raise ChainBroken(f"{who} at {point.size} signed another entry: the log was forked")
        self.sealed = max(self.sealed, point.size)

    def witness(self, found: Mapping[str, Any], line: int) -> None:
        """Check what a witness signed. Raises `ChainBroken`."""
        collector = _text(found, "witness", line)[:100]
        if self.authority is None:
            raise ChainBroken(f"line {line}: nothing names the authority of collector {collector}")
        sender = self._sender(_text(found, "certificate", line), self.authority, line)
        note = _note(found, line)
        key = Ed25519PublicKey.from_public_bytes(sender.key)
        at = cosigned_at(note, witness_name(sender.collector), key)
        if sender.collector != collector or at is None:
            raise ChainBroken(f"line {line}: collector {collector} has not signed this")
        point = self._noted(found, line)
        self._matches(point, f"what collector {collector} witnessed")
        known = self.witnesses.get((collector, fingerprint(key)))
        if known is None or known.size <= point.size:
            seen = datetime.fromtimestamp(min(at, 1 << 34), UTC)
            one = Witnessed(collector, sender.site, fingerprint(key), point.size, seen)
            self.witnesses[collector, fingerprint(key)] = one

    def _sender(self, certificate: str, authority: x509.Certificate, line: int) -> Sender:
        try:
            octets = b64decode(certificate, validate=True)
            if octets not in self.senders:
                self.senders[octets] = read_sender(octets, authority)
        except (ValueError, WireError) as fault:
            raise ChainBroken(f"line {line}: no witness of this gateway: {fault}") from fault
        return self.senders[octets]

    def _dispute(self, found: Mapping[str, Any], line: int) -> None:
        """Judge what a collector holds against the log, by what it shows."""
        collector, why = _text(found, "dispute", line)[:100], _text(found, "why", line)[:40]
        settled = bool(found.get("settled"))
        try:
            point = point_of(read_note(_text(found, "note", line)), self.key)
            self._matches(point, f"what collector {collector} was shown")
        except WireError:
            said = f"collector {collector} refuses this log ({why}), and shows nothing signed by it"
        except ChainBroken as fault:
            if not settled:
                raise
            said = f"settled: {fault}"
        else:
            said = f"collector {collector} refused this log ({why}) at {point.size}: it holds there"
        if len(self.remarks) < _MOST_REMARKS:
            self.remarks.append(said)

    def found(self) -> Verified:
        """Return what was proven; the witness that reaches furthest first."""
        order = sorted(self.witnesses.values(), key=lambda one: (-one.size, one.collector))
        names = Counter(one.collector for one in order)
        keys = (f"collector {name} has signed with {n} keys" for name, n in names.items() if n > 1)
        head = self.digest(self.size) or GENESIS
        remarks = (*self.remarks, *keys)
        return Verified(self.size, head, self.sealed, self.name, tuple(order), remarks)


def _note(found: Mapping[str, Any], line: int) -> Note:
    """Return the note of a line. Raises `ChainBroken`."""
    try:
        return read_note(_text(found, "note", line))
    except WireError as fault:
        raise ChainBroken(f"line {line} holds no note: {fault}") from fault


def _digest_of(previous: str, body: str) -> str:
    try:
        return digest_of(previous, body)
    except UnicodeEncodeError:
        return ""


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
    version = head.get("version")
    if head.get("format") != FORMAT or version not in range(1, VERSION + 1):
        raise ChainBroken(f"this is no export of a Frisket log, version 1 to {VERSION}")
    try:
        return Ed25519PublicKey.from_public_bytes(bytes.fromhex(_text(head, "key", 1)))
    except ValueError:
        raise ChainBroken("the export names no Ed25519 key") from None


def _authority(head: Mapping[str, Any], known: bytes) -> x509.Certificate | None:
    """Return who names witnesses: what is known of it, or what the export says."""
    pem = known or str(head.get("authority") or "").encode()
    if not pem:
        return None
    try:
        return x509.load_pem_x509_certificate(pem)
    except ValueError:
        raise ChainBroken("the authority of the witnesses is no certificate") from None


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
