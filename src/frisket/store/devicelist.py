"""The device list: search, filters with counts, order and pages, over 100,000 devices."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    String,
    and_,
    cast,
    column,
    false,
    func,
    literal,
    or_,
    select,
    text,
    true,
    union_all,
)

from frisket.model.condition import Condition, read_condition
from frisket.store.database import Database
from frisket.store.inventory import Inventory
from frisket.store.tables.device import DEVICE, SITE, TAG

PAGE: Final = 50
SORTS: Final = (
    "name", "address", "model", "serial", "location", "firmware", "status", "state", "toner",
    "pages", "compliance", "coverage", "last_seen", "first_seen", "site",
)  # fmt: skip
_FACETS: Final = {"site": "site_id", "state": "state", "status": "status", "worst": "worst"}
# Counted in the order of the counts, from an index that holds what filters ask for: of its own
# accord SQLite looks for few devices first, and then sorts and looks up all those it found.
_BY_FACETS: Final = "INDEXED BY ix_device_facets"
_SHORTEST: Final = 3  # characters that the search index knows
_MANY: Final = 20_000  # devices

Search = Callable[[Sequence[str]], ColumnElement[bool]]


@dataclass(frozen=True, slots=True)
class Page:
    """One page of devices, how many there are in all, and counts for each filter's values."""

    rows: Sequence[Any]
    total: int
    counts: Mapping[str, Mapping[str, int]]


