"""The audit log in use: every decision is appended, heads are signed, what fails stops writes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from sqlalchemy import Connection

from frisket.errors import FrisketError
from frisket.fleet.chain import (
    GENESIS,
    Act,
    Checkpoint,
    Entry,
    export,
    fingerprint,
    leaf,
    link,
    seal,
)
from frisket.proto.tlog.tree import Tree
from frisket.store.auditlog import CheckpointRow, LogRow, LogStore, append
from frisket.store.database import StoreFault

CHECKPOINT_EVERY: Final = 100


class LogFault(FrisketError):
    """The audit log cannot be written; nothing may be changed that it would have to tell."""


class AuditLog:
    """One log. `record` returns only when the entry is on disk; it is called before an act.

    Without a key it is written and read, and its head is signed elsewhere.
    """

    __slots__ = ("_clock", "_key", "_lock", "_tree", "store")

    def __init__(
        self, store: LogStore, key: Ed25519PrivateKey | None, clock: Callable[[], datetime]
    ) -> None:
        self.store = store
        self._key = key
        self._clock = clock
        self._lock = threading.Lock()
        self._tree = Tree(lambda start, end: [leaf(one) for one in store.digests(start, end)])

    @property
    def key(self) -> Ed25519PublicKey:
        """Return the key that signs this log. Raises `LogFault` where it is elsewhere."""
        if self._key is None:
            raise LogFault("the key of the audit log is elsewhere")
        return self._key.public_key()

    def now(self) -> datetime:
        """Return the time by which entries are written."""
        return self._clock()

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
                site_id=act.site_id,
            )

        return follow

    def checkpoint(self) -> Checkpoint | None:
        """Sign the head, where it is not signed yet; returns the newest checkpoint.

        A head that contradicts what was signed before is not signed: see `contradiction`. Raises
        `StoreFault`.
        """
        with self._lock:
            size, head = self.store.head()
            newest = self.newest()
            if self._key is None or head is None or (newest and newest.size >= size):
                return newest
            if newest is not None and self._contradicts(newest):
                return newest
            point = seal(size, head, self._clock(), self._key, self._tree.root(size))
            self.store.keep(
                CheckpointRow(
                    *(point.size, point.at, point.digest),
                    *(point.key, point.signature, point.root),
                )
            )
            return point

    def newest(self) -> Checkpoint | None:
        """Return the newest checkpoint. Raises `StoreFault`."""
        rows = self.store.checkpoints(last=1)
        return point_of_row(rows[0]) if rows else None

    def contradiction(self) -> str:
        """Return how the log contradicts what was signed of it; empty where it does not.

        Raises `StoreFault`.
        """
        newest = self.newest()
        return self._contradicts(newest) if newest is not None else ""

    def _contradicts(self, newest: Checkpoint) -> str:
        if self._key is not None and newest.key != fingerprint(self._key.public_key()):
            return "its heads are signed by another key than this one's"
        size, _ = self.store.head()
        if size < newest.size:
            return f"{newest.size} entries were signed, and {size} are left"
        [digest] = self.store.digests(newest.size - 1, newest.size)
        return "" if digest.hex() == newest.digest else f"entry {newest.size} was signed otherwise"

    def root(self, size: int) -> str:
        """Return the root over the first `size` entries. Raises `StoreFault`."""
        with self._lock:
            return self._tree.root(size).hex()

    def proof(self, old: int, new: int) -> list[str]:
        """Return the proof that the log of `new` entries grew out of `old`. Raises `StoreFault`."""
        with self._lock:
            return [one.hex() for one in self._tree.proof(old, new)]

    def export(self, more: Iterable[Mapping[str, Any]] = (), authority: str = "") -> Iterator[str]:
        """Yield the whole log as lines that `frisket log verify` checks; signs the head first.

        `more` and `authority`: what witnesses said of it, and who names them (`cosigning`).
        """
        self.checkpoint()
        entries = (Entry(row.number, row.body, row.digest) for row in self.store.whole())
        points = tuple(point_of_row(row) for row in self.store.checkpoints())
        # Entries that were added meanwhile come after the last signed one, and are just unsigned.
        yield from export(entries, points, self.key, more, authority)


def _plain(text: str, most: int) -> str:
    """Return the part of a text by which it is searched, without what databases refuse."""
    return text.encode("utf-8", "replace").decode().replace("\0", "")[:most]


def point_of_row(row: CheckpointRow) -> Checkpoint:
    """Return a checkpoint as it is kept."""
    return Checkpoint(row.size, row.at, row.digest, row.key, row.signature, row.root or "")
