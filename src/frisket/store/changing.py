"""Changes that hold only while nobody else changed the same meanwhile, and lists for programs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from frisket.store.database import Database
from frisket.store.life import change_state
from frisket.store.onetime import OneTime, digest, keep, look
from frisket.store.tables.account import ONE_TIME
from frisket.store.tables.audit import DRIFT
from frisket.store.tables.device import ALARM, DEVICE, SITE, TAG


@dataclass(frozen=True, slots=True)
class Seen:
    """A device as it stands in one consistent view: its row with `site`, and its tags."""

    row: Any
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Changing:
    """The repository of changes under a condition."""

    database: Database

    def device(self, device_id: int) -> Seen | None:
        """Return a device, None where there is none."""
        with self.database.read() as connection:
            return _device(connection, device_id)

    def change_device(
        self,
        device_id: int,
        values: Mapping[str, Any],
        tags: Sequence[str] | None,
        same: Callable[[Seen], bool],
    ) -> bool:
        """Change columns and tags (None: as they are) in one transaction, if it is still the same.

        Says whether it was; a device that is gone is not.
        """
        with self.database.write() as connection:
            found = _device(connection, device_id, lock=True)
            if found is None or not same(found):
                return False
            if "state" in values:
                change_state(self.database, connection, [device_id], str(values["state"]))
            if values:
                mine = update(DEVICE).where(DEVICE.c.id == device_id)
                connection.execute(mine.values(dict(values)))
            if tags is not None:
                connection.execute(delete(TAG).where(TAG.c.device_id == device_id))
                rows = [{"device_id": device_id, "tag": tag} for tag in dict.fromkeys(tags)]
                if rows:
                    connection.execute(insert(TAG), rows)
            return True

    def change_site(
        self, site_id: int, values: Mapping[str, Any], same: Callable[[Any], bool]
    ) -> bool:
        """Change a site's columns if it is still the same; says whether it was."""
        with self.database.write() as connection:
            asked = select(SITE).where(SITE.c.id == site_id).with_for_update()
            found = connection.execute(asked).one_or_none()
            if found is None or not same(found):
                return False
            connection.execute(update(SITE).where(SITE.c.id == site_id).values(dict(values)))
            return True

    def tags(self, ids: Sequence[int]) -> dict[int, list[str]]:
        """Return the tags of devices that have any."""
        found: dict[int, list[str]] = {}
        asked = select(TAG.c.device_id, TAG.c.tag).where(TAG.c.device_id.in_(list(ids)))
        with self.database.read() as connection:
            for row in connection.execute(asked.order_by(TAG.c.tag)):
                found.setdefault(row.device_id, []).append(row.tag)
        return found

    def alarms(self, below: int | None, size: int, sites: Sequence[int] | None) -> Sequence[Any]:
        """Return standing alarms with their device's site, the newest first, below an id."""
        asked = select(ALARM, DEVICE.c.site_id).join(DEVICE, DEVICE.c.id == ALARM.c.device_id)
        asked = asked.where(ALARM.c.cleared.is_(None))
        if sites is not None:
            asked = asked.where(DEVICE.c.site_id.in_(list(sites)))
        if below is not None:
            asked = asked.where(ALARM.c.id < below)
        with self.database.read() as connection:
            return connection.execute(asked.order_by(ALARM.c.id.desc()).limit(size)).all()

    def alarm(self, alarm_id: int) -> Any | None:
        """Return an alarm with its device's site."""
        asked = select(ALARM, DEVICE.c.site_id, DEVICE.c.key)
        asked = asked.join(DEVICE, DEVICE.c.id == ALARM.c.device_id)
        with self.database.read() as connection:
            return connection.execute(asked.where(ALARM.c.id == alarm_id)).one_or_none()

    def drifts(
        self,
        below: int | None,
        size: int,
        sites: Sequence[int] | None,
        *,
        states: Sequence[str] = (),
        device: int | None = None,
    ) -> Sequence[Any]:
        """Return drifted settings with their device's site, the newest first, below an id."""
        asked = select(DRIFT, DEVICE.c.site_id).join(DEVICE, DEVICE.c.id == DRIFT.c.device_id)
        if sites is not None:
            asked = asked.where(DEVICE.c.site_id.in_(list(sites)))
        if states:
            asked = asked.where(DRIFT.c.state.in_(list(states)))
        if device is not None:
            asked = asked.where(DRIFT.c.device_id == device)
        if below is not None:
            asked = asked.where(DRIFT.c.id < below)
        with self.database.read() as connection:
            return connection.execute(asked.order_by(DRIFT.c.id.desc()).limit(size)).all()

    def first_of(self, name: str, what: OneTime, *, now: datetime, expires: datetime) -> bool:
        """Keep what was asked under a name, the first time; says whether it is the same now.

        Raises `StoreFault` where another process keeps it at the same moment: ask again.
        """
        with self.database.write() as connection:
            found = look(connection, name, what.purpose, now)
            if found is not None:
                return bool(found.body == what.body)
            keep(connection, name, what, expires, now)
            return True

    def claimed(
        self, name: str, what: OneTime, *, now: datetime, expires: datetime
    ) -> OneTime | None:
        """Keep something under a name, the first time (None); else return what is kept.

        Raises `StoreConflict` where another process keeps it at the same moment.
        """
        with self.database.write() as connection:
            found = look(connection, name, what.purpose, now)
            if found is None:
                keep(connection, name, what, expires, now)
            return found

    def settle(self, name: str, body: Mapping[str, Any] | None) -> None:
        """Put another body under a name that is kept; None forgets it."""
        mine = ONE_TIME.c.digest == digest(name)
        with self.database.write() as connection:
            if body is None:
                connection.execute(delete(ONE_TIME).where(mine))
            else:
                connection.execute(update(ONE_TIME).where(mine).values(body=dict(body)))


def _device(connection: Connection, device_id: int, *, lock: bool = False) -> Seen | None:
    asked = select(DEVICE, SITE.c.name.label("site")).join(SITE, SITE.c.id == DEVICE.c.site_id)
    asked = asked.where(DEVICE.c.id == device_id)
    if lock:
        asked = asked.with_for_update(of=DEVICE)
    row = connection.execute(asked).one_or_none()
    if row is None:
        return None
    tags = select(TAG.c.tag).where(TAG.c.device_id == device_id).order_by(TAG.c.tag)
    return Seen(row, tuple(connection.scalars(tags)))
