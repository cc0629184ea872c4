"""Devices that report by themselves, as they are kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Connection, delete, insert, or_, select, update

from frisket.store.bulk import inserting
from frisket.store.database import Database
from frisket.store.tables.collector import ORDERS, WISHES
from frisket.store.tables.device import SITE
from frisket.store.tables.erds import ERDS_CODE, ERDS_DEVICE, ERDS_REPORT


@dataclass(frozen=True, slots=True)
class Registered:
    """A device and its key; `last` is the highest number kept under it."""

    serial: str
    site_id: int
    site: str
    zone: str
    key: bytes
    last: int


@dataclass(frozen=True, slots=True)
class Proof:
    """One report as it was signed."""

    serial: str
    key: str
    sequence: int
    received: datetime
    body: bytes
    signature: str


@dataclass(frozen=True, slots=True)
class ErdsDevices:
    """The repository of devices that report by themselves."""

    database: Database

    def offer(
        self, digest: str, site_id: int, serial: str, now: datetime, expires: datetime
    ) -> None:
        """Keep a one-time code's digest."""
        row = {"digest": digest, "site_id": site_id, "serial": serial, "made": now}
        with self.database.write() as connection:
            connection.execute(insert(ERDS_CODE).values(**row, expires=expires))

    def find(self, serial: str) -> Registered | None:
        """Return the device of that serial number."""
        with self.database.read() as connection:
            return _find(connection, serial)

    def wanted(self, serial: str) -> Mapping[str, Any]:
        """Return what is wanted of a device, as its site was given it; empty where nothing was."""
        asked = (
            select(ORDERS.c.document)
            .join(ERDS_DEVICE, ERDS_DEVICE.c.site_id == ORDERS.c.site_id)
            .where(ERDS_DEVICE.c.serial == serial)
        )
        with self.database.read() as connection:
            document = connection.execute(asked).scalar_one_or_none() or {}
            return cast("Mapping[str, Any]", document.get(WISHES, {}))

    def want(self, site_id: int, wishes: Mapping[str, Any], now: datetime) -> None:
        """Say what is wanted of all devices of a site."""
        with self.database.write() as connection:
            row = connection.execute(
                select(ORDERS.c.version, ORDERS.c.document).where(ORDERS.c.site_id == site_id)
            ).one_or_none()
            # Collectors see a new version and hear the same as before.
            version, before = (row.version + 1, row.document) if row is not None else (2, {})
            values = {"version": version, "document": {**before, WISHES: dict(wishes)}}
            put = inserting(connection, ORDERS).values(site_id=site_id, changed=now, **values)
            connection.execute(
                put.on_conflict_do_update(
                    index_elements=["site_id"], set_={**values, "changed": now}
                )
            )

    def redeem(self, digest: str, serial: str, key: bytes, now: datetime) -> bool:
        """Use a code up, and make `key` the device's; False where the code is not for it, now."""
        with self.database.write() as connection:
            good = (
                update(ERDS_CODE)
                .where(
                    ERDS_CODE.c.digest == digest,
                    ERDS_CODE.c.used.is_(None),
                    ERDS_CODE.c.expires > now,
                    or_(ERDS_CODE.c.serial == "", ERDS_CODE.c.serial == serial),
                )
                .values(used=now)
                .returning(ERDS_CODE.c.site_id)
            )
            site_id = connection.execute(good).scalar_one_or_none()
            if site_id is None:
                return False
            row = {"site_id": site_id, "key": key, "last": 0, "registered": now}
            put = inserting(connection, ERDS_DEVICE).values(serial=serial, **row)
            connection.execute(put.on_conflict_do_update(index_elements=["serial"], set_=row))
            return True

    def keep(self, proof: Proof, also: Callable[[Connection, Registered], None]) -> bool:
        """Keep a report and do what `also` does, whole or not at all; False where it is kept."""
        row = {name: getattr(proof, name) for name in Proof.__slots__}
        with self.database.write() as connection:
            device = _find(connection, proof.serial)
            put = inserting(connection, ERDS_REPORT).values(**row).on_conflict_do_nothing()
            new = connection.execute(put.returning(ERDS_REPORT.c.sequence)).first()
            if device is None or new is None:
                return False
            newest = update(ERDS_DEVICE).where(
                ERDS_DEVICE.c.serial == proof.serial, ERDS_DEVICE.c.last < proof.sequence
            )
            connection.execute(newest.values(last=proof.sequence))
            also(connection, device)
            return True

    def forget(self, before: datetime) -> int:
        """Drop reports received before that; return how many."""
        with self.database.write() as connection:
            old = delete(ERDS_REPORT).where(ERDS_REPORT.c.received < before)
            return int(connection.execute(old).rowcount)


def _find(connection: Connection, serial: str) -> Registered | None:
    asked = (
        select(ERDS_DEVICE, SITE.c.name.label("site"), SITE.c.zone)
        .join(SITE, SITE.c.id == ERDS_DEVICE.c.site_id)
        .where(ERDS_DEVICE.c.serial == serial)
    )
    row = connection.execute(asked).one_or_none()
    if row is None:
        return None
    return Registered(row.serial, row.site_id, row.site, row.zone, row.key, row.last)
