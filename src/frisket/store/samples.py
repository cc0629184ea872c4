"""What devices reported, on its way in: everything of one batch within one transaction.

The functions take the transaction that `Database.write` gave. What differs between the databases is
how many rows are written at once: COPY and arrays in PostgreSQL, a prepared statement in SQLite.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final, NamedTuple

from sqlalchemy import Connection, bindparam, func, insert, select, update

from frisket.store.bulk import among, append, inserting, listed, rewrite, upsert
from frisket.store.database import Database
from frisket.store.tables.collector import REFUSED
from frisket.store.tables.device import DEVICE, SITE
from frisket.store.tables.sample import EVENT, GAP, LATEST, METRIC, READING, READING_DAY, REPORTED

MOST_METRICS: Final = 20_000
_PART: Final = "reading_part"


class Latest(NamedTuple):
    """A device's row of `latest`, in the table's order; times in seconds since 1970."""

    device_id: int
    number: int
    seen: int
    changed: int
    received: int
    day: int
    events: int
    whole: int
    values: bytes


class Reading(NamedTuple):
    """A row of `reading`, in the table's order."""

    device_id: int
    at: int
    number: int
    skew: int
    delay: int
    values: bytes


class Event(NamedTuple):
    """Something that began at a device; `ended` is None while it lasts."""

    device_id: int
    name: str
    began: int
    ended: int | None
    severity: str
    code: str
    text: str


class Gap(NamedTuple):
    """Nobody looked, from `began` to `ended`."""

    collector_id: int
    device_id: int | None
    began: int
    ended: int
    why: str


def find_metrics(connection: Connection, names: Iterable[str]) -> dict[str, int]:
    """Return the numbers of those of these names that have one."""
    asked = select(METRIC.c.name, METRIC.c.id).select_from(
        among(connection, METRIC.c.name, "names")
    )
    rows = connection.execute(asked, {"names": listed(connection, names)})
    return {row.name: row.id for row in rows}


def metric_ids(database: Database, names: Iterable[str]) -> Mapping[str, int]:
    """Return the numbers of these names, and give new ones; a full table gives no more."""
    wanted = sorted(names)
    with database.write() as connection:
        found = find_metrics(connection, wanted)
        count = connection.execute(select(func.count()).select_from(METRIC)).scalar_one()
        fresh = [name for name in wanted if name not in found][: max(0, MOST_METRICS - count)]
        if fresh:
            row = inserting(connection, METRIC).on_conflict_do_nothing()
            connection.execute(row, [{"name": name} for name in fresh])
            found |= find_metrics(connection, fresh)
    return found


def metric_names(database: Database) -> Mapping[int, str]:
    """Return every number and its name."""
    with database.read() as connection:
        rows = connection.execute(select(METRIC.c.id, METRIC.c.name))
        return {row.id: row.name for row in rows}


def known_devices(connection: Connection, site_id: int, keys: Iterable[str]) -> Mapping[str, int]:
    """Return the id of each device that is reported under one of these keys."""
    asked = (
        select(REPORTED.c.key, REPORTED.c.device_id)
        .select_from(among(connection, REPORTED.c.key, "keys"))
        .where(REPORTED.c.site_id == site_id)
    )
    rows = connection.execute(asked, {"keys": listed(connection, keys)})
    return {row.key: int(row.device_id) for row in rows}


def latest_rows(connection: Connection, ids: Iterable[int]) -> Mapping[int, Latest]:
    """Return the latest row of these devices, locked until the transaction ends."""
    # In the order of the ids: two batches that share devices must not wait for each other.
    asked = (
        select(LATEST)
        .select_from(among(connection, LATEST.c.device_id, "ids"))
        .order_by(LATEST.c.device_id)
        .with_for_update(of=LATEST)
    )
    rows = connection.execute(asked, {"ids": listed(connection, ids)})
    return {row[0]: Latest(*row) for row in rows}


def name_device(connection: Connection, site_id: int, key: str, device_id: int) -> None:
    """Keep under which key a device is reported."""
    row = inserting(connection, REPORTED).values(site_id=site_id, key=key, device_id=device_id)
    connection.execute(row.on_conflict_do_nothing())


def new_since(connection: Connection, site_id: int, since: datetime) -> Mapping[str, int]:
    """Return how many devices of a site were first seen since then, by address."""
    mine = (
        select(DEVICE.c.address, func.count().label("count"))
        .where(DEVICE.c.site_id == site_id, DEVICE.c.first_seen >= since)
        .group_by(DEVICE.c.address)
    )
    return {row.address: int(row[1]) for row in connection.execute(mine)}


def elsewhere(connection: Connection, serial: str, site_id: int) -> str:
    """Return the name of another site that has a device of this serial number, or nothing."""
    asked = (
        select(SITE.c.name)
        .join(DEVICE, DEVICE.c.site_id == SITE.c.id)
        .where(DEVICE.c.serial == serial, DEVICE.c.site_id != site_id)
    )
    return connection.execute(asked.limit(1)).scalar() or ""


def refused_on(connection: Connection, collector_id: int, day: int) -> Mapping[str, str]:
    """Return which devices of a collector were not taken on a day, and why."""
    mine = select(REFUSED.c.key, REFUSED.c.why)
    mine = mine.where(REFUSED.c.collector_id == collector_id, REFUSED.c.day == day)
    return {row.key: row.why for row in connection.execute(mine)}


