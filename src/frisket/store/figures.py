"""Sums over the fleet for those who watch it by numbers: nothing here is about one device."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, case, func, select, true

from frisket.store.database import Database
from frisket.store.tables.audit import DRIFT
from frisket.store.tables.collector import COLLECTOR
from frisket.store.tables.device import ALARM, DEVICE, SITE
from frisket.store.tables.log import LOG_ENTRY
from frisket.store.tables.work import ACTION

# By how many seconds ago devices were polled last, summed up: as the buckets of a histogram are.
AGES: Final = (300, 900, 3600, 21_600, 86_400, 604_800)
_LOW: Final = 10  # percent


@dataclass(frozen=True, slots=True)
class Figures:
    """Reads sums. `sites` (None: all) are those that the asker may see."""

    database: Database
    sites: Sequence[int] | None = None

    def devices(self) -> Sequence[Any]:
        """Return site, model, state and how many."""
        columns = (SITE.c.name.label("site"), DEVICE.c.model, DEVICE.c.state)
        return self._all(select(*columns, func.count().label("n")), columns)

    def statuses(self) -> Sequence[Any]:
        """Return site, status and how many devices in use have it."""
        columns = (SITE.c.name.label("site"), DEVICE.c.status)
        return self._all(select(*columns, func.count().label("n")).where(_IN_USE), columns)

    def polls(self, now: datetime) -> Sequence[Any]:
        """Return of each site how many devices in use were polled within each age, ever, and low.

        The columns are `within_300` and so on, `ever`, `low` and `n`.
        """
        within = [
            _count(DEVICE.c.polled >= now - timedelta(seconds=age)).label(f"within_{age}")
            for age in AGES
        ]
        name = SITE.c.name.label("site")
        asked = select(
            name,
            *within,
            _count(DEVICE.c.polled.is_not(None)).label("ever"),
            _count(DEVICE.c.toner < _LOW).label("low"),
            func.count().label("n"),
        )
        return self._all(asked.where(_IN_USE), (name,))

    def alarms(self) -> Sequence[Any]:
        """Return site, kind and how many alarms stand."""
        columns = (SITE.c.name.label("site"), ALARM.c.kind)
        asked = select(*columns, func.count().label("n")).where(ALARM.c.cleared.is_(None))
        return self._all(asked, columns, ALARM.c.device_id)

    def drifts(self) -> Sequence[Any]:
        """Return site, cause and how many settings drifted and await a decision."""
        columns = (SITE.c.name.label("site"), DRIFT.c.cause)
        asked = select(*columns, func.count().label("n")).where(DRIFT.c.state == "open")
        return self._all(asked, columns, DRIFT.c.device_id)

    def collectors(self) -> Sequence[Any]:
        """Return name, site and when each collector that is in use was heard last."""
        asked = select(COLLECTOR.c.name, SITE.c.name.label("site"), COLLECTOR.c.seen)
        asked = asked.join(SITE, SITE.c.id == COLLECTOR.c.site_id)
        asked = asked.where(COLLECTOR.c.state == "active", self._mine(COLLECTOR.c.site_id))
        with self.database.read() as connection:
            return connection.execute(asked.order_by(COLLECTOR.c.name)).all()

    def actions(self) -> Sequence[Any]:
        """Return state and how many actions on devices stand so; of the whole fleet."""
        asked = select(ACTION.c.state, func.count().label("n")).group_by(ACTION.c.state)
        with self.database.read() as connection:
            return connection.execute(asked.order_by(ACTION.c.state)).all()

    def log_entries(self) -> int:
        """Return how many entries the audit log has."""
        with self.database.read() as connection:
            return int(connection.scalar(select(func.max(LOG_ENTRY.c.number))) or 0)

    def _mine(self, column: ColumnElement[int]) -> ColumnElement[bool]:
        return true() if self.sites is None else column.in_(list(self.sites))

    def _all(
        self,
        asked: Select[Any],
        columns: Sequence[ColumnElement[Any]],
        device: ColumnElement[int] | None = None,
    ) -> Sequence[Any]:
        if device is None:
            asked = asked.select_from(DEVICE)
        else:
            asked = asked.join(DEVICE, DEVICE.c.id == device)
        asked = asked.join(SITE, SITE.c.id == DEVICE.c.site_id)
        asked = asked.where(self._mine(DEVICE.c.site_id)).group_by(*columns).order_by(*columns)
        with self.database.read() as connection:
            return connection.execute(asked).all()


_IN_USE: Final = DEVICE.c.state != "retired"


def _count(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.sum(case((and_(condition), 1), else_=0))
