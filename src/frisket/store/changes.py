"""Changes of the fleet: what was meant, each device's plan and how it stands, and the record."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Select, func, insert, select, update

from frisket.ledger import LedgerFault
from frisket.ledger import Record as Row
from frisket.store.database import Database, StoreFault
from frisket.store.tables.change import (
    FLEET_CHANGE,
    FLEET_CHANGE_DEVICE,
    FLEET_CHANGE_RECORD,
)
from frisket.store.tables.device import DEVICE, SITE
from frisket.store.tables.work import LEASE
from frisket.store.work import clock

_SOME: Final = 500  # rows of one statement
AGAIN: Final = "again"  # the row that begins another turn of a device in the record
_APART: Final = frozenset({"plan", "seen"})  # columns that no list of devices reads


@dataclass(frozen=True, slots=True)
class Planned:
    """One device's plan as it is kept: packed, with how many settings it changes.

    `why` says why there is no plan.
    """

    device_id: int
    address: str
    model: str
    plan: bytes | None = None
    settings: int = 0
    why: str = ""


@dataclass(frozen=True, slots=True)
class Changes:
    """The repository of changes."""

    database: Database

    def add(self, values: Mapping[str, Any]) -> int:
        """Keep a new change and return its number."""
        with self.database.write() as connection:
            return add_change(connection, values)

    def find(self, change_id: int) -> Any | None:
        """Return a change's row."""
        with self.database.read() as connection:
            return find_change(connection, change_id)

    def listed(self, limit: int = 200, below: int | None = None) -> Sequence[Any]:
        """Return the newest changes, those below an id where one is given."""
        asked = select(FLEET_CHANGE).order_by(FLEET_CHANGE.c.id.desc()).limit(limit)
        if below is not None:
            asked = asked.where(FLEET_CHANGE.c.id < below)
        with self.database.read() as connection:
            return connection.execute(asked).all()

    def counts(self, change_ids: Sequence[int]) -> dict[int, dict[str, int]]:
        """Return how many devices of each change stand how; `settings` counts those changed."""
        devices = FLEET_CHANGE_DEVICE.c
        asked = (
            select(devices.change_id, devices.step, func.count().label("n"))
            .where(devices.change_id.in_(list(change_ids)), devices.wave >= 0)
            .group_by(devices.change_id, devices.step)
        )
        found: dict[int, dict[str, int]] = {}
        with self.database.read() as connection:
            for row in connection.execute(asked):
                found.setdefault(row.change_id, {})[row.step] = row.n
        return found

    def change(self, change_id: int, values: Mapping[str, Any]) -> None:
        """Change columns of a change."""
        with self.database.write() as connection:
            put_change(connection, change_id, values)

    def put_plans(self, change_id: int, planned: Iterable[Planned]) -> None:
        """Keep devices' plans, in the place of earlier ones."""
        rows = [
            {
                "change_id": change_id,
                "device_id": one.device_id,
                "address": one.address,
                "model": one.model,
                "plan": one.plan,
                "settings": one.settings,
                "why": one.why[:2000],
            }
            for one in planned
        ]
        if not rows:
            return
        made = self.database.insert(FLEET_CHANGE_DEVICE)
        names = ("address", "model", "plan", "settings", "why")
        again = made.on_conflict_do_update(
            index_elements=["change_id", "device_id"],
            set_={name: made.excluded[name] for name in names},
        )
        with self.database.write() as connection:
            for start in range(0, len(rows), _SOME):
                connection.execute(again, rows[start : start + _SOME])

    def devices(self, change_id: int) -> Sequence[Any]:
        """Return the devices of a change without their plans, with name and site."""
        with self.database.read() as connection:
            return change_devices(connection, change_id)

    def plans(
        self, change_id: int, device_ids: Sequence[int] | None = None, limit: int | None = None
    ) -> Sequence[Any]:
        """Return device and plan, of all devices that have one or of some."""
        devices = FLEET_CHANGE_DEVICE.c
        asked = select(devices.device_id, devices.plan).where(
            devices.change_id == change_id, devices.plan.is_not(None)
        )
        if device_ids is not None:
            asked = asked.where(devices.device_id.in_(list(device_ids)))
        with self.database.read() as connection:
            return connection.execute(asked.order_by(devices.device_id).limit(limit)).all()

    def records(self, change_id: int, device_id: int, *, undoing: bool) -> list[dict[str, Any]]:
        """Return what is on record of one device of a change, in order: of its latest turn."""
        record = FLEET_CHANGE_RECORD.c
        asked = select(record.row).where(
            record.change_id == change_id,
            record.device_id == device_id,
            record.undoing == undoing,
        )
        with self.database.read() as connection:
            rows = [dict(row) for row in connection.scalars(asked.order_by(record.id))]
        turns = [number for number, row in enumerate(rows, 1) if row.get("what") == AGAIN]
        return rows[turns[-1] :] if turns else rows

    def attempt(self, change_id: int, device_id: int) -> int:
        """Return the number of a device's latest turn in a change, from 1."""
        devices = FLEET_CHANGE_DEVICE.c
        asked = select(devices.attempt).where(
            devices.change_id == change_id, devices.device_id == device_id
        )
        with self.database.read() as connection:
            return max(int(connection.scalar(asked) or 1), 1)

    def seen(self, change_id: int, device_ids: Sequence[int]) -> dict[int, dict[str, Any]]:
        """Return what the network showed of devices before their wave, where it was asked."""
        devices = FLEET_CHANGE_DEVICE.c
        asked = select(devices.device_id, devices.seen).where(
            devices.change_id == change_id, devices.device_id.in_(list(device_ids))
        )
        with self.database.read() as connection:
            return {row.device_id: row.seen or {} for row in connection.execute(asked)}

    def done_to(self, device_id: int, since: datetime) -> Sequence[Any]:
        """Return every record of a device since a moment: number of the change, and row."""
        record = FLEET_CHANGE_RECORD.c
        asked = select(record.change_id, record.row).where(
            record.device_id == device_id, record.at >= since
        )
        with self.database.read() as connection:
            return connection.execute(asked.order_by(record.id)).all()

    def of_device(self, device_id: int, limit: int = 20) -> Sequence[Any]:
        """Return the newest changes that a device was part of, and how it ended there."""
        devices = FLEET_CHANGE_DEVICE.c
        asked = (
            select(FLEET_CHANGE.c.id, FLEET_CHANGE.c.title, devices.step, devices.outcome)
            .add_columns(devices.why, devices.at, FLEET_CHANGE.c.made, FLEET_CHANGE.c.sites)
            .join(FLEET_CHANGE_DEVICE, devices.change_id == FLEET_CHANGE.c.id)
            .where(devices.device_id == device_id, devices.wave >= 0)
            .order_by(FLEET_CHANGE.c.id.desc())
        )
        with self.database.read() as connection:
            return connection.execute(asked.limit(limit)).all()


