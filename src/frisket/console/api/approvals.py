"""`/api/v1/approvals`: what waits for a second person. Deciding takes a person who has logged in.

A token never approves, rejects or carries out, whoever made it: who has stolen one would else be
the second person. It may look, and take back what its owner proposed.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import Depends, Query
from pydantic import BaseModel, Field, StringConstraints

from frisket.console.api.access import Needs
from frisket.console.api.models import Shown
from frisket.console.api.resource import (
    Asked,
    Listed,
    Number,
    Paged,
    Reason,
    Words,
    filled,
    resources,
)
from frisket.console.deciding import carried_out, decider, found, keeper, may, others, seen
from frisket.console.faults import Fault
from frisket.console.page import Visit
from frisket.fleet import approval
from frisket.fleet.act import ProposedAct
from frisket.fleet.approval import State
from frisket.fleet.kinds import find_acts
from frisket.fleet.proposals import proposal_of
from frisket.fleet.roles import Permission
from frisket.store.proposals import ProposalRow, proposals

ROUTER = resources("approvals")
_SEE = Permission.SEE_EVIDENCE
Looks = Annotated[Visit, Depends(Needs(_SEE))]
Decides = Annotated[Visit, Depends(Needs(_SEE, fresh=True, person=True))]


class ApprovalOut(Shown):
    """One proposal. `state` is as time has left it; `digest` is that of its exact content."""

    id: int
    kind: str
    label: str
    title: str
    state: str
    digest: str
    proposer: str
    proposed: datetime
    expires: datetime
    decider: str
    decided: datetime | None
    ready: datetime | None
    reason: str


class LineOut(BaseModel):
    """One line of what would happen: what, from what, to what."""

    what: str
    was: str
    will_be: str


class ApprovalDetail(ApprovalOut):
    """One proposal with exactly what would happen, and whether you may decide about it."""

    lines: list[LineOut]
    own: bool
    may_decide: bool


class Done(BaseModel):
    """What became of it; `told` is said once, such as a login link."""

    state: str
    told: dict[str, str] = {}


class WhichApprovals(Paged):
    """Which proposals: of which kinds, and in which states as they were last written."""

    kind: Words = ""
    state: list[State] = Field(default=[], max_length=len(State))


class Seen(Asked):
    """What was seen when it was decided: another content is not approved by it."""

    digest: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


def _values(visit: Visit, row: ProposalRow, act: ProposedAct) -> dict[str, object]:
    return {
        "id": row.id,
        "kind": row.kind,
        "label": act.label,
        "title": row.title,
        "state": approval.at(proposal_of(row), visit.now).state.value,
        "digest": row.digest,
        "proposer": row.proposer_name,
        "proposed": row.proposed,
        "expires": row.expires,
        "decider": row.decider_name,
        "decided": row.decided,
        "ready": row.ready,
        "reason": row.reason or "",
    }


@ROUTER.get("")
def approvals(visit: Looks, asked: Annotated[WhichApprovals, Query()]) -> Listed[ApprovalOut]:
    """List proposals about the sites whose evidence you may see, the newest first."""
    acts, database = find_acts(), visit.services.database
    states = tuple(state.value for state in asked.state)
    rows, more = filled(
        lambda last, size: proposals(
            database, kind=asked.kind, states=states, limit=size, below=last
        ),
        lambda row: row.kind in acts and seen(visit, row, acts[row.kind]),
        asked,
    )
    shown = [ApprovalOut.model_validate(_values(visit, row, acts[row.kind])) for row in rows]
    return Listed(items=shown, next=more)


@ROUTER.get("/{id}")
def one(visit: Looks, id: Number) -> ApprovalDetail:  # noqa: A002
    """Return a proposal with exactly what would happen."""
    row, act = found(visit, id)
    values = _values(visit, row, act)
    with visit.services.database.read() as connection:
        lines = act.describe(connection, row.body) if values["state"] != State.TAKEN else ()
    return ApprovalDetail.model_validate(
        {
            **values,
            "lines": [{"what": a, "was": b, "will_be": c} for a, b, c in lines],
            "own": row.proposer == visit.person.account.id,
            "may_decide": may(visit, act, row.body),
        }
    )


def _state(visit: Visit, number: int, told: dict[str, str]) -> Done:
    row, _ = found(visit, number)
    origin = visit.services.settings.origin
    state = approval.at(proposal_of(row), visit.now).state.value
    return Done(state=state, told={name: f"{origin}{path}" for name, path in told.items()})


@ROUTER.post("/{id}/approve")
def approve(visit: Decides, id: Number, what: Seen) -> Done:  # noqa: A002
    """Approve what you saw, and carry it out where that is all there is to do. No token may."""
    row, act = found(visit, id)
    by = decider(visit, act, row.body)
    keeper(visit).approve(row.id, what.digest, by, visit.person.name)
    return _state(visit, id, carried_out(visit, row, act))


@ROUTER.post("/{id}/confirm")
def confirm(visit: Decides, id: Number, what: Seen) -> Done:  # noqa: A002
    """Go on alone in an office of one: it is ready 15 minutes later. No token may."""
    row, act = found(visit, id)
    by, rest = decider(visit, act, row.body), others(visit, act, row.body)
    keeper(visit).confirm(row.id, what.digest, by, rest, visit.person.name)
    return _state(visit, id, {})


@ROUTER.post("/{id}/carry-out")
def carry_out(visit: Decides, id: Number) -> Done:  # noqa: A002
    """Carry out what was approved. No token may; a change is begun at `/changes/{id}/begin`."""
    row, act = found(visit, id)
    if not may(visit, act, row.body) and not visit.may(act.propose):
        raise Fault("Your role does not carry this out.")
    return _state(visit, id, carried_out(visit, row, act))


@ROUTER.post("/{id}/reject")
def reject(visit: Decides, id: Number, why: Reason) -> Done:  # noqa: A002
    """Turn it down, with a reason. No token may."""
    row, act = found(visit, id)
    keeper(visit).reject(row.id, decider(visit, act, row.body), visit.person.name, why.reason)
    return _state(visit, id, {})


@ROUTER.post("/{id}/withdraw")
def withdraw(visit: Looks, id: Number) -> Done:  # noqa: A002
    """Take back what you have proposed."""
    row, _ = found(visit, id)
    keeper(visit).withdraw(row.id, visit.person.account.id, visit.person.name)
    return _state(visit, id, {})
