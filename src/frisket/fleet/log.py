"""The audit log in use: every decision is appended, heads are signed, what fails stops writes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Connection

from frisket.errors import FrisketError
from frisket.fleet.chain import GENESIS, Act, Checkpoint, Entry, export, link, seal
from frisket.store.auditlog import CheckpointRow, LogRow, LogStore, append
from frisket.store.database import StoreFault

CHECKPOINT_EVERY: Final = 100


class LogFault(FrisketError):
    """The audit log cannot be written; nothing may be changed that it would have to tell."""


class AuditLog:
    """One log. `record` returns only when the entry is on disk; it is called before an act."""

    __slots__ = ("_clock", "_key", "_lock", "store")

    def __init__(
        self, store: LogStore, key: Ed25519PrivateKey, clock: Callable[[], datetime]
    ) -> None:
        self.store = store
        self._key = key
        self._clock = clock
        self._lock = threading.Lock()

    def record(self, act: Act) -> LogRow:
        """Append an act. Raises `LogFault`: then the act must not happen."""
        try:
            row = self.store.append(self._follow(act))
            if row.number % CHECKPOINT_EVERY == 0:
                self.checkpoint()
        except StoreFault as fault:
            raise LogFault(f"the audit log cannot be written: {fault}") from fault
        return row

    def record_within(self, connection: Connection, act: Act) -> LogRow:
        """Append an act in the transaction that carries it out: both are kept, or neither."""
        return append(connection, self._follow(act))

    def _follow(self, act: Act) -> Callable[[int, str | None], LogRow]:
        def follow(size: int, head: str | None) -> LogRow:
            at = self._clock()
            entry = link(size, head or GENESIS, act, at)
            return LogRow(
                number=entry.number,
                at=at,
                actor=_plain(act.actor, 100),
                action=_plain(act.action, 60),
                about=_plain(act.about, 200),
                outcome=_plain(act.outcome, 20),
                body=entry.body,
                digest=entry.digest,
            )

        return follow

    def checkpoint(self) -> Checkpoint | None:
        """Sign the head, where it is not signed yet; returns the newest checkpoint."""
        with self._lock:
            size, head = self.store.head()
            if head is None:
                return None
            newest = self.store.checkpoints(last=1)
            if newest and newest[0].size == size:
                return _point(newest[0])
            point = seal(size, head, self._clock(), self._key)
            self.store.keep(
                CheckpointRow(point.size, point.at, point.digest, point.key, point.signature)
            )
            return point

    def export(self) -> Iterator[str]:
        """Yield the whole log as lines that `frisket log verify` checks; signs the head first."""
        self.checkpoint()
        entries = (Entry(row.number, row.body, row.digest) for row in self.store.whole())
        points = tuple(_point(row) for row in self.store.checkpoints())
        # Entries that were added meanwhile come after the last signed one, and are just unsigned.
        yield from export(entries, points, self._key.public_key())


def _plain(text: str, most: int) -> str:
    """Return the part of a text by which it is searched, without what databases refuse."""
    return text.encode("utf-8", "replace").decode().replace("\0", "")[:most]


def _point(row: CheckpointRow) -> Checkpoint:
    return Checkpoint(row.size, row.at, row.digest, row.key, row.signature)