def _of_change(change_id: int) -> Select[Any]:
    devices = FLEET_CHANGE_DEVICE.c
    columns = [column for column in devices if column.name not in _APART]
    looked = devices.seen.is_not(None).label("looked")
    return (
        select(*columns, looked, DEVICE.c.name, DEVICE.c.site_id, SITE.c.name.label("site"))
        .join(DEVICE, DEVICE.c.id == devices.device_id)
        .join(SITE, SITE.c.id == DEVICE.c.site_id)
        .where(devices.change_id == change_id)
        .order_by(devices.wave, devices.device_id)
    )


def change_devices(connection: Connection, change_id: int) -> Sequence[Any]:
    """Return the devices of a change without their plans, within a transaction.

    `looked` says that the network was asked about one before its wave.
    """
    return connection.execute(_of_change(change_id)).all()


def find_change(connection: Connection, change_id: int, *, lock: bool = False) -> Any | None:
    """Return a change's row within a transaction; `lock` keeps all others from changing it."""
    asked = select(FLEET_CHANGE).where(FLEET_CHANGE.c.id == change_id)
    return connection.execute(asked.with_for_update() if lock else asked).one_or_none()


def add_change(connection: Connection, values: Mapping[str, Any]) -> int:
    """Keep a new change within a transaction and return its number."""
    made = insert(FLEET_CHANGE).values(dict(values)).returning(FLEET_CHANGE.c.id)
    return int(connection.execute(made).scalar_one())


def put_change(connection: Connection, change_id: int, values: Mapping[str, Any]) -> None:
    """Change columns of a change within a transaction."""
    asked = update(FLEET_CHANGE).where(FLEET_CHANGE.c.id == change_id)
    connection.execute(asked.values(dict(values)))


def begin_again(
    connection: Connection, change_id: int, device_id: int, attempt: int, now: datetime
) -> None:
    """Give a device another turn within a transaction; what is on record of it stays there."""
    values = {"step": "waiting", "attempt": attempt, "outcome": "", "why": "", "health": ""}
    put_device(connection, change_id, device_id, {**values, "seen": None})
    row = {"what": AGAIN, "attempt": attempt}
    connection.execute(
        insert(FLEET_CHANGE_RECORD).values(
            change_id=change_id, device_id=device_id, undoing=False, at=now, row=row
        )
    )


def put_device(
    connection: Connection, change_id: int, device_id: int, values: Mapping[str, Any]
) -> None:
    """Change columns of a device of a change within a transaction."""
    devices = FLEET_CHANGE_DEVICE.c
    asked = update(FLEET_CHANGE_DEVICE).where(
        devices.change_id == change_id, devices.device_id == device_id
    )
    connection.execute(asked.values(dict(values)))


@dataclass(frozen=True, slots=True)
class StoredRows:
    """One device's part of the record (`drivers.record.Keeps`), written under a lease.

    Who has lost the lease writes nothing more here, and so nothing more to the device.
    """

    database: Database
    change_id: int
    device_id: int
    undoing: bool
    lease: str
    fence: int

    def append(self, *rows: Row) -> None:
        """Keep rows; they are on disk when it returns. Raises `LedgerFault`."""
        try:
            with self.database.write() as connection:
                held = select(LEASE.c.fence).where(LEASE.c.name == self.lease)
                if connection.scalar(held.with_for_update()) != self.fence:
                    raise LedgerFault(f"{self.lease} was taken over by another worker")
                now = clock(connection)
                connection.execute(
                    insert(FLEET_CHANGE_RECORD),
                    [
                        {
                            "change_id": self.change_id,
                            "device_id": self.device_id,
                            "undoing": self.undoing,
                            "at": now,
                            "row": row,
                        }
                        for row in rows
                    ],
                )
        except StoreFault as fault:
            raise LedgerFault(f"the record cannot be written: {fault}") from fault
