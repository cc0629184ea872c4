"""Taking a batch in: once, in order, whole or not at all; acknowledged when it is on disk."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from threading import Lock
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from sqlalchemy import Connection

from frisket.errors import FrisketError
from frisket.store.collectors import Collector
from frisket.store.database import Database
from frisket.store.samples import Gap, add_gaps, ensure_months, not_whole
from frisket.store.spools import (
    Held,
    Spool,
    advance,
    drop_held,
    hold,
    lock_spool,
    next_held,
    saw_collector,
)
from frisket.telemetry.batch import Batch, Record, decode
from frisket.telemetry.gateway.applying import Applying, Limits
from frisket.telemetry.gateway.fold import Reception, offset
from frisket.telemetry.gateway.metrics import Metrics

MAIL_LATENESS: Final = 7 * 86_400  # seconds that a mail may be under way
_MOST_HELD: Final = 500
_MOST_SPOOLS: Final = 1000
_DAY: Final = 86_400
_EPOCH: Final = date(1970, 1, 1).toordinal()


class Forked(FrisketError):
    """Two collectors share one identity: the same number, and another record."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What is told to the collector: kept up to where, what is wanted, what is not taken.

    `kept` is False where a batch has to be sent again: too many wait for one before them.
    """

    acknowledged: int
    full: Sequence[str] = ()
    refused: Mapping[str, str] = field(default_factory=dict)
    kept: bool = True


@dataclass(frozen=True, slots=True)
class Intake:
    """Takes batches in. Synchronous; several threads and processes may do so at once."""

    database: Database
    metrics: Metrics
    limits: Limits = field(default_factory=Limits)
    months: set[int] = field(default_factory=set)
    turn: Lock = field(default_factory=Lock)  # for SQLite, whose waiting writers sleep too long

    def take(
        self,
        collector: Collector,
        batch: Batch,
        octets: bytes,
        *,
        sent: float,
        now: datetime,
        lateness: int = 0,
    ) -> Receipt:
        """Keep a batch, and say what is kept when it is on disk.

        `octets` are the batch's own, to be kept where it must wait. Raises `StoreFault` (nothing
        was kept) and `Forked`.
        """
        with self.turn if self.database.is_sqlite else nullcontext():
            return self._take(collector, batch, octets, sent=sent, now=now, lateness=lateness)

    def _take(
        self,
        collector: Collector,
        batch: Batch,
        octets: bytes,
        *,
        sent: float,
        now: datetime,
        lateness: int,
    ) -> Receipt:
        received = int(now.timestamp())
        self.metrics.learn(_names(batch))
        self.prepare_months(received)
        ahead = offset(sent, received, lateness)
        with self.database.write() as connection:
            spool = lock_spool(connection, collector.id, batch.spool, now, _MOST_SPOOLS)
            if spool is None:
                return Receipt(0, kept=False)
            _same(spool, batch)
            if batch.last <= spool.acknowledged:
                return Receipt(spool.acknowledged)
            taking = _Taking(self, connection, collector, spool, received)
            taking.step_over(batch.oldest)
            kept = True
            if batch.first > taking.done + 1:
                waiting = Held(batch.first, int(sent), received, octets)
                kept = hold(connection, spool.id, waiting, _MOST_HELD)
            else:
                taking.apply(batch, received, ahead)
                taking.catch_up()
            advance(connection, spool.id, taking.done, taking.tail, now)
            saw_collector(connection, collector.id, now, ahead)
        applying = taking.applying
        return Receipt(taking.done, tuple(applying.partly)[:1000], applying.refused, kept=kept)

    def give_up_waiting(self, collector: Collector, spool_name: str, now: datetime) -> None:
        """Apply what has waited too long for a batch before it, and mark the gap.

        Raises `StoreFault`.
        """
        received = int(now.timestamp())
        self.prepare_months(received)
        with self.database.write() as connection:
            spool = lock_spool(connection, collector.id, spool_name, now, _MOST_SPOOLS)
            waiting = next_held(connection, spool.id) if spool else None
            if spool is None or waiting is None:
                return
            if waiting.received > received - self.limits.patience:
                return
            taking = _Taking(self, connection, collector, spool, received)
            taking.step_over(waiting.first)
            taking.catch_up()
            advance(connection, spool.id, taking.done, taking.tail, now)

    def prepare_months(self, received: int) -> None:
        """Make the partitions that a batch may need, before its own transaction."""
        today = received // _DAY
        if today not in self.months:
            ensure_months(self.database, received - 367 * _DAY, received + 2 * _DAY)
            self.months.add(today)


class _Taking:
    """One transaction: `done` and `tail` are how far the spool has come in it."""

    def __init__(
        self,
        intake: Intake,
        connection: Connection,
        collector: Collector,
        spool: Spool,
        received: int,
    ) -> None:
        self.done, self.tail = spool.acknowledged, spool.tail
        self.applying = Applying(connection, collector, intake.metrics, intake.limits)
        self._metrics = intake.metrics
        self._connection = connection
        self._collector = collector
        self._spool = spool
        self._received = received

    def step_over(self, oldest: int) -> None:
        """Give up records below `oldest`, which the spool no longer has; what waits is applied."""
        while oldest > self.done + 1:
            waiting = next_held(self._connection, self._spool.id)
            if waiting is not None and waiting.first < oldest:
                self._lose(waiting.first - 1)
                self.catch_up()
            else:
                self._lose(oldest - 1)

    def _lose(self, upto: int) -> None:
        # A gateway that has never heard of this spool has nothing to say about what came before.
        if upto > self.done > 0:
            why = f"{upto - self.done} records were lost on the way"
            began = min(int(self._spool.seen.timestamp()), self._received)
            gap = Gap(self._collector.id, None, began, self._received, why)
            add_gaps(self._connection, [gap])
            not_whole(self._connection, self._collector.site_id)
        if upto > self.done:
            self.done, self.tail = upto, 0

    def apply(self, batch: Batch, received: int, ahead: int) -> None:
        """Lay the batch's records that are new over what is known."""
        zone = self._collector.zone
        how = Reception(self._collector.id, received, ahead, lambda at: day_of(zone, at))
        self.applying.apply(batch.records[self.done + 1 - batch.first :], how)
        self.done, self.tail = batch.last, _check(batch.records[-1])

    def catch_up(self) -> None:
        """Apply the waiting batches that follow now."""
        while waiting := next_held(self._connection, self._spool.id):
            if waiting.first > self.done + 1:
                return
            batch = decode(waiting.body)
            if batch.last > self.done:
                self._metrics.look_up(self._connection, _names(batch))
                ahead = offset(waiting.sent, waiting.received, MAIL_LATENESS)
                self.apply(batch, waiting.received, ahead)
            drop_held(self._connection, self._spool.id, waiting.first)


def day_of(zone: str, at: int) -> int:
    """Return the day, since 1970, that a time falls on in a zone; UTC for one that is unknown."""
    return _day(zone, at // 900)


@lru_cache(maxsize=4096)
def _day(zone: str, quarter: int) -> int:
    try:
        there = datetime.fromtimestamp(quarter * 900, ZoneInfo(zone))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return quarter * 900 // _DAY
    return there.date().toordinal() - _EPOCH


def _names(batch: Batch) -> set[str]:
    return set().union(*(record.values for record in batch.records))


def _check(record: Record) -> int:
    return zlib.crc32(msgspec.msgpack.encode(record))


def _same(spool: Spool, batch: Batch) -> None:
    """Raise `Forked` where the batch gives the last number that is kept to another record."""
    place = spool.acknowledged - batch.first
    there = spool.tail and 0 <= place < len(batch.records)
    if there and _check(batch.records[place]) != spool.tail:
        raise Forked(hint="one of them was copied: enrol it anew")
