"""Who witnessed the audit log up to where, what they hold against it, and who gets its heads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, delete, func, insert, select, update

from frisket.store.database import Database
from frisket.store.tables.collector import COLLECTOR
from frisket.store.tables.device import SITE
from frisket.store.tables.log import (
    LOG_CHECKPOINT,
    LOG_COSIGNATURE,
    LOG_DISPUTE,
    LOG_RECEIVER,
)

_DAY = 86_400


class Cosignature(NamedTuple):
    """The checkpoint of `size` as a collector signed it. `at` is seconds by its own clock."""

    collector_id: int
    size: int
    at: int
    received: datetime
    key: str
    note: str
    certificate: bytes


class Witness(NamedTuple):
    """A collector that witnesses the log: up to where, and since when it lags behind, if so."""

    collector: str
    site_id: int
    site: str
    state: str
    size: int
    received: datetime
    key: str
    behind: datetime | None


class Dispute(NamedTuple):
    """What a collector holds against the log. `proven`: this log's key signed what it shows."""

    collector_id: int
    size: int
    why: str
    proven: bool
    note: str
    at: datetime
    settled: datetime | None


class Place(NamedTuple):
    """Where a syslog server is, and the authority that it is checked by (PEM; "": the system's)."""

    host: str
    port: int
    ca: str


class Receiver(NamedTuple):
    """A syslog server that gets every checkpoint; up to `sent` it has them."""

    id: int
    host: str
    port: int
    ca: str
    made: datetime
    made_by: str
    sent: int
    delivered: datetime | None
    tries: int
    again: datetime | None
    fault: str


@dataclass(frozen=True, slots=True)
class Cosignatures:
    """The repository of the log's witnesses. Every method raises `StoreFault` where it fails."""

    database: Database

    def newest(self, collector_id: int) -> int:
        """Return the greatest size that a collector has cosigned, 0 for none."""
        asked = select(func.max(LOG_COSIGNATURE.c.size)).where(
            LOG_COSIGNATURE.c.collector_id == collector_id
        )
        with self.database.read() as connection:
            return int(connection.execute(asked).scalar_one() or 0)

    def keep(self, one: Cosignature) -> None:
        """Keep a cosignature in the place of that day's, unless that one reaches further."""
        day = int(one.received.astimezone(UTC).timestamp()) // _DAY
        put = self.database.insert(LOG_COSIGNATURE).values(day=day, **one._asdict())
        names = [name for name in Cosignature._fields if name != "collector_id"]
        put = put.on_conflict_do_update(
            index_elements=["collector_id", "day"],
            set_={name: put.excluded[name] for name in names},
            where=LOG_COSIGNATURE.c.size < put.excluded.size,
        )
        with self.database.write() as connection:
            connection.execute(put)

    def all(self) -> Sequence[tuple[str, Cosignature]]:
        """Return every cosignature with the collector's name, the smallest size first."""
        columns = [LOG_COSIGNATURE.c[name] for name in Cosignature._fields]
        asked = select(COLLECTOR.c.name, *columns).join(
            COLLECTOR, COLLECTOR.c.id == LOG_COSIGNATURE.c.collector_id
        )
        order = (LOG_COSIGNATURE.c.size, COLLECTOR.c.name, LOG_COSIGNATURE.c.day)
        with self.database.read() as connection:
            return [
                (row[0], Cosignature(*row[1:]))
                for row in connection.execute(asked.order_by(*order))
            ]

    def witnesses(self) -> Sequence[Witness]:
        """Return every collector that has cosigned anything, by site and name."""
        newest = (
            select(LOG_COSIGNATURE.c.collector_id, func.max(LOG_COSIGNATURE.c.size).label("size"))
            .group_by(LOG_COSIGNATURE.c.collector_id)
            .subquery()
        )
        behind = (
            select(func.min(LOG_CHECKPOINT.c.at))
            .where(LOG_CHECKPOINT.c.size > newest.c.size)
            .scalar_subquery()
        )
        cosigned = LOG_COSIGNATURE.c
        asked = (
            select(
                *(COLLECTOR.c.name, COLLECTOR.c.site_id, SITE.c.name.label("site")),
                *(COLLECTOR.c.state, newest.c.size, func.max(cosigned.received).label("received")),
                *(func.max(cosigned.key).label("key"), behind.label("behind")),
            )
            .join(COLLECTOR, COLLECTOR.c.id == newest.c.collector_id)
            .join(SITE, SITE.c.id == COLLECTOR.c.site_id)
            .join(
                LOG_COSIGNATURE,
                (cosigned.collector_id == newest.c.collector_id) & (cosigned.size == newest.c.size),
            )
            .group_by(COLLECTOR.c.name, COLLECTOR.c.site_id, SITE.c.name)
            .group_by(COLLECTOR.c.state, newest.c.size)
            .order_by(SITE.c.name, COLLECTOR.c.name)
        )
        with self.database.read() as connection:
            return [Witness(*row) for row in connection.execute(asked)]

    # What is held against the log ------------------------------------------------------------

    def disputed(self, collector_id: int, size: int, why: str) -> bool:
        """Say whether a collector has said this before, and nobody has settled it."""
        found = LOG_DISPUTE.c
        asked = select(found.size).where(
            found.collector_id == collector_id,
            *(found.size == size, found.why == why, found.settled.is_(None)),
        )
        with self.database.read() as connection:
            return connection.execute(asked).first() is not None

    def open_since(self, collector_id: int, since: datetime) -> int:
        """Return how many unproven disputes a collector has brought since then."""
        found = LOG_DISPUTE.c
        asked = select(func.count()).where(
            found.collector_id == collector_id, found.at >= since, found.proven.is_(False)
        )
        with self.database.read() as connection:
            return int(connection.execute(asked).scalar_one())

    def dispute(self, connection: Connection, one: Dispute) -> None:
        """Keep a dispute, within a transaction."""
        put = self.database.insert(LOG_DISPUTE).values(**one._asdict())
        again = {name: put.excluded[name] for name in ("proven", "note", "at", "settled")}
        put = put.on_conflict_do_update(index_elements=["collector_id", "size", "why"], set_=again)
        connection.execute(put)

    def settle(self, connection: Connection, collector: str, now: datetime) -> int:
        """Settle what a collector holds against the log; return how much that was."""
        who = select(COLLECTOR.c.id).where(COLLECTOR.c.name == collector).scalar_subquery()
        open_ = update(LOG_DISPUTE).where(
            LOG_DISPUTE.c.collector_id == who, LOG_DISPUTE.c.settled.is_(None)
        )
        return connection.execute(open_.values(settled=now)).rowcount

    def disputes(self) -> Sequence[tuple[str, int, str, Dispute]]:
        """Return every dispute with collector, site's number and site, the newest first."""
        columns = [LOG_DISPUTE.c[name] for name in Dispute._fields]
        asked = (
            select(COLLECTOR.c.name, COLLECTOR.c.site_id, SITE.c.name.label("site"), *columns)
            .join(COLLECTOR, COLLECTOR.c.id == LOG_DISPUTE.c.collector_id)
            .join(SITE, SITE.c.id == COLLECTOR.c.site_id)
            .order_by(LOG_DISPUTE.c.at.desc(), COLLECTOR.c.name, LOG_DISPUTE.c.size)
        )
        with self.database.read() as connection:
            return [(r[0], r[1], r[2], Dispute(*r[3:])) for r in connection.execute(asked)]


