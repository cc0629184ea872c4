"""Logins that are under way or open, and the failed ones."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, insert, select, update

from frisket.store.database import Database
from frisket.store.onetime import digest
from frisket.store.tables.account import CONSOLE_SESSION, LOGIN_FAILURE

_SEEN_EVERY: Final = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Session:
    """One login. `id` is a digest; `stage` is `second` while a code is owed, else `full`.

    `proved` is when the person last showed who they are.
    """

    id: str
    account: int
    stage: str
    method: str
    created: datetime
    seen: datetime
    proved: datetime
    address: str
    agent: str


class SessionStore:
    """The sessions of one database. Every method raises `StoreFault` where it fails."""

    __slots__ = ("_database",)

    def __init__(self, database: Database) -> None:
        self._database = database

    def start(
        self,
        secret: str,
        found: Session,
        *,
        instead_of: str = "",
        over: datetime | None = None,
        most: int = 100,
    ) -> None:
        """Keep a new session under a secret, in the place of an older one; drop those over.

        Of more than `most` of an account, those end that were not used for the longest time.
        """
        row = {
            "id": digest(secret),
            "account_id": found.account,
            "stage": found.stage,
            "method": found.method,
            "created": found.created,
            "seen": found.seen,
            "proved": found.proved,
            "address": found.address[:100],
            "agent": found.agent[:300],
        }
        with self._database.write() as connection:
            if instead_of:
                gone = delete(CONSOLE_SESSION).where(CONSOLE_SESSION.c.id == instead_of)
                connection.execute(gone)
            if over is not None:
                old = delete(CONSOLE_SESSION).where(CONSOLE_SESSION.c.created < over)
                connection.execute(old)
            mine = CONSOLE_SESSION.c.account_id == found.account
            newest = (
                select(CONSOLE_SESSION.c.id).where(mine).order_by(CONSOLE_SESSION.c.seen.desc())
            )
            kept = list(connection.scalars(newest.limit(most - 1)))
            connection.execute(
                delete(CONSOLE_SESSION).where(mine, CONSOLE_SESSION.c.id.not_in(kept))
            )
            connection.execute(insert(CONSOLE_SESSION).values(row))

    def find(self, secret: str) -> Session | None:
        """Return the session that a browser's secret opens, or None."""
        with self._database.read() as connection:
            wanted = select(CONSOLE_SESSION).where(CONSOLE_SESSION.c.id == digest(secret))
            row = connection.execute(wanted).first()
        return None if row is None else _session(row)

    def of(self, account: int) -> tuple[Session, ...]:
        """Return an account's sessions, the newest first."""
        with self._database.read() as connection:
            rows = connection.execute(
                select(CONSOLE_SESSION)
                .where(CONSOLE_SESSION.c.account_id == account)
                .order_by(CONSOLE_SESSION.c.seen.desc())
            ).all()
        return tuple(_session(row) for row in rows)

    def touch(self, found: Session, now: datetime) -> None:
        """Note that a session is in use; writes at most once a minute."""
        if now - found.seen < _SEEN_EVERY:
            return
        with self._database.write() as connection:
            seen = update(CONSOLE_SESSION).where(CONSOLE_SESSION.c.id == found.id)
            connection.execute(seen.values(seen=now))

    def end(self, session: str, account: int) -> None:
        """End one session of an account."""
        with self._database.write() as connection:
            connection.execute(
                delete(CONSOLE_SESSION).where(
                    CONSOLE_SESSION.c.id == session, CONSOLE_SESSION.c.account_id == account
                )
            )

    def end_all(self, account: int, *, but: str = "") -> None:
        """End an account's sessions, all or all but one."""
        with self._database.write() as connection:
            connection.execute(
                delete(CONSOLE_SESSION).where(
                    CONSOLE_SESSION.c.account_id == account, CONSOLE_SESSION.c.id != but
                )
            )

    def failures(self, key: str) -> tuple[int, datetime | None]:
        """Return how often a login failed under a key (a name, an address), and when last."""
        with self._database.read() as connection:
            failed = select(LOGIN_FAILURE.c.count.label("failed"), LOGIN_FAILURE.c.last)
            row = connection.execute(failed.where(LOGIN_FAILURE.c.id == digest(key))).first()
        return (0, None) if row is None else (row.failed, row.last)

    def note_failure(self, key: str, now: datetime, *, forget_before: datetime) -> None:
        """Count one failed login under a key; counts that rested long enough start again."""
        insertion = self._database.insert(LOGIN_FAILURE)
        with self._database.write() as connection:
            connection.execute(delete(LOGIN_FAILURE).where(LOGIN_FAILURE.c.last < forget_before))
            connection.execute(
                insertion.values(id=digest(key), count=1, last=now).on_conflict_do_update(
                    index_elements=["id"],
                    set_={"count": LOGIN_FAILURE.c.count + 1, "last": now},
                )
            )

    def forgive(self, key: str) -> None:
        """Forget the failures under a key."""
        with self._database.write() as connection:
            connection.execute(delete(LOGIN_FAILURE).where(LOGIN_FAILURE.c.id == digest(key)))


def _session(row: object) -> Session:
    found = row._mapping  # type: ignore[attr-defined]  # noqa: SLF001 - how SQLAlchemy names it
    return Session(
        id=found["id"],
        account=found["account_id"],
        stage=found["stage"],
        method=found["method"],
        created=found["created"],
        seen=found["seen"],
        proved=found["proved"],
        address=found["address"],
        agent=found["agent"],
    )
