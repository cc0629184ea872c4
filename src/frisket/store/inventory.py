"""Sites, devices, tags, alarms and groups, as they are kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, delete, func, insert, or_, select, update

from frisket.errors import UsageError
from frisket.store.database import Database
from frisket.store.life import change_states
from frisket.store.tables.device import ADDRESS, ALARM, DEVICE, GROUP, SITE, TAG

_SEARCHED = ("name", "address", "serial", "mac", "vendor", "model", "location")
_MARKS = ("serial", "mac", "engine", "tls")


@dataclass(frozen=True, slots=True)
class Site:
    """A place with its written scope: nothing outside these networks is ever scanned there."""

    id: int
    name: str
    scope: tuple[str, ...] = ()
    zone: str = "UTC"
    limits: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class StoredAlarm:
    """An alarm about one device, and whether it still stands."""

    id: int
    device_id: int
    kind: str
    text: str
    at: datetime
    cleared: datetime | None
    cleared_by: str


@dataclass(frozen=True, slots=True)
class StoredGroup:
    """A group's name and condition."""

    id: int
    name: str
    condition: Mapping[str, Any]
    made_by: str = ""
    made: datetime | None = None


def _site(row: Any) -> Site:
    return Site(row.id, row.name, tuple(row.scope), row.zone, row.limits)


