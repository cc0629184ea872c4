"""Accounts and their role grants, as rows; what they mean is decided above (`fleet.roles`)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from frisket.errors import FrisketError
from frisket.store.database import Database
from frisket.store.tables.account import ACCOUNT, API_TOKEN, CONSOLE_SESSION, PASSKEY, ROLE_GRANT


class NameTaken(FrisketError):
    """Another account has this name."""


@dataclass(frozen=True, slots=True)
class GrantRow:
    """A role's name, everywhere (`site` is None) or at one site."""

    role: str
    site: int | None


@dataclass(frozen=True, slots=True)
class Account:
    """One account with its grants. `password` is an argon2 hash, `totp` sealed; or empty."""

    id: int
    name: str
    shown: str
    mail: str
    password: str
    password_changed: datetime | None
    totp: str
    totp_offered: str
    totp_step: int
    issuer: str | None
    subject: str | None
    theme: str
    zone: str
    language: str
    shortcuts: bool
    created: datetime
    elevated: datetime
    disabled: datetime | None
    grants: tuple[GrantRow, ...] = ()


@dataclass(frozen=True, slots=True)
class Fresh:
    """An account to be made. `password` is its hash."""

    name: str
    shown: str = ""
    mail: str = ""
    password: str = ""
    issuer: str | None = None
    subject: str | None = None


def account_name(text: str) -> str:
    """Return the form of a name that is compared and stored."""
    return text.strip().casefold()


def add_account(
    connection: Connection, fresh: Fresh, grants: Iterable[GrantRow], by: str, now: datetime
) -> int:
    """Add an account within a transaction; returns its id. Raises `NameTaken`."""
    name = account_name(fresh.name)
    if connection.scalar(select(ACCOUNT.c.id).where(ACCOUNT.c.name == name)) is not None:
        raise NameTaken(f"the name {name} is taken")
    row = {
        "name": name,
        "shown": fresh.shown,
        "mail": fresh.mail,
        "password": fresh.password,
        "password_changed": now if fresh.password else None,
        "issuer": fresh.issuer,
        "subject": fresh.subject,
        "created": now,
        "elevated": now,
    }
    made = connection.execute(insert(ACCOUNT).values(row).returning(ACCOUNT.c.id)).scalar_one()
    put_grants(connection, made, grants, by, now)
    return int(made)


def put_grants(
    connection: Connection, account: int, grants: Iterable[GrantRow], by: str, now: datetime
) -> None:
    """Let an account have these grants and no others, within a transaction."""
    connection.execute(delete(ROLE_GRANT).where(ROLE_GRANT.c.account_id == account))
    rows = [
        {"account_id": account, "role": g.role, "site_id": g.site, "granted": now, "granted_by": by}
        for g in dict.fromkeys(grants)
    ]
    if rows:
        connection.execute(insert(ROLE_GRANT), rows)


class AccountStore:
    """The accounts of one database. Every method raises `StoreFault` where it fails."""

    __slots__ = ("_database",)

    def __init__(self, database: Database) -> None:
        self._database = database

    def count(self) -> int:
        """Return how many accounts there are."""
        with self._database.read() as connection:
            return int(connection.scalar(select(func.count()).select_from(ACCOUNT)) or 0)

    def by_id(self, account: int) -> Account | None:
        """Return an account, or None."""
        return self._one(ACCOUNT.c.id == account)

    def by_name(self, name: str) -> Account | None:
        """Return the account of this name in any case, or None."""
        return self._one(ACCOUNT.c.name == account_name(name))

    def by_subject(self, issuer: str, subject: str) -> Account | None:
        """Return the account that an identity provider knows as `subject`, or None."""
        return self._one((ACCOUNT.c.issuer == issuer) & (ACCOUNT.c.subject == subject))

    def everyone(self) -> tuple[Account, ...]:
        """Return all accounts by name."""
        with self._database.read() as connection:
            rows = connection.execute(select(ACCOUNT).order_by(ACCOUNT.c.name)).mappings().all()
            grants: dict[int, list[GrantRow]] = {}
            for row in connection.execute(select(ROLE_GRANT).order_by(ROLE_GRANT.c.id)):
                grants.setdefault(row.account_id, []).append(GrantRow(row.role, row.site_id))
        return tuple(_account(row, grants.get(row["id"], ())) for row in rows)

    def _one(self, condition: Any) -> Account | None:
        with self._database.read() as connection:
            return read_account(connection, condition)

    def change(self, account: int, **fields: object) -> None:
        """Set columns of an account by their names."""
        with self._database.write() as connection:
            connection.execute(update(ACCOUNT).where(ACCOUNT.c.id == account).values(**fields))

    def use_totp_step(self, account: int, step: int) -> bool:
        """Take a code's time step for used; says no where it or a later one was used before."""
        with self._database.write() as connection:
            done = connection.execute(
                update(ACCOUNT)
                .where(ACCOUNT.c.id == account, ACCOUNT.c.totp_step < step)
                .values(totp_step=step)
            )
            return done.rowcount == 1

    def disable(self, account: int, now: datetime | None) -> None:
        """Shut an account out at once, sessions included; None lets it in again."""
        with self._database.write() as connection:
            connection.execute(update(ACCOUNT).where(ACCOUNT.c.id == account).values(disabled=now))
            if now is not None:
                gone = delete(CONSOLE_SESSION).where(CONSOLE_SESSION.c.account_id == account)
                connection.execute(gone)

    def forget_ways_in(self, account: int, now: datetime) -> None:
        """Forget an account's passkeys, tokens and sessions; it counts as raised from now on."""
        with self._database.write() as connection:
            for table in (PASSKEY, API_TOKEN, CONSOLE_SESSION):
                connection.execute(delete(table).where(table.c.account_id == account))
            later = update(ACCOUNT).where(ACCOUNT.c.id == account)
            connection.execute(later.values(elevated=now))


def read_account(connection: Connection, condition: Any) -> Account | None:
    """Return the account that fits, within a transaction, or None."""
    row = connection.execute(select(ACCOUNT).where(condition)).mappings().first()
    if row is None:
        return None
    having = select(ROLE_GRANT).where(ROLE_GRANT.c.account_id == row["id"])
    grants = connection.execute(having.order_by(ROLE_GRANT.c.id))
    return _account(row, [GrantRow(grant.role, grant.site_id) for grant in grants])


def _account(row: Mapping[Any, Any], grants: Iterable[GrantRow]) -> Account:
    return Account(**{str(name): value for name, value in row.items()}, grants=tuple(grants))
