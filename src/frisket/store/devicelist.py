"""The device list: search, filters with counts, order and pages, over 100,000 devices."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, column, false, func, or_, select, text

from frisket.model.condition import Condition, read_condition
from frisket.store.database import Database
from frisket.store.inventory import Inventory
from frisket.store.tables.device import DEVICE, SITE, TAG

PAGE: Final = 50
SORTS: Final = (
    "name", "address", "model", "serial", "location", "firmware", "status", "state", "toner",
    "pages", "compliance", "coverage", "last_seen", "first_seen", "site",
)  # fmt: skip
_FACETS: Final = ("site_id", "state", "status", "worst")
_EVERY: Final = 1 << 40
_SHORTEST: Final = 3  # characters that the search index knows


@dataclass(frozen=True, slots=True)
class Page:
    """One page of devices, how many there are in all, and counts for each filter's values."""

    rows: Sequence[Any]
    total: int
    counts: Mapping[str, Mapping[str, int]]


@dataclass(frozen=True, slots=True)
class DeviceList:
    """Reads the list of devices. `sites` (None: all) are those that the asker may see."""

    database: Database

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
            counting = _counting(where, all_of_them=not wanted and sites is None)
            counts, total = _counted(connection.execute(counting).all(), names)
            if number > 1:
                number = min(number, max((total + size - 1) // size, 1))
            asked = _ordered(select(DEVICE).where(where), sort, wanted, descending=descending)
            rows = connection.execute(asked.limit(size).offset((number - 1) * size)).all()
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
            asked = _ordered(select(DEVICE).where(where), sort, wanted, descending=False).limit(
                size
            )
            return [_Named(row, names) for row in connection.execute(asked)]

    def count(self, wanted: Condition, now: datetime, sites: Sequence[int] | None = None) -> int:
        """Return how many devices meet a condition."""
        with self.database.read() as connection:
            names = {row.id: row.name for row in connection.execute(select(SITE.c.id, SITE.c.name))}
            where = self._where(wanted, names, now, sites)
            return int(connection.scalar(select(func.count()).where(where)) or 0)

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
            either = [self._where(replace(one, group=()), names, now, None) for one in meant]
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
            parts.append(self._found(wanted.q))
        return and_(*parts) if parts else DEVICE.c.id > 0

    def _found(self, words: str) -> ColumnElement[bool]:
        """Return the condition for text anywhere in a device's marks, every word of it."""
        parts: list[ColumnElement[bool]] = []
        for word in words.casefold().split()[:8]:
            if self.database.is_sqlite and len(word) >= _SHORTEST:
                quoted = '"' + word.replace('"', '""') + '"'
                matches = column("device_search").op("MATCH")(quoted)
                rows: Select[Any] = select(column("rowid")).select_from(text("device_search"))
                parts.append(DEVICE.c.id.in_(rows.where(matches)))
            else:
                parts.append(DEVICE.c.search.contains(word, autoescape=True))
        return and_(*parts)


class _Named:
    """A row of the list with its site's name; joins cost more than this."""

    __slots__ = ("_row", "site")

    def __init__(self, row: Any, names: Mapping[int, str]) -> None:
        self._row = row
        self.site = names.get(row.site_id, "")

    def __getattr__(self, name: str) -> Any:
        return getattr(self._row, name)


def _counting(where: ColumnElement[bool], *, all_of_them: bool) -> Select[Any]:
    columns = [DEVICE.c[name] for name in _FACETS]
    if all_of_them:
        return select(*columns, func.count().label("n")).where(where).group_by(*columns)
    # The limit keeps SQLite from walking the index in the order of the counts, row by row:
    # first find, then count.
    found = select(*columns).where(where).limit(_EVERY).subquery()
    return select(*found.c, func.count().label("n")).group_by(*found.c)


def _counted(
    rows: Sequence[Any], names: Mapping[int, str]
) -> tuple[dict[str, dict[str, int]], int]:
    """Return the counts of each filter's values from one pass over the devices, and their sum."""
    found: dict[str, dict[str, int]] = {"site": {}, "state": {}, "status": {}, "worst": {}}
    total = 0
    for row in rows:
        total += row.n
        for name, value in (
            ("site", names.get(row.site_id, "")),
            ("state", row.state),
            ("status", row.status),
            ("worst", row.worst),
        ):
            found[name][value] = found[name].get(value, 0) + row.n
    return found, total


def _ordered(asked: Select[Any], sort: str, wanted: Condition, *, descending: bool) -> Select[Any]:
    name = "site_id" if sort == "site" else sort if sort in SORTS else "name"
    by: ColumnElement[Any] = DEVICE.c[name]
    # What is not known comes last whichever way the list is turned. Where the condition leaves
    # it out, the index gives the order.
    limit = {"compliance": wanted.score_below, "coverage": wanted.coverage_below}
    limit["toner"] = wanted.toner_below
    if DEVICE.c[name].nullable and limit.get(name) is None:
        asked = asked.order_by(by.is_(None))
    ordered = by.desc() if descending else by.asc()
    return asked.order_by(ordered, DEVICE.c.id.desc() if descending else DEVICE.c.id.asc())