@dataclass(frozen=True, slots=True)
class Inventory:
    """The repository of what the fleet consists of."""

    database: Database

    def add_site(self, name: str, scope: Sequence[str], now: datetime, zone: str = "UTC") -> int:
        """Add a site. Raises `StoreFault` where the name is taken."""
        values = {"name": name, "scope": list(scope), "zone": zone, "limits": {}, "created": now}
        with self.database.write() as connection:
            made = connection.execute(insert(SITE).values(values).returning(SITE.c.id))
            return int(made.scalar_one())

    def change_site(self, site_id: int, values: Mapping[str, Any]) -> None:
        """Change a site's columns."""
        with self.database.write() as connection:
            connection.execute(update(SITE).where(SITE.c.id == site_id).values(dict(values)))

    def sites(self) -> Sequence[Site]:
        """Return all sites by name."""
        with self.database.read() as connection:
            return [_site(row) for row in connection.execute(select(SITE).order_by(SITE.c.name))]

    def site(self, name: str) -> Site | None:
        """Return a site by its name."""
        with self.database.read() as connection:
            row = connection.execute(select(SITE).where(SITE.c.name == name)).one_or_none()
            return _site(row) if row is not None else None

    def count_by_site(self) -> dict[int, int]:
        """Return how many devices each site has."""
        asked = select(DEVICE.c.site_id, func.count().label("n")).group_by(DEVICE.c.site_id)
        with self.database.read() as connection:
            return {row.site_id: row.n for row in connection.execute(asked)}

    def candidates(self, site_id: int, marks: Mapping[str, str], key: str) -> Sequence[Any]:
        """Return the devices of a site that share a mark, the key or the address with `marks`."""
        with self.database.read() as connection:
            return candidates(connection, site_id, marks, key)

    def device(self, device_id: int) -> Any | None:
        """Return a device's row."""
        with self.database.read() as connection:
            asked = select(DEVICE, SITE.c.name.label("site")).join(SITE)
            return connection.execute(asked.where(DEVICE.c.id == device_id)).one_or_none()

    def change_device(self, device_id: int, values: Mapping[str, Any]) -> bool:
        """Change a device's columns; say whether there is such a device."""
        with self.database.write() as connection:
            asked = update(DEVICE).where(DEVICE.c.id == device_id).values(dict(values))
            return connection.execute(asked).rowcount == 1

    def change_state(self, device_ids: Iterable[int], state: str) -> None:
        """Put devices into a state of their life: new, managed or retired (`store.life`)."""
        change_states(self.database, device_ids, state)

    def tag(self, device_ids: Iterable[int], tag: str) -> None:
        """Give devices a tag; having it already is no fault."""
        rows = [{"device_id": one, "tag": tag} for one in device_ids]
        if not rows:
            return
        with self.database.write() as connection:
            connection.execute(self.database.insert(TAG).on_conflict_do_nothing(), rows)

    def untag(self, device_ids: Iterable[int], tag: str) -> None:
        """Take a tag from devices."""
        with self.database.write() as connection:
            for some in _some(list(device_ids)):
                there = TAG.c.device_id.in_(some)
                connection.execute(delete(TAG).where(there, TAG.c.tag == tag))

    def tags(self, device_id: int) -> Sequence[str]:
        """Return a device's tags."""
        asked = select(TAG.c.tag).where(TAG.c.device_id == device_id).order_by(TAG.c.tag)
        with self.database.read() as connection:
            return list(connection.scalars(asked))

    def addresses(self, device_id: int) -> Sequence[Any]:
        """Return where a device was met, the newest first."""
        asked = select(ADDRESS).where(ADDRESS.c.device_id == device_id)
        with self.database.read() as connection:
            return connection.execute(asked.order_by(ADDRESS.c.last.desc()).limit(100)).all()

    def alarms(self, device_id: int | None = None, limit: int = 100) -> Sequence[StoredAlarm]:
        """Return the newest alarms that stand, of one device or of all."""
        asked = select(ALARM).where(ALARM.c.cleared.is_(None)).order_by(ALARM.c.id.desc())
        if device_id is not None:
            asked = asked.where(ALARM.c.device_id == device_id)
        with self.database.read() as connection:
            return [StoredAlarm(*_alarm(row)) for row in connection.execute(asked.limit(limit))]

    def with_key(self, tls: str, but: int) -> list[str]:
        """Return the names of the other devices, at any site, that showed a TLS key."""
        name = func.coalesce(func.nullif(DEVICE.c.name, ""), DEVICE.c.address)
        asked = select(name).where(DEVICE.c.tls == tls, DEVICE.c.id != but).limit(20)
        with self.database.read() as connection:
            return [str(one) for one in connection.scalars(asked)]

    def alarms_at(self, site_ids: Sequence[int], limit: int = 50) -> Sequence[Any]:
        """Return the newest alarms that stand at sites, with their devices' names.

        Nobody is alarmed about a device that is retired.
        """
        asked = (
            select(ALARM, DEVICE.c.name.label("device"), DEVICE.c.address, DEVICE.c.key)
            .join(DEVICE)
            .where(
                ALARM.c.cleared.is_(None),
                DEVICE.c.site_id.in_(list(site_ids)),
                DEVICE.c.state != "retired",
            )
            .order_by(ALARM.c.id.desc())
        )
        with self.database.read() as connection:
            return connection.execute(asked.limit(limit)).all()

    def alarmed(self, device_ids: Sequence[int]) -> dict[int, str]:
        """Return the kind of the newest alarm that stands about each of some devices."""
        asked = select(ALARM.c.device_id, ALARM.c.kind).where(
            ALARM.c.device_id.in_(list(device_ids)), ALARM.c.cleared.is_(None)
        )
        with self.database.read() as connection:
            rows = connection.execute(asked.order_by(ALARM.c.id))
            return {row.device_id: row.kind for row in rows}

    def clear_alarm(self, alarm_id: int, who: str, now: datetime) -> bool:
        """Clear an alarm; say whether it stood."""
        asked = update(ALARM).where(ALARM.c.id == alarm_id, ALARM.c.cleared.is_(None))
        with self.database.write() as connection:
            return connection.execute(asked.values(cleared=now, cleared_by=who)).rowcount == 1

    def save_group(self, name: str, condition: Mapping[str, Any], who: str, now: datetime) -> bool:
        """Keep a group under its name; False where the name is taken: what a group means stays."""
        if "group" in condition:
            raise UsageError(
                "a group cannot be made of groups", hint="write out what those groups mean"
            )
        row = self.database.insert(GROUP).values(
            name=name, condition=dict(condition), made_by=who, made=now
        )
        with self.database.write() as connection:
            made = row.on_conflict_do_nothing(index_elements=["name"]).returning(GROUP.c.id)
            return connection.execute(made).scalar_one_or_none() is not None

    def groups(self) -> Sequence[StoredGroup]:
        """Return all groups by name."""
        asked: Select[Any] = select(GROUP).order_by(GROUP.c.name)
        with self.database.read() as connection:
            rows = connection.execute(asked)
            return [StoredGroup(*_group(row)) for row in rows]

    def drop_group(self, name: str) -> bool:
        """Remove a group; say whether there was one."""
        with self.database.write() as connection:
            return connection.execute(delete(GROUP).where(GROUP.c.name == name)).rowcount == 1

    def count(self) -> int:
        """Return how many devices there are."""
        with self.database.read() as connection:
            return int(connection.scalar(select(func.count()).select_from(DEVICE)) or 0)


