"""The audit log's rows: appended one after the other, never changed, read by page."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, desc, func, insert, select

from frisket.store.database import Database
from frisket.store.tables.log import LOG_CHECKPOINT, LOG_ENTRY

_PAGE: Final = 1000
_CHAIN: Final = 0x46_52_4C_4F  # the lock under which the chain grows


@dataclass(frozen=True, slots=True)
class LogRow:
    """One entry: its searchable parts, its exact text, and the digest that covers it."""

    number: int
    at: datetime
    actor: str
    action: str
    about: str
    outcome: str
    body: str
    digest: str


@dataclass(frozen=True, slots=True)
class CheckpointRow:
    """A signed head of the log."""

    size: int
    at: datetime
    digest: str
    key: str
    signature: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which entries a page shows: exact actor, action and about (or ""), below a number."""

    actor: str = ""
    action: str = ""
    about: str = ""
    below: int | None = None
    limit: int = 50


def append(connection: Connection, follow: Callable[[int, str | None], LogRow]) -> LogRow:
    """Append within a transaction what `follow(size, head)` makes of the chain's end."""
    if connection.dialect.name == "postgresql":
        # SQLite has one writer at a time; here two would follow the same entry.
        connection.execute(select(func.pg_advisory_xact_lock(_CHAIN)))
    last = connection.execute(
        select(LOG_ENTRY.c.number, LOG_ENTRY.c.digest).order_by(desc(LOG_ENTRY.c.number)).limit(1)
    ).first()
    row = follow(0, None) if last is None else follow(last.number, last.digest)
    values = {name: getattr(row, name) for name in LogRow.__slots__}
    connection.execute(insert(LOG_ENTRY).values(values))
    return row


class LogStore:
    """The log of one database. Every method raises `StoreFault` where it fails."""

    __slots__ = ("_database",)

    def __init__(self, database: Database) -> None:
        self._database = database

    def append(self, follow: Callable[[int, str | None], LogRow]) -> LogRow:
        """Append one entry, on disk when this returns."""
        with self._database.write() as connection:
            return append(connection, follow)

    def head(self) -> tuple[int, str | None]:
        """Return the number of entries and the last digest."""
        with self._database.read() as connection:
            wanted = select(LOG_ENTRY.c.number, LOG_ENTRY.c.digest)
            row = connection.execute(wanted.order_by(desc(LOG_ENTRY.c.number)).limit(1)).first()
        return (0, None) if row is None else (row.number, row.digest)

    def page(self, wanted: Wanted) -> tuple[LogRow, ...]:
        """Return entries, the newest first."""
        asked = select(LOG_ENTRY).order_by(desc(LOG_ENTRY.c.number)).limit(wanted.limit)
        for column in ("actor", "action", "about"):
            if value := getattr(wanted, column):
                asked = asked.where(LOG_ENTRY.c[column] == value)
        if wanted.below is not None:
            asked = asked.where(LOG_ENTRY.c.number < wanted.below)
        with self._database.read() as connection:
            rows = connection.execute(asked).all()
        return tuple(LogRow(**row._mapping) for row in rows)  # noqa: SLF001

    def words(self, column: str) -> tuple[str, ...]:
        """Return the different values of `actor` or `action`."""
        with self._database.read() as connection:
            asked = select(LOG_ENTRY.c[column]).distinct().order_by(LOG_ENTRY.c[column])
            return tuple(connection.scalars(asked))

    def whole(self) -> Iterator[LogRow]:
        """Yield every entry, the oldest first, a page at a time."""
        after = 0
        while True:
            asked = select(LOG_ENTRY).where(LOG_ENTRY.c.number > after)
            with self._database.read() as connection:
                rows = connection.execute(asked.order_by(LOG_ENTRY.c.number).limit(_PAGE)).all()
            for row in rows:
                yield LogRow(**row._mapping)  # noqa: SLF001
            if len(rows) < _PAGE:
                return
            after = rows[-1].number

    def keep(self, point: CheckpointRow) -> None:
        """Keep a signed head; the same one twice is kept once."""
        values = {name: getattr(point, name) for name in CheckpointRow.__slots__}
        with self._database.write() as connection:
            put = self._database.insert(LOG_CHECKPOINT).values(values)
            connection.execute(put.on_conflict_do_nothing(index_elements=["size"]))

    def checkpoints(self, last: int | None = None) -> tuple[CheckpointRow, ...]:
        """Return the signed heads, the oldest first; only the `last` so many where given."""
        asked = select(LOG_CHECKPOINT).order_by(desc(LOG_CHECKPOINT.c.size))
        if last is not None:
            asked = asked.limit(last)
        with self._database.read() as connection:
            rows = connection.execute(asked).all()
        return tuple(CheckpointRow(**row._mapping) for row in reversed(rows))  # noqa: SLF001
