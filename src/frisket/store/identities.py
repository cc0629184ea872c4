"""Who devices are known as, and what is put in whose place; within a transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from frisket.drivers.base import Pin
from frisket.store.tables.change import DEVICE_PIN
from frisket.store.tables.device import ADDRESS, ALARM, DEVICE, TAG


def locked_device(connection: Connection, device_id: int) -> Any | None:
    """Return a device's row, which nobody else changes meanwhile."""
    asked = select(DEVICE).where(DEVICE.c.id == device_id).with_for_update()
    return connection.execute(asked).one_or_none()


def pin_of(connection: Connection, device_id: int) -> Pin:
    """Return who was met as a device; an empty pin for nobody."""
    asked = select(DEVICE_PIN).where(DEVICE_PIN.c.device_id == device_id)
    row = connection.execute(asked).one_or_none()
    return Pin() if row is None else Pin(row.engine, row.serial, row.tls, row.uuid)


def put_pin(connection: Connection, device_id: int, pin: Pin, now: datetime) -> None:
    """Keep who a device is known as from now on, in the place of what was known."""
    connection.execute(delete(DEVICE_PIN).where(DEVICE_PIN.c.device_id == device_id))
    values = {"engine": pin.engine, "serial": pin.serial, "tls": pin.tls, "uuid": pin.uuid}
    connection.execute(insert(DEVICE_PIN).values(device_id=device_id, at=now, **values))


def last_address(connection: Connection, device_id: int) -> str:
    """Return where a device was met last."""
    asked = select(ADDRESS.c.address).where(ADDRESS.c.device_id == device_id)
    newest = asked.order_by(ADDRESS.c.last.desc(), ADDRESS.c.id.desc()).limit(1)
    return str(connection.scalar(newest) or "")


def device_at(connection: Connection, site_id: int, address: str) -> Any | None:
    """Return the device that is met at an address of a site."""
    asked = select(DEVICE).where(DEVICE.c.site_id == site_id, DEVICE.c.address == address)
    return connection.execute(asked.order_by(DEVICE.c.id.desc()).limit(1)).one_or_none()


def clear_alarms(
    connection: Connection, device_id: int, kinds: Sequence[str], who: str, now: datetime
) -> None:
    """Clear a device's standing alarms of some kinds."""
    standing = (ALARM.c.device_id == device_id, ALARM.c.cleared.is_(None))
    asked = update(ALARM).where(*standing, ALARM.c.kind.in_(list(kinds)))
    connection.execute(asked.values(cleared=now, cleared_by=who))


def take_over(connection: Connection, old: int, new: int) -> None:
    """Give a device the tags and notes of the one that it takes the place of; its own stay."""
    tags = set(connection.scalars(select(TAG.c.tag).where(TAG.c.device_id == old)))
    tags -= set(connection.scalars(select(TAG.c.tag).where(TAG.c.device_id == new)))
    if tags:
        rows = [{"device_id": new, "tag": tag} for tag in sorted(tags)]
        connection.execute(insert(TAG), rows)
    notes = connection.scalar(select(DEVICE.c.notes).where(DEVICE.c.id == old))
    empty = (DEVICE.c.id == new, DEVICE.c.notes == "")
    connection.execute(update(DEVICE).where(*empty).values(notes=notes or ""))
