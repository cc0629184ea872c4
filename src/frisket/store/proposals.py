"""Proposals that wait for a second person, with their exact content."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, desc, insert, select, update

from frisket.store.database import Database
from frisket.store.tables.account import ACCOUNT
from frisket.store.tables.proposal import PROPOSAL


@dataclass(frozen=True, slots=True)
class ProposalRow:
    """One proposal as stored; `proposer_name` and `decider_name` are for people."""

    id: int
    kind: str
    title: str
    body: dict[str, Any]
    digest: str
    state: str
    proposer: int
    proposer_name: str
    proposed: datetime
    decider: int | None
    decider_name: str
    decided: datetime | None
    ready: datetime | None
    expires: datetime
    reason: str


def _query() -> Any:
    proposer, decider = ACCOUNT.alias("proposer"), ACCOUNT.alias("decider")
    return (
        select(
            PROPOSAL,
            proposer.c.name.label("proposer_name"),
            decider.c.name.label("decider_name"),
        )
        .join(proposer, proposer.c.id == PROPOSAL.c.proposer_id)
        .outerjoin(decider, decider.c.id == PROPOSAL.c.decider_id)
    )


def _row(row: Any) -> ProposalRow:
    return ProposalRow(
        id=row.id,
        kind=row.kind,
        title=row.title,
        body=dict(row.body),
        digest=row.digest,
        state=row.state,
        proposer=row.proposer_id,
        proposer_name=row.proposer_name,
        proposed=row.proposed,
        decider=row.decider_id,
        decider_name=row.decider_name or "",
        decided=row.decided,
        ready=row.ready,
        expires=row.expires,
        reason=row.reason,
    )


def add_proposal(
    connection: Connection,
    kind: str,
    title: str,
    body: dict[str, Any],
    digest: str,
    *,
    proposer: int,
    proposed: datetime,
    expires: datetime,
) -> int:
    """Keep a new proposal within a transaction; returns its id."""
    values = {
        "kind": kind,
        "title": title[:300],
        "body": body,
        "digest": digest,
        "state": "proposed",
        "proposer_id": proposer,
        "proposed": proposed,
        "expires": expires,
    }
    made = connection.execute(insert(PROPOSAL).values(values).returning(PROPOSAL.c.id))
    return int(made.scalar_one())


def find_proposal(connection: Connection, proposal: int) -> ProposalRow | None:
    """Return a proposal, within a transaction."""
    row = connection.execute(_query().where(PROPOSAL.c.id == proposal)).first()
    return None if row is None else _row(row)


def move_proposal(connection: Connection, before: ProposalRow, **fields: object) -> bool:
    """Change a proposal that nobody else has changed meanwhile; says whether it was so."""
    done = connection.execute(
        update(PROPOSAL)
        .where(
            PROPOSAL.c.id == before.id,
            PROPOSAL.c.state == before.state,
            PROPOSAL.c.digest == before.digest,
        )
        .values(**fields)
    )
    return bool(done.rowcount == 1)


def proposals(
    database: Database,
    *,
    kind: str = "",
    states: tuple[str, ...] = (),
    limit: int = 100,
    below: int | None = None,
) -> tuple[ProposalRow, ...]:
    """Return proposals, the newest first; of one kind, in some states, below an id, where given."""
    asked = _query().order_by(desc(PROPOSAL.c.id)).limit(limit)
    if kind:
        asked = asked.where(PROPOSAL.c.kind == kind)
    if states:
        asked = asked.where(PROPOSAL.c.state.in_(states))
    if below is not None:
        asked = asked.where(PROPOSAL.c.id < below)
    with database.read() as connection:
        return tuple(_row(row) for row in connection.execute(asked))


def proposals_named(database: Database, kind: str, start: str) -> tuple[ProposalRow, ...]:
    """Return the proposals of one kind whose title starts so, the oldest first."""
    titled = PROPOSAL.c.title.startswith(start, autoescape=True)
    asked = _query().where(PROPOSAL.c.kind == kind, titled).order_by(PROPOSAL.c.id)
    with database.read() as connection:
        return tuple(_row(row) for row in connection.execute(asked))
