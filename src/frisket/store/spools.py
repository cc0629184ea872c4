"""How far each collector's spools have come, and batches that wait for those before them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select, update

from frisket.store.bulk import inserting
from frisket.store.database import Database
from frisket.store.tables.collector import COLLECTOR, HELD, SPOOL


@dataclass(frozen=True, slots=True)
class Spool:
    """A spool, locked until the transaction ends."""

    id: int
    acknowledged: int
    tail: int
    seen: datetime


@dataclass(frozen=True, slots=True)
class Held:
    """A batch that came before one that it follows."""

    first: int
    sent: int
    received: int
    body: bytes


def lock_spool(
    connection: Connection, collector_id: int, name: str, now: datetime, most: int
) -> Spool | None:
    """Return a collector's spool, made where it is new; None beyond `most` of them."""
    asked = select(SPOOL.c.id, SPOOL.c.acknowledged, SPOOL.c.tail, SPOOL.c.seen).where(
        SPOOL.c.collector_id == collector_id, SPOOL.c.name == name
    )
    row = connection.execute(asked.with_for_update()).one_or_none()
    if row is None:
        mine = select(func.count()).select_from(SPOOL).where(SPOOL.c.collector_id == collector_id)
        if connection.execute(mine).scalar_one() >= most:
            return None
        values = {"collector_id": collector_id, "name": name, "seen": now}
        made = inserting(connection, SPOOL).values(**values, acknowledged=0, tail=0)
        connection.execute(made.on_conflict_do_nothing())
        row = connection.execute(asked.with_for_update()).one()
    return Spool(row.id, row.acknowledged, row.tail, row.seen)


def advance(
    connection: Connection, spool_id: int, acknowledged: int, tail: int, now: datetime
) -> None:
    """Say that a spool's records are kept up to this number."""
    changed = update(SPOOL).where(SPOOL.c.id == spool_id)
    connection.execute(changed.values(acknowledged=acknowledged, tail=tail, seen=now))


def saw_collector(connection: Connection, collector_id: int, now: datetime, skew: int) -> None:
    """Keep when a collector was heard of, and how far its clock is ahead."""
    changed = update(COLLECTOR).where(COLLECTOR.c.id == collector_id)
    connection.execute(changed.values(seen=now, skew=skew))


def hold(connection: Connection, spool_id: int, held: Held, most: int) -> bool:
    """Keep a batch until those before it have come; False where `most` wait already."""
    mine = select(func.count()).select_from(HELD).where(HELD.c.spool_id == spool_id)
    if connection.execute(mine).scalar_one() >= most:
        return False
    row = inserting(connection, HELD).values(
        spool_id=spool_id,
        first=held.first,
        sent=held.sent,
        received=held.received,
        body=held.body,
    )
    connection.execute(row.on_conflict_do_nothing())
    return True


def next_held(connection: Connection, spool_id: int) -> Held | None:
    """Take out the waiting batch with the lowest number."""
    mine = select(HELD).where(HELD.c.spool_id == spool_id).order_by(HELD.c.first).limit(1)
    row = connection.execute(mine).one_or_none()
    if row is None:
        return None
    return Held(row.first, row.sent, row.received, row.body)


def drop_held(connection: Connection, spool_id: int, first: int) -> None:
    """Forget a waiting batch: it is applied, or not needed."""
    mine = HELD.delete().where(HELD.c.spool_id == spool_id, HELD.c.first == first)
    connection.execute(mine)


def overdue(database: Database, before: int) -> Sequence[tuple[int, str]]:
    """Return collector's id and spool's name of what has waited since before that time."""
    asked = (
        select(SPOOL.c.collector_id, SPOOL.c.name)
        .join(HELD, HELD.c.spool_id == SPOOL.c.id)
        .where(HELD.c.received < before)
        .distinct()
    )
    with database.read() as connection:
        return [(row.collector_id, row.name) for row in connection.execute(asked)]