def refuse(
    connection: Connection, collector_id: int, day: int, reasons: Mapping[str, str], most: int
) -> None:
    """Note which devices were not taken, and why; at most `most` a collector and day."""
    mine = select(func.count()).select_from(REFUSED)
    mine = mine.where(REFUSED.c.collector_id == collector_id, REFUSED.c.day == day)
    room = most - int(connection.execute(mine).scalar_one())
    rows = [
        {"collector_id": collector_id, "day": day, "key": key, "why": why}
        for key, why in sorted(reasons.items())[: max(0, room)]
    ]
    if rows:
        connection.execute(inserting(connection, REFUSED).on_conflict_do_nothing(), rows)


def not_whole(connection: Connection, site_id: int) -> None:
    """Mark all devices of a site as known in part: records were lost on the way."""
    mine = select(REPORTED.c.device_id).where(REPORTED.c.site_id == site_id)
    connection.execute(update(LATEST).where(LATEST.c.device_id.in_(mine)).values(whole=0))


class Shown(NamedTuple):
    """What lists of devices show of one."""

    id: int
    status: str
    toner: int | None
    pages: int | None
    polled: datetime
    last_seen: datetime


def show_devices(connection: Connection, rows: Sequence[Shown]) -> None:
    """Write what lists of devices show."""
    if rows:
        types = ("int8", "text", "int4", "int8", "timestamptz", "timestamptz")
        rewrite(connection, DEVICE, Shown._fields, rows, types)


def change_devices(connection: Connection, changes: Mapping[int, Mapping[str, str]]) -> None:
    """Change who devices are said to be; they are few."""
    for device_id, values in sorted(changes.items()):
        if values:
            connection.execute(update(DEVICE).where(DEVICE.c.id == device_id).values(dict(values)))


def ensure_months(database: Database, first: int, last: int) -> None:
    """Make the partitions that readings of this time go to. SQLite has none."""
    if database.is_sqlite:
        return
    month, end = _month_of(first), _month_of(last)
    with database.write() as connection:
        while month <= end:
            name = f"{_PART}_{month[0]}_{month[1]:02}"
            connection.exec_driver_sql(
                f"CREATE TABLE IF NOT EXISTS {name} PARTITION OF reading"
                f" FOR VALUES FROM ({_begin(month)}) TO ({_begin(_after(month))})"
            )
            month = _after(month)


def forget_readings(database: Database, before: int) -> int:
    """Drop readings older than that; in PostgreSQL whole months. Returns how many went.

    Closing meters, events and gaps stay.
    """
    with database.write() as connection:
        if database.is_sqlite:
            gone = connection.execute(READING.delete().where(READING.c.at < before))
            return int(gone.rowcount)
        year, month = _month_of(before)
        parts = connection.exec_driver_sql(
            "SELECT relid::regclass::text FROM pg_partition_tree('reading') WHERE isleaf"
        )
        old = [name for (name,) in parts if name < f"{_PART}_{year}_{month:02}"]
        for name in old:
            connection.exec_driver_sql(f"DROP TABLE {name}")
        return len(old)


def add_readings(connection: Connection, rows: Sequence[Reading]) -> None:
    """Write changes; the months they belong to are there (`ensure_months`)."""
    if rows:
        append(connection, READING, rows, ("int4", "int8", "int4", "int4", "int4", "bytea"))


def put_latest(connection: Connection, rows: Sequence[Latest]) -> None:
    """Write each device's newest row over the one before."""
    if rows:
        whole = ("int4", "int4", "int8", "int8", "int8", "int4", "int2", "int2", "bytea")
        upsert(connection, LATEST, rows, whole)


def close_days(connection: Connection, rows: Sequence[tuple[int, int, int, bytes]]) -> None:
    """Write closing meters: device, day, when it was last seen on it, values."""
    if rows:
        upsert(connection, READING_DAY, rows, ("int4", "int4", "int8", "bytea"))


def add_events(connection: Connection, rows: Sequence[Event]) -> None:
    """Write what began."""
    if rows:
        connection.execute(insert(EVENT), [row._asdict() for row in rows])


def end_events(connection: Connection, ended: Sequence[tuple[int, str, str, int]]) -> None:
    """Write that what stood at a device has ended: device, place, code, time."""
    if not ended:
        return
    stands = (
        update(EVENT)
        .where(
            EVENT.c.device_id == bindparam("device"),
            EVENT.c.name == bindparam("called"),
            EVENT.c.code == bindparam("what"),
            EVENT.c.ended.is_(None),
        )
        .values(ended=bindparam("when"))
    )
    connection.execute(
        stands,
        [
            {"device": one, "called": name, "what": code, "when": at}
            for one, name, code, at in ended
        ],
    )


def add_gaps(connection: Connection, rows: Sequence[Gap]) -> None:
    """Write when nobody looked."""
    if rows:
        connection.execute(insert(GAP), [row._asdict() for row in rows])


def _month_of(at: int) -> tuple[int, int]:
    moment = datetime.fromtimestamp(at, UTC)
    return moment.year, moment.month


def _after(month: tuple[int, int]) -> tuple[int, int]:
    return (month[0], month[1] + 1) if month[1] < 12 else (month[0] + 1, 1)


def _begin(month: tuple[int, int]) -> int:
    return int(datetime(*month, 1, tzinfo=UTC).timestamp())
