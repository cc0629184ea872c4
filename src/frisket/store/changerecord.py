"""What is kept of one change, read for its record: who decided, what was done, what was logged."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import or_, select

from frisket.store.database import Database
from frisket.store.proposals import ProposalRow, proposals_named
from frisket.store.tables.change import FLEET_CHANGE_RECORD
from frisket.store.tables.log import LOG_ENTRY

_PAGE: Final = 500


@dataclass(frozen=True, slots=True)
class LoggedEntry:
    """An entry of the audit log: `digest` is of `previous`, a line feed, and `body`."""

    number: int
    at: datetime
    actor: str
    action: str
    about: str
    outcome: str
    body: str
    previous: str
    digest: str


@dataclass(frozen=True, slots=True)
class KeptChange:
    """Everything that is kept of a change but for its rows and plans. Raises `StoreFault`."""

    database: Database
    change_id: int

    def proposals(self) -> Sequence[ProposalRow]:
        """Return the proposals to make it, the oldest first."""
        found = proposals_named(self.database, "change", f"Change {self.change_id}: ")
        return [row for row in found if row.body.get("change") == self.change_id]

    def records(self, device_ids: Sequence[int]) -> Iterator[Any]:
        """Yield what is on record of some devices: device, `undoing`, `at`, `row`; in order."""
        record = FLEET_CHANGE_RECORD.c
        asked = select(record.device_id, record.undoing, record.at, record.row).where(
            record.change_id == self.change_id, record.device_id.in_(list(device_ids))
        )
        with self.database.read() as connection:
            yield from connection.execute(asked.order_by(record.device_id, record.id)).all()

    def log(self, proposals: Sequence[int]) -> Iterator[LoggedEntry]:
        """Yield the log's entries about it and about proposals to make it, the oldest first."""
        about, name = LOG_ENTRY.c.about, f"change {self.change_id}"
        mine = or_(
            about == name,
            about.startswith(f"{name}, ", autoescape=True),
            about.in_([f"proposal {number}" for number in proposals]),
        )
        action = LOG_ENTRY.c.action
        decided = or_(action.startswith("change."), action.startswith("proposal."))
        last = 0
        while True:
            asked = select(LOG_ENTRY).where(mine, decided, LOG_ENTRY.c.number > last)
            with self.database.read() as connection:
                rows = connection.execute(asked.order_by(LOG_ENTRY.c.number).limit(_PAGE)).all()
                before = [row.number - 1 for row in rows]
                digests = select(LOG_ENTRY.c.number, LOG_ENTRY.c.digest)
                known = connection.execute(digests.where(LOG_ENTRY.c.number.in_(before)))
                previous = {row.number: row.digest for row in known}
            for row in rows:
                digest = previous.get(row.number - 1, "0" * 64)
                head = (row.number, row.at, row.actor, row.action, row.about, row.outcome)
                yield LoggedEntry(*head, row.body, digest, row.digest)
            if len(rows) < _PAGE:
                return
            last = rows[-1].number
