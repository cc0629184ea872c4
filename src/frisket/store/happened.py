"""What was wrong at devices, with who has seen it: for lists that people work through."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, or_, select

from frisket.store.database import Database
from frisket.store.tables.device import DEVICE, SITE
from frisket.store.tables.sample import EVENT
from frisket.store.tables.service import ACKNOWLEDGED


@dataclass(frozen=True, slots=True)
class Happenings:
    """The repository of what was wrong. Times of rows are seconds since 1970, UTC."""

    database: Database

    def standing(self, sites: Sequence[int] | None, limit: int = 500) -> Sequence[Any]:
        """Return what is still wrong, what nobody has seen yet first, then the newest."""
        asked = _asked(sites).where(EVENT.c.ended.is_(None), DEVICE.c.state != "retired")
        unseen = ACKNOWLEDGED.c.at.is_not(None)
        return self._all(asked.order_by(unseen, EVENT.c.began.desc(), EVENT.c.id).limit(limit))

    def since(
        self,
        moment: datetime,
        sites: Sequence[int] | None,
        device_id: int | None = None,
        limit: int = 20_000,
    ) -> Sequence[Any]:
        """Return what was wrong at any time since a moment, the newest first."""
        began = int(moment.timestamp())
        lasted = or_(EVENT.c.ended.is_(None), EVENT.c.ended >= began)
        asked = _asked(sites).where(lasted)
        if device_id is not None:
            asked = asked.where(EVENT.c.device_id == device_id)
        return self._all(asked.order_by(EVENT.c.began.desc(), EVENT.c.id.desc()).limit(limit))

    def one(self, event_id: int) -> Any | None:
        """Return one row."""
        rows = self._all(_asked(None).where(EVENT.c.id == event_id))
        return rows[0] if rows else None

    def acknowledge(self, ids: Sequence[int], by: str, note: str, now: datetime) -> None:
        """Note who has seen these; whoever was first stays."""
        rows = [{"event_id": one, "by": by, "at": now, "note": note} for one in ids]
        if rows:
            with self.database.write() as connection:
                put = self.database.insert(ACKNOWLEDGED).on_conflict_do_nothing()
                connection.execute(put, rows)

    def _all(self, asked: Select[Any]) -> Sequence[Any]:
        with self.database.read() as connection:
            return connection.execute(asked).all()


def _asked(sites: Sequence[int] | None) -> Select[Any]:
    columns = (
        DEVICE.c.site_id,
        DEVICE.c.serial,
        DEVICE.c.key,
        DEVICE.c.model,
        DEVICE.c.name.label("device_name"),
        SITE.c.name.label("site"),
        ACKNOWLEDGED.c.by,
        ACKNOWLEDGED.c.at.label("seen_at"),
        ACKNOWLEDGED.c.note,
    )
    asked = (
        select(EVENT, *columns)
        .join(DEVICE, DEVICE.c.id == EVENT.c.device_id)
        .join(SITE, SITE.c.id == DEVICE.c.site_id)
        .join(ACKNOWLEDGED, ACKNOWLEDGED.c.event_id == EVENT.c.id, isouter=True)
    )
    return asked if sites is None else asked.where(DEVICE.c.site_id.in_(list(sites)))
