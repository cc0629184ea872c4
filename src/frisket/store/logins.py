"""Sealed logins to devices and the public keys they are sealed for; nothing here opens one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, desc, select, update

from frisket.drivers.base import Pin
from frisket.store.database import Database
from frisket.store.tables.change import DEVICE_LOGIN, DEVICE_PIN, WRAPPING_KEY


@dataclass(frozen=True, slots=True)
class StoredLogin:
    """One sealed login. `scope` is "" (everywhere), `site:ID` or `group:NAME`."""

    scope: str
    ways: tuple[str, ...]
    wrapped_for: str
    data_key: bytes
    sealed: bytes
    changed: datetime
    changed_by: str


@dataclass(frozen=True, slots=True)
class StoredLogins:
    """The repository of logins and of who was met."""

    database: Database

    def public_key(self) -> bytes | None:
        """Return the newest public key, None before the crew has made one."""
        asked = select(WRAPPING_KEY.c.public).order_by(desc(WRAPPING_KEY.c.made)).limit(1)
        with self.database.read() as connection:
            found: bytes | None = connection.scalar(asked)
            return found

    def add_key(self, name: str, public: bytes, now: datetime) -> None:
        """Keep a public key, where it is new."""
        row = self.database.insert(WRAPPING_KEY).values(id=name, public=public, made=now)
        with self.database.write() as connection:
            connection.execute(row.on_conflict_do_nothing(index_elements=["id"]))

    def put(self, login: StoredLogin) -> None:
        """Keep a login in the place of the one of the same scope."""
        values = {name: getattr(login, name) for name in StoredLogin.__slots__}
        values["ways"] = list(login.ways)
        row = self.database.insert(DEVICE_LOGIN).values(values)
        with self.database.write() as connection:
            connection.execute(row.on_conflict_do_update(index_elements=["scope"], set_=values))

    def drop(self, scope: str) -> None:
        """Forget a login."""
        with self.database.write() as connection:
            connection.execute(delete(DEVICE_LOGIN).where(DEVICE_LOGIN.c.scope == scope))

    def all(self) -> Sequence[StoredLogin]:
        """Return every login, sealed."""
        with self.database.read() as connection:
            rows = connection.execute(select(DEVICE_LOGIN).order_by(DEVICE_LOGIN.c.scope))
            return [_login(row) for row in rows]

    def rewrap(self, change: Callable[[StoredLogin], Mapping[str, Any]]) -> int:
        """Give every login what `change` returns, all or none; returns how many."""
        with self.database.write() as connection:
            rows = connection.execute(select(DEVICE_LOGIN).with_for_update()).all()
            for row in rows:
                values = dict(change(_login(row)))
                asked = update(DEVICE_LOGIN).where(DEVICE_LOGIN.c.id == row.id)
                connection.execute(asked.values(values))
            return len(rows)

    def pins(self, device_ids: Sequence[int]) -> dict[int, Pin]:
        """Return who was met as each device."""
        asked = select(DEVICE_PIN).where(DEVICE_PIN.c.device_id.in_(list(device_ids)))
        with self.database.read() as connection:
            return {
                row.device_id: Pin(row.engine, row.serial, row.tls, row.uuid)
                for row in connection.execute(asked)
            }

    def pin(self, device_id: int, pin: Pin, now: datetime) -> None:
        """Keep who was met as a device."""
        values = {"engine": pin.engine, "serial": pin.serial, "tls": pin.tls, "uuid": pin.uuid}
        row = self.database.insert(DEVICE_PIN).values(device_id=device_id, at=now, **values)
        with self.database.write() as connection:
            connection.execute(
                row.on_conflict_do_update(index_elements=["device_id"], set_={**values, "at": now})
            )


def _login(row: Any) -> StoredLogin:
    return StoredLogin(
        row.scope,
        tuple(row.ways),
        row.wrapped_for,
        row.data_key,
        row.sealed,
        row.changed,
        row.changed_by,
    )
