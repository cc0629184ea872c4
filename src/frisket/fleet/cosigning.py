"""Witnesses of the audit log: what collectors sign of it is checked, kept, shown and exported.

A collector can be anybody's by now: nothing is believed but signatures, and little is kept.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from frisket.errors import WireError
from frisket.fleet.chain import Act, Checkpoint, fingerprint, note_of, point_of, stamp
from frisket.fleet.log import AuditLog
from frisket.proto.tlog.signed import cosigned_at
from frisket.proto.tlog.wire import (
    MOST_SIZE,
    Note,
    read_checkpoint,
    read_note,
    write_note,
)
from frisket.store.collectors import Collector
from frisket.store.cosignatures import Cosignature, Cosignatures, Dispute, Witness
from frisket.store.database import Database
from frisket.telemetry.authority import Authority
from frisket.telemetry.envelope import Sender, Untrusted, Why
from frisket.telemetry.witness import Fault, Memory, Offer, Refused, witness_name

SILENT: Final = timedelta(minutes=10)  # so much later than a head its witness is called silent
_A_DAY: Final = timedelta(days=1)
_MOST_UNPROVEN: Final = 3  # a day, of one collector


@dataclass(frozen=True, slots=True)
class Cosigning:
    """The witnesses of one log. Every method raises `StoreFault` where the store fails."""

    log: AuditLog
    database: Database
    authority: Authority

    @property
    def store(self) -> Cosignatures:
        """Return what is kept of witnesses."""
        return Cosignatures(self.database)

    def offer(self, said: Memory) -> Offer | None:
        """Return the newest head with its proof, where the collector has not seen it."""
        newest = self.log.newest()
        if newest is None or not newest.root:
            return None
        if newest.size == said.size and said.refused is None:
            return None
        grew = 0 < said.size < newest.size
        proof = self.log.proof(said.size, newest.size) if grew else []
        key = self.log.key
        return Offer(key.public_bytes_raw().hex(), write_note(note_of(newest, key)), proof)

    def heard(self, collector: Collector, sender: Sender, certificate: bytes, said: Memory) -> None:
        """Take what a collector says of the log. Raises `Untrusted` for a forged cosignature."""
        now = self.log.now()
        if said.note:
            self._cosigned(collector, sender, certificate, said.note, now)
        if said.refused is not None:
            self._refused(collector, said.refused, now)

    def _cosigned(
        self, collector: Collector, sender: Sender, certificate: bytes, text: str, now: datetime
    ) -> None:
        note = read_note(text)
        try:
            point = point_of(note, self.log.key)
        except WireError:
            return  # of another log: it will refuse this one
        if point.size <= self.store.newest(collector.id):
            return
        key = Ed25519PublicKey.from_public_bytes(sender.key)
        at = cosigned_at(note, witness_name(collector.name), key)
        if at is None or at >= 1 << 63:
            raise Untrusted(Why.FORGED, "the cosignature is not the collector's")
        if not self._holds(point):
            self._dispute(collector, _forked(self.log, point), note, point, now)
            return
        whose = (fingerprint(key), text, certificate)
        self.store.keep(Cosignature(collector.id, point.size, at, now, *whose))
        self._settle(collector, point, now)

    def _settle(self, collector: Collector, point: Checkpoint, now: datetime) -> None:
        """Whoever signs again holds nothing against the log any more: its owner has said so."""
        if not any(
            who == collector.name and one.settled is None
            for who, _, _, one in self.store.disputes()
        ):
            return
        details = {"size": point.size}
        act = Act(_actor(collector), "log.settled", collector.name, "done", details)
        with self.database.write() as connection:
            self.store.settle(connection, collector.name, now)
            self.log.record_within(connection, replace(act, site_id=collector.site_id))

    def _holds(self, point: Checkpoint) -> bool:
        """Say whether a head that this log's key has signed is one of this log."""
        size, _ = self.log.store.head()
        return point.size <= size and self.log.root(point.size) == point.root

    def _refused(self, collector: Collector, refused: Refused, now: datetime) -> None:
        point: Checkpoint | None = None
        note: Note | None = None
        try:
            note = read_note(refused.note)
            point = point_of(note, self.log.key)
        except WireError:
            point = None
        if point is not None and not self._holds(point):
            self._dispute(collector, refused.why, note, point, now)
            return
        since = self.store.open_since(collector.id, now - _A_DAY)
        if since < _MOST_UNPROVEN:
            self._dispute(collector, refused.why, note, None, now)

    def _dispute(
        self,
        collector: Collector,
        why: Fault,
        note: Note | None,
        point: Checkpoint | None,
        now: datetime,
    ) -> None:
        """Keep and log what a collector holds against the log, once; `point` proves it."""
        size = point.size if point is not None else _size_of(note)
        if self.store.disputed(collector.id, size, why.value):
            return
        proven = point is not None
        outcome = "broken" if proven else "unproven"
        details = {"why": why.value, "size": size, "proven": proven}
        act = Act(_actor(collector), "log.disputed", collector.name, outcome, details)
        text = write_note(note) if note is not None else ""
        with self.database.write() as connection:
            one = Dispute(collector.id, size, why.value, proven, text, now, None)
            self.store.dispute(connection, one)
            self.log.record_within(connection, replace(act, site_id=collector.site_id))

    # What is shown and exported --------------------------------------------------------------

    def witnesses(self, now: datetime) -> Sequence[tuple[Witness, bool]]:
        """Return who has witnessed the log how far, and whether it is silent since."""
        return [
            (one, one.behind is not None and now - one.behind > SILENT)
            for one in self.store.witnesses()
        ]

    def export(self) -> Iterator[str]:
        """Yield the whole log, with what its witnesses signed and hold against it."""
        return self.log.export(self._said(), self.authority.pem)

    def _said(self) -> Iterator[dict[str, Any]]:
        for name, one in self.store.all():
            yield {
                "witness": name,
                "note": one.note,
                "certificate": b64encode(one.certificate).decode(),
                "received": stamp(one.received),
            }
        for name, _, _, dispute in self.store.disputes():
            yield {
                "dispute": name,
                "why": dispute.why,
                "at": stamp(dispute.at),
                "note": dispute.note,
                "settled": stamp(dispute.settled) if dispute.settled else "",
            }


def _actor(collector: Collector) -> str:
    return f"collector {collector.name}"


def _forked(log: AuditLog, point: Checkpoint) -> Fault:
    size, _ = log.store.head()
    return Fault.SHRUNK if size < point.size else Fault.FORKED


def _size_of(note: Note | None) -> int:
    """Return the size that somebody's note names; 0 where it is none."""
    try:
        return min(read_checkpoint(note.text).size, MOST_SIZE) if note is not None else 0
    except WireError:
        return 0