@dataclass(frozen=True, slots=True)
class Receivers:
    """The repository of syslog servers that get the log's heads."""

    database: Database

    def all(self) -> Sequence[Receiver]:
        """Return all, by host."""
        columns = [LOG_RECEIVER.c[name] for name in Receiver._fields]
        asked = select(*columns).order_by(LOG_RECEIVER.c.host, LOG_RECEIVER.c.port)
        with self.database.read() as connection:
            return [Receiver(*row) for row in connection.execute(asked)]

    def delivered(self, number: int, size: int, now: datetime) -> None:
        """Note that a server has the checkpoint of this size."""
        values = {"sent": size, "delivered": now, "tries": 0, "again": None, "fault": ""}
        self._change(number, values)

    def failed(self, number: int, tries: int, again: datetime, fault: str) -> None:
        """Note that a server took nothing, why, and when to try again."""
        self._change(number, {"tries": tries, "again": again, "fault": fault[:300]})

    def _change(self, number: int, values: dict[str, Any]) -> None:
        with self.database.write() as connection:
            changed = update(LOG_RECEIVER).where(LOG_RECEIVER.c.id == number)
            connection.execute(changed.values(values))


def add_receiver(connection: Connection, place: Place, by: str, now: datetime) -> None:
    """Add a receiver, within a transaction. Raises `StoreConflict` where it is there."""
    row: dict[str, Any] = {**place._asdict(), "made": now, "made_by": by}
    connection.execute(insert(LOG_RECEIVER).values(row))


def drop_receiver(connection: Connection, number: int) -> bool:
    """Forget a receiver, within a transaction; say whether it was there."""
    gone = connection.execute(delete(LOG_RECEIVER).where(LOG_RECEIVER.c.id == number))
    return gone.rowcount == 1
