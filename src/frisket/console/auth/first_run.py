"""The first account: made over a link that the server prints, works once and soon dies."""

from __future__ import annotations

from datetime import datetime, timedelta
from secrets import token_urlsafe

from sqlalchemy import func, select

from frisket.errors import UsageError
from frisket.fleet.chain import Act
from frisket.fleet.log import AuditLog
from frisket.fleet.roles import Role
from frisket.store.accounts import Account, Fresh, GrantRow, add_account, read_account
from frisket.store.database import Database
from frisket.store.onetime import OneTime, forget, keep, look, take
from frisket.store.tables.account import ACCOUNT

PURPOSE = "first-run"
# One person alone wears both hats: dangerous acts then wait, and ask for a login (`approval`).
_BOTH = (
    GrantRow(Role.ADMINISTRATOR, None),
    GrantRow(Role.SECURITY_ADMINISTRATOR, None),
)


def new_link(database: Database, now: datetime, life: timedelta) -> str | None:
    """Return a secret for the first-run link; older ones die. None once there are accounts."""
    secret = token_urlsafe(24)
    with database.write() as connection:
        forget(connection, PURPOSE)
        if connection.scalar(select(func.count()).select_from(ACCOUNT)):
            return None
        keep(connection, secret, OneTime(PURPOSE, None, {}), now + life, now)
    return secret


def is_open(database: Database, secret: str, now: datetime) -> bool:
    """Say whether a first-run link still works."""
    with database.read() as connection:
        return look(connection, secret, PURPOSE, now) is not None


def make_first(
    database: Database, log: AuditLog, secret: str, fresh: Fresh, now: datetime
) -> Account:
    """Make the first account, with both administrators' roles; the link dies with it.

    Account, log entry and dead link are kept together or not at all. Raises `UsageError`.
    """
    with database.write() as connection:
        if take(connection, secret, PURPOSE, now) is None:
            raise UsageError("this link is over", hint="start `frisket serve` again for a new one")
        if connection.scalar(select(func.count()).select_from(ACCOUNT)):
            raise UsageError("there is an account already")
        made = add_account(connection, fresh, _BOTH, "first-run", now)
        account = read_account(connection, ACCOUNT.c.id == made)
        if account is None:
            raise UsageError("the account was not kept")
        roles = {"roles": [grant.role for grant in account.grants]}
        log.record_within(connection, Act(account.name, "first-run", account.name, "done", roles))
        return account
