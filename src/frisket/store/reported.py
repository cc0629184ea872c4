"""What devices have reported, for those who look: newest, over time, per day, what was wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import Select, func, or_, select

from frisket.store.database import Database
from frisket.store.samples import Latest, Reading
from frisket.store.tables.collector import COLLECTOR
from frisket.store.tables.device import DEVICE, SITE
from frisket.store.tables.sample import EVENT, GAP, LATEST, READING, READING_DAY


class Who(NamedTuple):
    """A device of the inventory, as lists name it."""

    id: int
    site_id: int
    site: str
    zone: str
    key: str
    serial: str
    model: str
    name: str
    address: str


class Day(NamedTuple):
    """How a day ended: days since 1970 in the site's zone, and when the device was seen last."""

    device_id: int
    day: int
    seen: int
    values: bytes


class Happened(NamedTuple):
    """What was wrong at a device; `ended` is None while it lasts."""

    device_id: int
    name: str
    began: int
    ended: int | None
    severity: str
    code: str
    text: str


class Unwatched(NamedTuple):
    """Nobody looked, from `began` to `ended`."""

    began: int
    ended: int
    why: str


@dataclass(frozen=True, slots=True)
class Reported:
    """The repository of reports, read only."""

    database: Database

    def devices(
        self,
        site: str = "",
        device: str = "",
        *,
        sites: Sequence[int] | None = None,
        retired: bool = True,
    ) -> Sequence[Who]:
        """Return devices by site and key: all, a site's, or those of a key, serial or address.

        `sites` narrows them to what somebody may see; without `retired` those are left out.
        """
        asked = select(
            *(DEVICE.c.id, DEVICE.c.site_id, SITE.c.name, SITE.c.zone, DEVICE.c.key),
            *(DEVICE.c.serial, DEVICE.c.model, DEVICE.c.name, DEVICE.c.address),
        ).join(SITE, SITE.c.id == DEVICE.c.site_id)
        if site:
            asked = asked.where(SITE.c.name == site)
        if sites is not None:
            asked = asked.where(DEVICE.c.site_id.in_(list(sites)))
        if not retired:
            asked = asked.where(DEVICE.c.state != "retired")
        if device:
            columns = (DEVICE.c.key, DEVICE.c.serial, DEVICE.c.address)
            asked = asked.where(or_(*(column == device for column in columns)))
        return [Who(*row) for row in self._all(asked.order_by(SITE.c.name, DEVICE.c.key))]

    def latest(self, ids: Sequence[int]) -> Sequence[Latest]:
        """Return the newest of these devices."""
        found: list[Any] = []
        for some in _some(ids):
            found += self._all(select(LATEST).where(LATEST.c.device_id.in_(some)))
        return [Latest(*row) for row in found]

    def readings(self, device_id: int, since: int, until: int) -> Sequence[Reading]:
        """Return a device's changes from `since` up to, not with, `until`; in order."""
        asked = select(READING).where(
            READING.c.device_id == device_id, READING.c.at >= since, READING.c.at < until
        )
        return [Reading(*row) for row in self._all(asked.order_by(READING.c.at, READING.c.number))]

    def days(self, ids: Sequence[int], since: int, until: int) -> Sequence[Day]:
        """Return how these devices' days ended, from day `since` up to, not with, `until`."""
        found: list[Any] = []
        for some in _some(ids):
            mine = READING_DAY.c.device_id.in_(some)
            asked = select(READING_DAY).where(
                mine, READING_DAY.c.day >= since, READING_DAY.c.day < until
            )
            found += self._all(asked.order_by(READING_DAY.c.device_id, READING_DAY.c.day))
        return [Day(*row) for row in found]

    def last_days(self, ids: Sequence[int], since: int, until: int) -> Sequence[Day]:
        """Return how each device's last day from `since` up to, not with, `until` ended."""
        found: list[Any] = []
        for some in _some(ids):
            here = (
                READING_DAY.c.device_id.in_(some),
                READING_DAY.c.day >= since,
                READING_DAY.c.day < until,
            )
            newest = (
                select(READING_DAY.c.device_id, func.max(READING_DAY.c.day).label("day"))
                .where(*here)
                .group_by(READING_DAY.c.device_id)
                .subquery()
            )
            same = (READING_DAY.c.device_id == newest.c.device_id) & (
                READING_DAY.c.day == newest.c.day
            )
            found += self._all(select(READING_DAY).join(newest, same))
        return [Day(*row) for row in found]

    def day_before(self, device_id: int, day: int) -> Day | None:
        """Return how a device's last day before this one ended."""
        asked = select(READING_DAY).where(
            READING_DAY.c.device_id == device_id, READING_DAY.c.day < day
        )
        rows = self._all(asked.order_by(READING_DAY.c.day.desc()).limit(1))
        return Day(*rows[0]) if rows else None

    def events(
        self, ids: Sequence[int], since: int, until: int, *, standing: bool = False
    ) -> Sequence[Happened]:
        """Return what was wrong at these devices in a time, or only what still is, in order.

        What had begun before and lasted into the time is among it.
        """
        columns = [EVENT.c[name] for name in Happened._fields]
        lasted = or_(EVENT.c.ended.is_(None), EVENT.c.ended >= since)
        found: list[Any] = []
        for some in _some(ids):
            asked = select(*columns).where(EVENT.c.device_id.in_(some), EVENT.c.began < until)
            asked = asked.where(EVENT.c.ended.is_(None) if standing else lasted)
            found += self._all(asked.order_by(EVENT.c.began, EVENT.c.id))
        return sorted((Happened(*row) for row in found), key=lambda event: event.began)

    def gaps(self, device: Who, since: int, until: int) -> Sequence[Unwatched]:
        """Return when nobody looked at a device, or at all of its site's."""
        mine = select(COLLECTOR.c.id).where(COLLECTOR.c.site_id == device.site_id)
        whole = GAP.c.device_id.is_(None) & GAP.c.collector_id.in_(mine)
        asked = select(GAP.c.began, GAP.c.ended, GAP.c.why).where(
            or_(GAP.c.device_id == device.id, whole), GAP.c.began < until, GAP.c.ended >= since
        )
        return [Unwatched(*row) for row in self._all(asked.order_by(GAP.c.began))]

    def _all(self, asked: Select[Any]) -> Sequence[Any]:
        with self.database.read() as connection:
            return connection.execute(asked).all()


def _some(ids: Sequence[int], size: int = 500) -> list[Sequence[int]]:
    return [ids[start : start + size] for start in range(0, len(ids), size)]
