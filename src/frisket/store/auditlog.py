"""The audit log's rows: appended one after the other, never changed, read by page."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Select, desc, func, insert, select

from frisket.store.database import Database, StoreFault
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
    site_id: int | None = None


@dataclass(frozen=True, slots=True)
class CheckpointRow:
    """A signed head of the log. `root` is none in those of the first version."""

    size: int
    at: datetime
    digest: str
    key: str
    signature: str
    root: str | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which entries a page shows: exact actor, action, about and outcome (or ""), below a number.

    From `since`, before `until`; of `sites` only, where these are given.
    """

    actor: str = ""
    action: str = ""
    about: str = ""
    below: int | None = None
    limit: int = 50
    outcome: str = ""
    since: datetime | None = None
    until: datetime | None = None
    sites: tuple[int, ...] | None = None

    def narrow(self, asked: Select[Any]) -> Select[Any]:
        """Return a question about entries that asks only for these."""
        for column in ("actor", "action", "about", "outcome"):
            if value := getattr(self, column):
                asked = asked.where(LOG_ENTRY.c[column] == value)
        if self.below is not None:
            asked = asked.where(LOG_ENTRY.c.number < self.below)
        if self.since is not None:
            asked = asked.where(LOG_ENTRY.c.at >= self.since)
        if self.until is not None:
            asked = asked.where(LOG_ENTRY.c.at < self.until)
        if self.sites is not None:
            asked = asked.where(LOG_ENTRY.c.site_id.in_(self.sites))
        return asked


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
        asked = wanted.narrow(select(LOG_ENTRY))
        asked = asked.order_by(desc(LOG_ENTRY.c.number)).limit(wanted.limit)
        with self._database.read() as connection:
            rows = connection.execute(asked).all()
        return tuple(LogRow(**row._mapping) for row in rows)  # noqa: SLF001

    def words(self, column: str, sites: tuple[int, ...] | None = None) -> tuple[str, ...]:
        """Return the different values of `actor` or `action`, at `sites` only where given."""
        asked = Wanted(sites=sites).narrow(select(LOG_ENTRY.c[column]).distinct())
        with self._database.read() as connection:
            return tuple(connection.scalars(asked.order_by(LOG_ENTRY.c[column])))

    def digests(self, after: int, upto: int) -> list[bytes]:
        """Return the digests of the entries behind number `after`, up to `upto`: 32 octets each.

        Raises `StoreFault` where one is missing.
        """
        asked = select(LOG_ENTRY.c.digest).where(
            LOG_ENTRY.c.number > after, LOG_ENTRY.c.number <= upto
        )
        with self._database.read() as connection:
            found = list(connection.scalars(asked.order_by(LOG_ENTRY.c.number)))
        try:
            octets = [bytes.fromhex(digest) for digest in found]
        except ValueError:
            octets = []
        if len(octets) != upto - after:
            raise StoreFault(f"entries of the log between {after + 1} and {upto} are missing")
        return octets

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

    def checkpoint(self, size: int) -> CheckpointRow | None:
        """Return the signed head of this size."""
        with self._database.read() as connection:
            asked = select(LOG_CHECKPOINT).where(LOG_CHECKPOINT.c.size == size)
            row = connection.execute(asked).one_or_none()
        return None if row is None else CheckpointRow(**row._mapping)  # noqa: SLF001

    def checkpoints_after(self, size: int, limit: int) -> tuple[CheckpointRow, ...]:
        """Return the signed heads above a size, the oldest first."""
        asked = select(LOG_CHECKPOINT).where(LOG_CHECKPOINT.c.size > size)
        with self._database.read() as connection:
            rows = connection.execute(asked.order_by(LOG_CHECKPOINT.c.size).limit(limit)).all()
        return tuple(CheckpointRow(**row._mapping) for row in rows)  # noqa: SLF001

    def checkpoints(self, last: int | None = None) -> tuple[CheckpointRow, ...]:
        """Return the signed heads, the oldest first; only the `last` so many where given."""
        asked = select(LOG_CHECKPOINT).order_by(desc(LOG_CHECKPOINT.c.size))
        if last is not None:
            asked = asked.limit(last)
        with self._database.read() as connection:
            rows = connection.execute(asked).all()
        return tuple(CheckpointRow(**row._mapping) for row in reversed(rows))  # noqa: SLF001
