"""Tokens for programs: `frk_` and 256 random bits, of which only a digest is stored."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from secrets import token_urlsafe
from typing import Final

from sqlalchemy import delete, insert, select, update

from frisket.console.auth.who import Who, grants_of
from frisket.errors import UsageError
from frisket.fleet.roles import Permission, narrowed
from frisket.store.accounts import Account, AccountStore
from frisket.store.database import Database
from frisket.store.onetime import digest
from frisket.store.tables.account import API_TOKEN

PREFIX: Final = "frk_"
_USED_EVERY: Final = timedelta(minutes=5)
_AHEAD: Final = timedelta(hours=1)  # that clocks may differ by


@dataclass(frozen=True, slots=True)
class Token:
    """A token as its owner sees it: never the secret, only how it begins."""

    id: int
    account: int
    name: str
    prefix: str
    scopes: tuple[str, ...]
    created: datetime
    expires: datetime
    used: datetime | None


def make_token(
    database: Database,
    account: Account,
    name: str,
    scopes: Iterable[Permission],
    *,
    now: datetime,
    life: timedelta,
) -> str:
    """Make a token and return its secret, which is shown once. Raises `UsageError`."""
    wanted = frozenset(scopes)
    usable = narrowed(grants_of(account.grants), wanted)
    if not name.strip() or not wanted:
        raise UsageError("a token needs a name and at least one scope")
    if usable != wanted:
        lacking = ", ".join(sorted(wanted - usable))
        raise UsageError(f"a token of yours cannot have: {lacking}")
    secret = PREFIX + token_urlsafe(32)
    row = {
        "account_id": account.id,
        "name": name.strip()[:100],
        "prefix": secret[: len(PREFIX) + 6],
        "digest": digest(secret),
        "scopes": sorted(wanted),
        "created": now,
        "expires": now + life,
    }
    with database.write() as connection:
        connection.execute(insert(API_TOKEN).values(row))
    return secret


def tokens_of(database: Database, account: int | None = None) -> tuple[Token, ...]:
    """Return the tokens of an account, or of all, the newest first."""
    asked = select(API_TOKEN).order_by(API_TOKEN.c.created.desc())
    if account is not None:
        asked = asked.where(API_TOKEN.c.account_id == account)
    with database.read() as connection:
        rows = connection.execute(asked).all()
    return tuple(
        Token(
            id=row.id,
            account=row.account_id,
            name=row.name,
            prefix=row.prefix,
            scopes=tuple(row.scopes),
            created=row.created,
            expires=row.expires,
            used=row.used,
        )
        for row in rows
    )


def revoke_token(database: Database, token: int, account: int | None = None) -> bool:
    """End a token at once (of one account, where given); says whether there was one."""
    condition = API_TOKEN.c.id == token
    if account is not None:
        condition &= API_TOKEN.c.account_id == account
    with database.write() as connection:
        return connection.execute(delete(API_TOKEN).where(condition)).rowcount == 1


def who_has(database: Database, accounts: AccountStore, secret: str, now: datetime) -> Who | None:
    """Return who a token stands for, within its scopes; None for one that is over or unknown."""
    if not secret.startswith(PREFIX) or len(secret) > 100:
        return None
    with database.read() as connection:
        wanted = select(API_TOKEN).where(API_TOKEN.c.digest == digest(secret))
        row = connection.execute(wanted).first()
    # One of the future was made by a clock that has been set back since: its end is as wrong.
    if row is None or row.expires <= now or row.created > now + _AHEAD:
        return None
    account = accounts.by_id(row.account_id)
    if account is None or account.disabled is not None:
        return None
    if row.used is None or now - row.used >= _USED_EVERY:
        with database.write() as connection:
            used = update(API_TOKEN).where(API_TOKEN.c.id == row.id).values(used=now)
            connection.execute(used)
    known = {permission.value: permission for permission in Permission}
    scopes = frozenset(known[name] for name in row.scopes if name in known)
    grants = grants_of(account.grants)
    return Who(account, grants, None, narrowed(grants, scopes))
