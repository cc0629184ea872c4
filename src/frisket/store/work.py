"""Signs of life, leases with a fence, and the ledger of actions on devices.

Times are the database's own: workers on several machines need not agree on the time of day.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Connection, Select, delete, func, select, update

from frisket.errors import FrisketError
from frisket.store.database import Database
from frisket.store.tables.work import ACTION, LEASE, WORKER

_SKEW: Final = timedelta(minutes=1)  # between what two transactions take for now
_LONGEST: Final = timedelta(hours=1)


class Fenced(FrisketError):
    """Somebody else has taken this device over; nothing was written."""


class ActionState(StrEnum):
    """How an action stands. An `intended` one may have happened: look before doing it again."""

    INTENDED = "intended"
    DONE = "done"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Action:
    """One action as the ledger has it."""

    key: str
    subject: str
    fence: int
    state: ActionState
    detail: str
    at: datetime


def clock(connection: Connection) -> datetime:
    """Return the database's time."""
    if connection.dialect.name == "sqlite":
        text = connection.exec_driver_sql(
            "SELECT strftime('%Y-%m-%dT%H:%M:%f', 'now')"
        ).scalar_one()
        return datetime.fromisoformat(f"{text}+00:00")
    found: datetime = connection.exec_driver_sql("SELECT clock_timestamp()").scalar_one()
    return found.astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Work:
    """The repository of work under way."""

    database: Database

    def beat(self, executor: str) -> None:
        """Say that this process lives."""
        with self.database.write() as connection:
            now = clock(connection)
            # Marks of the future are from before the clock was set back: whoever left them and
            # lives beats again soon, and whoever does not must not count as living until then.
            ahead = update(WORKER).where(WORKER.c.seen > now + _SKEW)
            connection.execute(ahead.values(seen=now))
            row = self.database.insert(WORKER).values(name=executor, seen=now)
            connection.execute(
                row.on_conflict_do_update(index_elements=["name"], set_={"seen": now})
            )

    def silent(self, seconds: float) -> Sequence[str]:
        """Return the processes that have said nothing for so long."""
        with self.database.read() as connection:
            limit = clock(connection) - timedelta(seconds=seconds)
            found = connection.scalars(select(WORKER.c.name).where(WORKER.c.seen < limit))
            return sorted(found)

    def workers(self) -> Sequence[tuple[str, datetime]]:
        """Return every process known and when it last gave a sign of life."""
        with self.database.read() as connection:
            rows = connection.execute(select(WORKER.c.name, WORKER.c.seen).order_by(WORKER.c.name))
            return [(row.name, row.seen) for row in rows]

    def forget(self, executor: str) -> None:
        """Strike a process off."""
        with self.database.write() as connection:
            connection.execute(delete(WORKER).where(WORKER.c.name == executor))

    def take_lease(self, name: str, holder: str, seconds: float) -> int | None:
        """Return the fence of a lease that is now held; None where another holds it.

        With SQLite the holder of a lease gets it again, with a new fence: there is one process, and
        who asks again has started anew. With PostgreSQL it does not: a worker that stood still
        meets its own work again, re-queued, and would act beside itself. An hour is the longest.
        """
        seconds = min(seconds, _LONGEST.total_seconds())
        with self.database.write() as connection:
            now = clock(connection)
            until = now + timedelta(seconds=seconds)
            row = self.database.insert(LEASE).values(name=name, holder=holder, fence=1, until=until)
            # No lease is given for longer: the clock was set back since.
            free = (LEASE.c.until <= now) | (LEASE.c.until > now + _LONGEST)
            if self.database.is_sqlite:
                free |= LEASE.c.holder == holder
            taken = row.on_conflict_do_update(
                index_elements=["name"],
                set_={"holder": holder, "fence": LEASE.c.fence + 1, "until": until},
                where=free,
            ).returning(LEASE.c.fence)
            fence: int | None = connection.scalar(taken)
            return fence

    def keep_lease(self, name: str, fence: int, seconds: float) -> bool:
        """Say whether the lease of this fence is still held, and prolong it."""
        with self.database.write() as connection:
            until = clock(connection) + min(timedelta(seconds=seconds), _LONGEST)
            mine = update(LEASE).where(LEASE.c.name == name, LEASE.c.fence == fence)
            return connection.execute(mine.values(until=until)).rowcount == 1

    def give_back(self, name: str, fence: int) -> None:
        """End a lease; the row stays, for its fence must go on rising."""
        with self.database.write() as connection:
            now = clock(connection)
            mine = update(LEASE).where(LEASE.c.name == name, LEASE.c.fence == fence)
            connection.execute(mine.values(until=now, holder=""))

    def intend(self, key: str, subject: str, fence: int, detail: str = "") -> Action | None:
        """Write down that an action is about to be done, under the lease `subject`.

        Returns None the first time; else what the ledger has, for whoever asks again must look
        before acting. Raises `Fenced` where the lease is no longer this one.
        """
        with self.database.write() as connection:
            self._check_fence(connection, subject, fence)
            values = {
                "key": key,
                "subject": subject,
                "fence": fence,
                "state": ActionState.INTENDED.value,
                "detail": detail[:4000],
                "at": clock(connection),
            }
            row = self.database.insert(ACTION).values(values)
            new = row.on_conflict_do_nothing(index_elements=["key"]).returning(ACTION.c.id)
            # Not by the row count: PostgreSQL's driver counts a repeated insert too.
            return None if connection.scalar(new) is not None else _one(connection, key)

    def settle(self, key: str, fence: int, state: ActionState, detail: str = "") -> None:
        """Write down how an action ended. Raises `Fenced` where a later holder took it over."""
        with self.database.write() as connection:
            mine = update(ACTION).where(ACTION.c.key == key, ACTION.c.fence <= fence)
            values = {"state": state.value, "detail": detail[:4000], "fence": fence}
            if connection.execute(mine.values(values)).rowcount != 1:
                raise Fenced(f"{key} is no longer ours")

    def action(self, key: str) -> Action | None:
        """Return an action, None where there is none."""
        with self.database.read() as connection:
            return _one(connection, key)

    def actions(self, subject: str, limit: int = 100) -> Sequence[Action]:
        """Return the newest actions on one subject."""
        asked = _actions().where(ACTION.c.subject == subject).order_by(ACTION.c.id.desc())
        with self.database.read() as connection:
            return [_action(row) for row in connection.execute(asked.limit(limit))]

    def count(self, state: ActionState) -> int:
        """Return how many actions stand so."""
        asked = select(func.count()).select_from(ACTION).where(ACTION.c.state == state.value)
        with self.database.read() as connection:
            return int(connection.scalar(asked) or 0)

    def _check_fence(self, connection: Connection, name: str, fence: int) -> None:
        held = connection.scalar(select(LEASE.c.fence).where(LEASE.c.name == name))
        if held != fence:
            raise Fenced(f"the lease on {name} was taken over (fence {held}, ours {fence})")


def _actions() -> Select[Any]:
    columns = (ACTION.c.key, ACTION.c.subject, ACTION.c.fence, ACTION.c.state, ACTION.c.detail)
    return select(*columns, ACTION.c.at)


def _one(connection: Connection, key: str) -> Action | None:
    row = connection.execute(_actions().where(ACTION.c.key == key)).one_or_none()
    return _action(row) if row is not None else None


def _action(row: Any) -> Action:
    return Action(row.key, row.subject, row.fence, ActionState(row.state), row.detail, row.at)