def candidates(
    connection: Connection, site_id: int, marks: Mapping[str, str], key: str
) -> Sequence[Any]:
    """Return the devices of a site that share a mark, the key or the address with `marks`."""
    either = [DEVICE.c.key == key]
    either += [DEVICE.c[name] == marks[name] for name in (*_MARKS, "address") if marks.get(name)]
    asked = select(DEVICE).where(DEVICE.c.site_id == site_id, or_(*either)).limit(50)
    return connection.execute(asked).all()


def put_device(
    connection: Connection, device_id: int | None, values: Mapping[str, Any], now: datetime
) -> int:
    """Write a device's row and where it was met, and return its id.

    A row's words for the search are made from `values`, which then must hold all of them.
    """
    if "serial" in values:
        values = {**values, "search": words_of(values)}
    if device_id is None:
        made = insert(DEVICE).values({**values, "first_seen": now, "last_seen": now})
        device_id = int(connection.execute(made.returning(DEVICE.c.id)).scalar_one())
    else:
        changed = update(DEVICE).where(DEVICE.c.id == device_id)
        connection.execute(changed.values({**values, "last_seen": now}))
    if address := values.get("address"):
        newest = select(ADDRESS.c.id, ADDRESS.c.address).where(ADDRESS.c.device_id == device_id)
        last = connection.execute(newest.order_by(ADDRESS.c.id.desc()).limit(1)).one_or_none()
        if last is not None and last.address == address:
            connection.execute(update(ADDRESS).where(ADDRESS.c.id == last.id).values(last=now))
        else:
            row = {"device_id": device_id, "address": address, "first": now, "last": now}
            connection.execute(insert(ADDRESS).values(row))
    return device_id


def words_of(values: Mapping[str, Any]) -> str:
    """Return what the search looks through, in small letters."""
    return "\n".join(str(values.get(name, "")) for name in _SEARCHED).casefold()


def raise_alarm(
    connection: Connection, device_id: int, kind: str, text: str, now: datetime
) -> None:
    """Raise an alarm unless the same one stands already."""
    stands = select(ALARM.c.id).where(
        ALARM.c.device_id == device_id,
        ALARM.c.kind == kind,
        ALARM.c.text == text,
        ALARM.c.cleared.is_(None),
    )
    if connection.execute(stands.limit(1)).first() is None:
        row = {"device_id": device_id, "kind": kind, "text": text[:2000], "at": now}
        connection.execute(insert(ALARM).values(row))


def _group(row: Any) -> tuple[Any, ...]:
    return (row.id, row.name, row.condition, row.made_by, row.made)


def _alarm(row: Any) -> tuple[Any, ...]:
    return (row.id, row.device_id, row.kind, row.text, row.at, row.cleared, row.cleared_by)


def _some(ids: list[int], size: int = 500) -> Iterable[list[int]]:
    """Yield ids in groups that one statement takes."""
    for start in range(0, len(ids), size):
        yield ids[start : start + size]
