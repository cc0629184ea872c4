"""Things that work once: links, invitations, challenges. Only their digests are stored."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select

from frisket.store.tables.account import ONE_TIME


def digest(secret: str) -> str:
    """Return what is stored of a secret of at least 128 random bits."""
    return hashlib.sha256(secret.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class OneTime:
    """What was kept under a secret. `account` is None where it belongs to nobody yet."""

    purpose: str
    account: int | None
    body: dict[str, Any]


def keep(
    connection: Connection, secret: str, what: OneTime, expires: datetime, now: datetime
) -> None:
    """Keep something under a secret until `expires`; clears away what is over."""
    connection.execute(delete(ONE_TIME).where(ONE_TIME.c.expires <= now))
    row = {
        "digest": digest(secret),
        "purpose": what.purpose,
        "account_id": what.account,
        "body": what.body,
        "expires": expires,
    }
    connection.execute(insert(ONE_TIME).values(row))


def look(connection: Connection, secret: str, purpose: str, now: datetime) -> OneTime | None:
    """Return what is kept under a secret, without using it up; None where it is over."""
    row = connection.execute(
        select(ONE_TIME).where(
            ONE_TIME.c.digest == digest(secret),
            ONE_TIME.c.purpose == purpose,
            ONE_TIME.c.expires > now,
        )
    ).first()
    return None if row is None else OneTime(row.purpose, row.account_id, dict(row.body))


def take(connection: Connection, secret: str, purpose: str, now: datetime) -> OneTime | None:
    """Return what is kept under a secret and forget it: of two who ask, one gets it."""
    found = look(connection, secret, purpose, now)
    if found is None:
        return None
    gone = connection.execute(delete(ONE_TIME).where(ONE_TIME.c.digest == digest(secret)))
    return found if gone.rowcount == 1 else None


def forget(connection: Connection, purpose: str, account: int | None = None) -> None:
    """Forget everything of a purpose (of one account, where given)."""
    condition = ONE_TIME.c.purpose == purpose
    if account is not None:
        condition &= ONE_TIME.c.account_id == account
    connection.execute(delete(ONE_TIME).where(condition))
