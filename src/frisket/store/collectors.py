"""Collectors, their enrolment and their orders, as they are kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, func, insert, select, update

from frisket.store.database import Database
from frisket.store.tables.collector import (
    COLLECTOR,
    ENROLMENT,
    HELD,
    ORDERS,
    REFUSED,
    SPOOL,
    WISHES,
)
from frisket.store.tables.device import SITE

ACTIVE, REVOKED = "active", "revoked"


@dataclass(frozen=True, slots=True)
class Collector:
    """One collector and its site. `skew` is how many seconds its clock is ahead of ours."""

    id: int
    name: str
    site_id: int
    site: str
    scope: tuple[str, ...]
    zone: str
    state: str
    certified_until: datetime
    seen: datetime | None
    skew: int


@dataclass(frozen=True, slots=True)
class Spooled:
    """How far a spool has come, and how many batches wait for one before them."""

    collector: str
    name: str
    acknowledged: int
    held: int
    seen: datetime


def _asked() -> Select[Any]:
    columns = (SITE.c.name.label("site"), SITE.c.scope, SITE.c.zone)
    return select(COLLECTOR, *columns).join(SITE, SITE.c.id == COLLECTOR.c.site_id)


def _again(token: str, site: str, key: bytes, now: datetime) -> Select[Any]:
    """Ask for the collector that this token has made, while the token lasts."""
    return (
        select(COLLECTOR.c.name)
        .join(ENROLMENT, ENROLMENT.c.collector_id == COLLECTOR.c.id)
        .join(SITE, SITE.c.id == COLLECTOR.c.site_id)
        .where(
            ENROLMENT.c.token == token,
            ENROLMENT.c.expires > now,
            SITE.c.name == site,
            COLLECTOR.c.key == key,
            COLLECTOR.c.state == ACTIVE,
        )
    )


def _collector(row: Row[Any]) -> Collector:
    return Collector(
        *(row.id, row.name, row.site_id, row.site, tuple(row.scope), row.zone),
        *(row.state, row.certified_until, row.seen, row.skew),
    )


@dataclass(frozen=True, slots=True)
class Collectors:
    """The repository of those who report."""

    database: Database

    def offer(self, token: str, site_id: int, now: datetime, expires: datetime) -> None:
        """Keep the public half of a one-time token."""
        row = {"token": token, "site_id": site_id, "made": now, "expires": expires}
        with self.database.write() as connection:
            connection.execute(insert(ENROLMENT).values(row))

    def enrol(
        self, token: str, site: str, *, name: str, key: bytes, now: datetime, until: datetime
    ) -> str | None:
        """Use a token up for a new collector; return its name, None where it does not open now.

        Whoever asks again with the same token and the same key has lost our answer: it gets the
        name that it has. Nobody else can, as it signs with both keys.
        """
        with self.database.write() as connection:
            good = (
                update(ENROLMENT)
                .where(
                    ENROLMENT.c.token == token,
                    ENROLMENT.c.used.is_(None),
                    ENROLMENT.c.expires > now,
                    ENROLMENT.c.site_id
                    == select(SITE.c.id).where(SITE.c.name == site).scalar_subquery(),
                )
                .values(used=now)
                .returning(ENROLMENT.c.site_id)
            )
            site_id = connection.execute(good).scalar_one_or_none()
            if site_id is None:
                return connection.execute(_again(token, site, key, now)).scalar_one_or_none()
            row = {"name": name, "site_id": site_id, "key": key, "enrolled": now}
            made = insert(COLLECTOR).values(**row, certified_until=until)
            number = connection.execute(made.returning(COLLECTOR.c.id)).scalar_one()
            used = update(ENROLMENT).where(ENROLMENT.c.token == token)
            connection.execute(used.values(collector_id=number))
            return name

    def renewed(self, name: str, key: bytes, until: datetime) -> None:
        """Keep a collector's new key and how long it is certified."""
        changed = update(COLLECTOR).where(COLLECTOR.c.name == name)
        with self.database.write() as connection:
            connection.execute(changed.values(key=key, certified_until=until))

    def revoke(self, name: str) -> bool:
        """Shut a collector out from now on; say whether there is such a one."""
        changed = update(COLLECTOR).where(COLLECTOR.c.name == name).values(state=REVOKED)
        with self.database.write() as connection:
            return connection.execute(changed).rowcount == 1

    def find(self, name: str) -> Collector | None:
        """Return a collector by its name."""
        with self.database.read() as connection:
            row = connection.execute(_asked().where(COLLECTOR.c.name == name)).one_or_none()
            return _collector(row) if row is not None else None

    def all(self) -> Sequence[Collector]:
        """Return all collectors by site and name."""
        with self.database.read() as connection:
            rows = connection.execute(_asked().order_by(SITE.c.name, COLLECTOR.c.name))
            return [_collector(row) for row in rows]

    def spools(self) -> Sequence[Spooled]:
        """Return every spool, the newest first."""
        held = select(HELD.c.spool_id, func.count().label("held")).group_by(HELD.c.spool_id)
        waiting = held.subquery()
        asked = (
            select(SPOOL, COLLECTOR.c.name.label("collector"), waiting.c.held)
            .join(COLLECTOR, COLLECTOR.c.id == SPOOL.c.collector_id)
            .join(waiting, waiting.c.spool_id == SPOOL.c.id, isouter=True)
            .order_by(SPOOL.c.seen.desc())
        )
        with self.database.read() as connection:
            return [
                Spooled(row.collector, row.name, row.acknowledged, row.held or 0, row.seen)
                for row in connection.execute(asked)
            ]

    def refused(self, limit: int = 1000) -> Sequence[tuple[str, int, str, str]]:
        """Return collector, day, device key and reason of what was not taken, newest first."""
        asked = (
            select(COLLECTOR.c.name, REFUSED.c.day, REFUSED.c.key, REFUSED.c.why)
            .join(COLLECTOR, COLLECTOR.c.id == REFUSED.c.collector_id)
            .order_by(REFUSED.c.day.desc(), REFUSED.c.key)
        )
        with self.database.read() as connection:
            rows = connection.execute(asked.limit(limit))
            return [(row.name, row.day, row.key, row.why) for row in rows]

    def orders(self, site_id: int) -> tuple[int, Mapping[str, Any]]:
        """Return version and text of a site's orders; version 1 where nobody gave any."""
        with self.database.read() as connection:
            row = connection.execute(
                select(ORDERS.c.version, ORDERS.c.document).where(ORDERS.c.site_id == site_id)
            ).one_or_none()
            return (row.version, row.document) if row is not None else (1, {})

    def order(self, site_id: int, document: Mapping[str, Any], now: datetime) -> int:
        """Give a site's collectors new orders; return their version.

        What its devices that report by themselves are to do stays (`ErdsDevices.want`).
        """
        before = self.orders(site_id)[1]
        kept = {WISHES: before[WISHES]} if WISHES in before else {}
        row = self.database.insert(ORDERS).values(
            site_id=site_id, version=2, document={**kept, **document}, changed=now
        )
        changed = {
            "version": ORDERS.c.version + 1,
            "document": row.excluded.document,
            "changed": row.excluded.changed,
        }
        put = row.on_conflict_do_update(index_elements=["site_id"], set_=changed)
        with self.database.write() as connection:
            return int(connection.execute(put.returning(ORDERS.c.version)).scalar_one())
