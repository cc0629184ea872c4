"""Proposals in use: `approval` decides, the store keeps, the log tells, in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from frisket.errors import FrisketError
from frisket.fleet import approval
from frisket.fleet.approval import Decider, NotAllowed, Proposal, State
from frisket.fleet.chain import Act
from frisket.fleet.log import AuditLog
from frisket.store.database import Database
from frisket.store.proposals import (
    ProposalRow,
    add_proposal,
    find_proposal,
    move_proposal,
)


class NoSuchProposal(FrisketError):
    """There is no such proposal."""


def proposal_of(row: ProposalRow) -> Proposal:
    """Return what the rules see of a stored proposal."""
    return Proposal(
        digest=row.digest,
        proposer=row.proposer,
        proposed=row.proposed,
        expires=row.expires,
        state=State(row.state),
        decider=row.decider,
        decided=row.decided,
        ready=row.ready,
    )


Change = Callable[[Proposal], Proposal]


@dataclass(frozen=True, slots=True)
class Proposals:
    """Everything that waits for a second person. Each method raises `NotAllowed`, `LogFault`."""

    database: Database
    log: AuditLog
    clock: Callable[[], datetime]

    def propose(self, kind: str, title: str, body: Mapping[str, Any], by: int, name: str) -> int:
        """Keep a proposal of an account; returns its number."""
        now = self.clock()
        made = approval.propose(approval.digest_of(kind, body), by, now)
        with self.database.write() as connection:
            number = add_proposal(
                connection,
                kind,
                title,
                dict(body),
                made.digest,
                proposer=by,
                proposed=now,
                expires=made.expires,
            )
            self._tell(connection, name, "propose", number, title, made.digest)
        return number

    def approve(self, number: int, seen: str, by: Decider, name: str) -> ProposalRow:
        """Approve what was seen."""
        now = self.clock()
        return self._move(number, name, "approve", lambda p: approval.approve(p, seen, by, now))

    def confirm(
        self, number: int, seen: str, by: Decider, others: Iterable[Decider], name: str
    ) -> ProposalRow:
        """Go on alone, where there is nobody else: it is ready after the delay."""
        now = self.clock()
        return self._move(
            number, name, "confirm-alone", lambda p: approval.confirm(p, seen, by, others, now)
        )

    def reject(self, number: int, by: Decider, name: str, reason: str) -> ProposalRow:
        """Turn it down."""
        now = self.clock()
        return self._move(
            number, name, "reject", lambda p: approval.reject(p, by, now), reason=reason[:1000]
        )

    def withdraw(self, number: int, by: int, name: str) -> ProposalRow:
        """Take it back."""
        now = self.clock()
        return self._move(number, name, "withdraw", lambda p: approval.withdraw(p, by, now))

    def take(
        self,
        number: int,
        kind: str,
        name: str,
        act: Callable[[Connection, ProposalRow], None],
    ) -> ProposalRow:
        """Use an approval up, once, for what its content says: `act` runs in the transaction."""
        now = self.clock()
        with self.database.write() as connection:
            row = self._find(connection, number)
            if row.kind != kind:
                raise NotAllowed("this approval is for something else")
            digest = approval.digest_of(row.kind, row.body)
            moved = approval.take(proposal_of(row), digest, now)
            self._put(connection, row, moved, {})
            self._tell(connection, name, "carry-out", number, row.title, row.digest)
            act(connection, row)
        return row

    def void(self, connection: Connection, number: int, name: str, reason: str) -> None:
        """End a proposal within a transaction: what it was for is something else now."""
        row = self._find(connection, number)
        moved = approval.void(proposal_of(row), self.clock())
        if moved is not None:
            self._put(connection, row, moved, {"reason": reason})
            self._tell(connection, name, "void", number, row.title, row.digest)

    def _find(self, connection: Connection, number: int) -> ProposalRow:
        row = find_proposal(connection, number)
        if row is None:
            raise NoSuchProposal
        return row

    def _move(
        self, number: int, name: str, word: str, change: Change, **more: object
    ) -> ProposalRow:
        with self.database.write() as connection:
            row = self._find(connection, number)
            self._put(connection, row, change(proposal_of(row)), more)
            self._tell(connection, name, word, number, row.title, row.digest)
            return self._find(connection, number)

    def _put(
        self,
        connection: Connection,
        row: ProposalRow,
        moved: Proposal,
        more: Mapping[str, object],
    ) -> None:
        done = move_proposal(
            connection,
            row,
            state=moved.state.value,
            decider_id=moved.decider,
            decided=moved.decided,
            ready=moved.ready,
            **more,
        )
        if not done:
            raise NotAllowed("somebody else was faster", hint="look at it again")

    def _tell(self, connection: Connection, name: str, word: str, number: int, *what: str) -> None:
        details = dict(zip(("title", "digest"), what, strict=True))
        act = Act(name, f"proposal.{word}", f"proposal {number}", "done", details)
        self.log.record_within(connection, act)
