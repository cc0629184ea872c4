"""Schedules of sites, as they are kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import delete, or_, select, update

from frisket.store.database import Database
from frisket.store.tables.device import SCHEDULE, SITE

AHEAD: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class StoredSchedule:
    """One task of one site: what is written of it, and the tick that was begun last."""

    site_id: int
    site: str
    zone: str
    task: str
    document: Mapping[str, Any]
    last: datetime | None


@dataclass(frozen=True, slots=True)
class Schedules:
    """The repository of what is done when."""

    database: Database

    def save(self, site_id: int, task: str, document: Mapping[str, Any]) -> None:
        """Keep a site's schedule for a task, in the place of the one it had."""
        row = self.database.insert(SCHEDULE)
        row = row.values(site_id=site_id, task=task, document=dict(document))
        with self.database.write() as connection:
            connection.execute(
                row.on_conflict_do_update(
                    index_elements=["site_id", "task"], set_={"document": dict(document)}
                )
            )

    def drop(self, site_id: int, task: str) -> None:
        """Do a task at a site by schedule no more."""
        mine = (SCHEDULE.c.site_id == site_id, SCHEDULE.c.task == task)
        with self.database.write() as connection:
            connection.execute(delete(SCHEDULE).where(*mine))

    def all(self) -> Sequence[StoredSchedule]:
        """Return every schedule, by site and task."""
        asked = select(SCHEDULE, SITE.c.name, SITE.c.zone).join(SITE)
        with self.database.read() as connection:
            rows = connection.execute(asked.order_by(SITE.c.name, SCHEDULE.c.task))
            return [
                StoredSchedule(row.site_id, row.name, row.zone, row.task, row.document, row.last)
                for row in rows
            ]

    def begun(self, site_id: int, task: str, tick: datetime, ahead: timedelta = AHEAD) -> bool:
        """Note that a tick's work was started; say whether that was not known.

        What was noted for more than `ahead` later was noted by a clock that ran ahead.
        """
        mine = update(SCHEDULE).where(
            SCHEDULE.c.site_id == site_id,
            SCHEDULE.c.task == task,
            or_(
                SCHEDULE.c.last.is_(None),
                SCHEDULE.c.last < tick,
                SCHEDULE.c.last > tick + ahead,
            ),
        )
        with self.database.write() as connection:
            return connection.execute(mine.values(last=tick)).rowcount == 1