@dataclass(frozen=True, slots=True)
class DeviceList:
    """Reads the list of devices. `sites` (None: all) are those that the asker may see.

    A page of more than `many` devices is found by going along its order until it is full.
    """

    database: Database
    many: int = _MANY

    def page(
        self,
        wanted: Condition,
        now: datetime,
        *,
        sort: str = "name",
        descending: bool = False,
        number: int = 1,
        size: int = PAGE,
        sites: Sequence[int] | None = None,
    ) -> Page:
        """Return one page, counted from 1."""
        with self.database.read() as connection:
            names = {row.id: row.name for row in connection.execute(select(SITE.c.id, SITE.c.name))}
            where = self._where(wanted, names, now, sites)
            counts, total = _counted(connection.execute(_counting(where)), names)
            if total > self.many:
                where = self._where(wanted, names, now, sites, _holds)
            if number > 1:
                number = min(number, max((total + size - 1) // size, 1))
            order = _Order(connection, where, sort, descending)
            rows = order.some(size, (number - 1) * size)
            return Page([_Named(row, names) for row in rows], total, counts)

    def after(
        self, wanted: Condition, now: datetime, last: int, size: int, sites: Sequence[int] | None
    ) -> Sequence[Any]:
        """Return the devices that come after the id `last`, for pages of an interface."""
        with self.database.read() as connection:
            names = {row.id: row.name for row in connection.execute(select(SITE.c.id, SITE.c.name))}
            where = and_(self._where(wanted, names, now, sites), DEVICE.c.id > last)
            asked = select(DEVICE).where(where).order_by(DEVICE.c.id).limit(size)
            return [_Named(row, names) for row in connection.execute(asked)]

    def each(
        self, wanted: Condition, now: datetime, sites: Sequence[int] | None = None, size: int = 1000
    ) -> Iterator[Any]:
        """Yield every device that is wanted, in small readings: an export of 100,000."""
        last = 0
        while rows := self.after(wanted, now, last, size, sites):
            yield from rows
            last = rows[-1].id

    def ids(
        self, wanted: Condition, now: datetime, sites: Sequence[int] | None = None
    ) -> Sequence[int]:
        """Return the ids of all that are wanted: a bulk action means the filter, not the page."""
        with self.database.read() as connection:
            names = {row.id: row.name for row in connection.execute(select(SITE.c.id, SITE.c.name))}
            where = self._where(wanted, names, now, sites)
            return list(connection.scalars(select(DEVICE.c.id).where(where).order_by(DEVICE.c.id)))

    def first(
        self,
        wanted: Condition,
        now: datetime,
        *,
        sort: str,
        size: int,
        sites: Sequence[int] | None = None,
    ) -> Sequence[Any]:
        """Return the first devices of an order, without counting the others."""
        with self.database.read() as connection:
            names = {row.id: row.name for row in connection.execute(select(SITE.c.id, SITE.c.name))}
            where = self._where(wanted, names, now, sites)
            rows = _Order(connection, where, sort).some(size)
            return [_Named(row, names) for row in rows]

    def count(self, wanted: Condition, now: datetime, sites: Sequence[int] | None = None) -> int:
        """Return how many devices meet a condition."""
        with self.database.read() as connection:
            names = {row.id: row.name for row in connection.execute(select(SITE.c.id, SITE.c.name))}
            where = self._where(wanted, names, now, sites)
            return _count(connection, where)

    def values(
        self, name: str, limit: int = 200, sites: Sequence[int] | None = None
    ) -> Sequence[tuple[str, int]]:
        """Return the commonest values of model, vendor or firmware with their counts."""
        one = DEVICE.c[name]
        asked = select(one, func.count().label("n")).where(one != "").group_by(one)
        if sites is not None:
            asked = asked.where(DEVICE.c.site_id.in_(list(sites)))
        with self.database.read() as connection:
            rows = connection.execute(asked.order_by(func.count().desc(), one).limit(limit))
            return [(row[0], row.n) for row in rows]

    def _where(
        self,
        wanted: Condition,
        names: Mapping[int, str],
        now: datetime,
        sites: Sequence[int] | None,
        search: Search | None = None,
    ) -> ColumnElement[bool]:
        parts: list[ColumnElement[bool]] = []
        if sites is not None:
            parts.append(DEVICE.c.site_id.in_(list(sites)))
        if wanted.site:
            chosen = [number for number, name in names.items() if name in wanted.site]
            parts.append(DEVICE.c.site_id.in_(chosen))
        plain = ("state", "status", "vendor", "model", "firmware")
        parts += [DEVICE.c[n].in_(values) for n in plain if (values := getattr(wanted, n))]
        if wanted.group:
            groups = {one.name: one.condition for one in Inventory(self.database).groups()}
            meant = [read_condition(groups[name]) for name in wanted.group if name in groups]
            # A group is no condition on groups: `save_group` refuses that, so this ends.
            either = [
                self._where(replace(one, group=()), names, now, None, search) for one in meant
            ]
            parts.append(or_(false(), *either))
        if wanted.worst:
            parts.append(DEVICE.c.worst.in_(["" if w == "none" else w for w in wanted.worst]))
        if wanted.tag:
            has = select(TAG.c.device_id).where(TAG.c.tag.in_(wanted.tag))
            parts.append(DEVICE.c.id.in_(has))
        for name, limited in (
            ("score_below", DEVICE.c.compliance),
            ("coverage_below", DEVICE.c.coverage),
            ("toner_below", DEVICE.c.toner),
        ):
            if (limit := getattr(wanted, name)) is not None:
                parts.append(limited < limit)
        if wanted.unseen_days is not None:
            parts.append(DEVICE.c.last_seen < now - timedelta(days=wanted.unseen_days))
        if wanted.unaudited:
            parts.append(DEVICE.c.audited.is_(None))
        if wanted.q:
            words = wanted.q.casefold().split()[:8]
            parts.append((search or (_among if self.database.is_sqlite else _holds))(words))
        return and_(true(), *parts)


def _holds(words: Sequence[str]) -> ColumnElement[bool]:
    """Return the condition for every word in a device's marks, by looking at each device.

    PostgreSQL has an index for it. In SQLite it is quick where many devices are meant.
    """
    return and_(*(DEVICE.c.search.contains(word, autoescape=True) for word in words))


def _among(words: Sequence[str]) -> ColumnElement[bool]:
    """Return the same condition for SQLite, as a set of devices that is found first."""
    if all(len(word) >= _SHORTEST for word in words):
        phrases = ['"' + word.replace('"', '""') + '"' for word in words]
        matches = column("device_search").op("MATCH")(" AND ".join(phrases))
        found: Select[Any] = select(column("rowid")).select_from(text("device_search"))
        return DEVICE.c.id.in_(found.where(matches))
    every = DEVICE.alias("every")
    return DEVICE.c.id.in_(
        select(every.c.id).where(*(func.instr(every.c.search, word) > 0 for word in words))
    )


class _Named:
    """A row of the list with its site's name; joins cost more than this."""

    __slots__ = ("_row", "site")

    def __init__(self, row: Any, names: Mapping[int, str]) -> None:
        self._row = row
        self.site = names.get(row.site_id, "")

    def __getattr__(self, name: str) -> Any:
        return getattr(self._row, name)


def _counting(where: ColumnElement[bool]) -> Select[Any]:
    """Return how often each value of each filter occurs: filter, value, count.

    The devices are gone through once; what that gave is added up by filter in the database, so
    that some dozens of rows come over instead of thousands.
    """
    columns = [DEVICE.c[name] for name in _FACETS.values()]
    asked = select(*columns, func.count().label("n")).where(where).group_by(*columns)
    once = asked.with_hint(DEVICE, _BY_FACETS, "sqlite").cte("counted")
    each = [
        select(literal(name).label("facet"), cast(once.c[of], String).label("value"), _sum(once))
        .group_by(once.c[of])
        .select_from(once)
        for name, of in _FACETS.items()
    ]
    return select(union_all(*each).subquery())


def _sum(once: Any) -> ColumnElement[int]:
    return func.sum(once.c.n).label("n")


def _counted(
    rows: Iterable[Any], names: Mapping[int, str]
) -> tuple[dict[str, dict[str, int]], int]:
    """Return the counts of each filter's values, and how many devices there are in all."""
    found: dict[str, dict[str, int]] = {name: {} for name in _FACETS}
    for row in rows:
        value = names.get(int(row.value), "") if row.facet == "site" else row.value
        found[row.facet][value] = found[row.facet].get(value, 0) + int(row.n)
    return found, sum(found["state"].values())


def _count(connection: Connection, where: ColumnElement[bool]) -> int:
    asked = select(func.count()).select_from(DEVICE).where(where)
    return int(connection.scalar(asked.with_hint(DEVICE, _BY_FACETS, "sqlite")) or 0)


@dataclass(frozen=True, slots=True)
class _Order:
    """Devices in an order. What is not known comes last, whichever way the list is turned."""

    connection: Connection
    where: ColumnElement[bool]
    sort: str
    descending: bool = False

    def some(self, size: int, skipped: int = 0) -> Sequence[Any]:
        """Return so many devices after those that are skipped."""
        name = "site_id" if self.sort == "site" else self.sort if self.sort in SORTS else "name"
        by = DEVICE.c[name]
        if not by.nullable:
            return self._rows(self.where, by, size, skipped)
        # One after the other, since no index has what is not known at the end both ways.
        known = and_(self.where, by.is_not(None))
        rows = self._rows(known, by, size, skipped)
        if len(rows) == size:
            return rows
        before = len(rows) + skipped if rows or not skipped else _count(self.connection, known)
        unknown = and_(self.where, by.is_(None))
        return [*rows, *self._rows(unknown, by, size - len(rows), max(skipped - before, 0))]

    def _rows(
        self, where: ColumnElement[bool], by: ColumnElement[Any], size: int, skipped: int
    ) -> Sequence[Any]:
        columns = (by, DEVICE.c.id)
        order = [one.desc() if self.descending else one.asc() for one in columns]
        chosen = select(DEVICE.c.id).where(where).order_by(*order).limit(size).offset(skipped)
        ids = list(self.connection.scalars(chosen))
        # Rows are wide: PostgreSQL would carry all those that are skipped or left behind.
        rows = self.connection.execute(select(DEVICE).where(DEVICE.c.id.in_(ids))).all()
        found = {row.id: row for row in rows}
        return [found[one] for one in ids if one in found]
