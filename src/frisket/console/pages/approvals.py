"""`/approvals`: what waits for a second person, with exactly what would happen."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.responses import Response

from frisket.console.deciding import carried_out, decider, found, keeper, may, others, seen
from frisket.console.faults import Fault
from frisket.console.page import Menu, Page, Visit
from frisket.fleet import approval
from frisket.fleet.act import ProposedAct
from frisket.fleet.approval import State
from frisket.fleet.kinds import find_acts
from frisket.fleet.proposals import proposal_of
from frisket.fleet.roles import Permission
from frisket.store.proposals import ProposalRow, proposals

_SEE = Permission.SEE_EVIDENCE


def show(visit: Visit) -> Response:
    """Show what is open, and what was decided last."""
    acts = find_acts()
    rows = [
        row
        for row in proposals(visit.services.database)
        if row.kind in acts and seen(visit, row, acts[row.kind])
    ]
    states = {row.id: approval.at(proposal_of(row), visit.now).state for row in rows}
    waiting = {State.PROPOSED, State.WAITING, State.APPROVED}
    return visit.page(
        "approvals.html",
        open=[row for row in rows if states[row.id] in waiting],
        past=[row for row in rows if states[row.id] not in waiting][:50],
        states=states,
        labels={kind: visit.text(act.label) for kind, act in acts.items()},
    )


def show_one(visit: Visit) -> Response:
    """Show one proposal: what it would do, in full, and who may decide it."""
    return _page(visit, {})


def _page(visit: Visit, told: Mapping[str, str]) -> Response:
    row, act = found(visit, visit.number("id"))
    state = approval.at(proposal_of(row), visit.now).state
    with visit.services.database.read() as connection:
        lines = act.describe(connection, row.body) if state is not State.TAKEN else ()
    mine = row.proposer == visit.person.account.id
    alone = not any(one.may for one in others(visit, act, row.body))
    return visit.page(
        "approval.html",
        row=row,
        proposal_state=state,
        label=visit.text(act.label),
        lines=lines,
        told={name: f"{visit.services.settings.origin}{path}" for name, path in told.items()},
        mine=mine,
        alone=alone,
        may=may(visit, act, row.body),
        by_itself=act.carry_out is not None,
    )


def approve(visit: Visit) -> Response:
    """Approve what was seen, and carry it out where that is all there is to do."""
    row, act = found(visit, visit.number("id"))
    by = decider(visit, act, row.body)
    keeper(visit).approve(row.id, visit.form.one("digest"), by, visit.person.name)
    return _carry_out(visit, row, act)


def confirm(visit: Visit) -> Response:
    """Go on alone in an office of one; it is ready after a while."""
    row, act = found(visit, visit.number("id"))
    by, rest = decider(visit, act, row.body), others(visit, act, row.body)
    keeper(visit).confirm(row.id, visit.form.one("digest"), by, rest, visit.person.name)
    return visit.go(f"/approvals/{row.id}", visit.text("It can be carried out in 15 minutes."))


def carry_out(visit: Visit) -> Response:
    """Carry out what was approved."""
    row, act = found(visit, visit.number("id"))
    if not may(visit, act, row.body) and not visit.may(act.propose):
        raise Fault(visit.text("Your role does not carry this out."))
    return _carry_out(visit, row, act)


def _carry_out(visit: Visit, row: ProposalRow, act: ProposedAct) -> Response:
    told = carried_out(visit, row, act)
    if act.carry_out is None:
        return visit.go(f"/approvals/{row.id}", visit.text("It is approved."))
    return _page(visit, told)


def reject(visit: Visit) -> Response:
    """Turn it down, with a reason."""
    row, act = found(visit, visit.number("id"))
    reason = visit.form.one("reason")
    keeper(visit).reject(row.id, decider(visit, act, row.body), visit.person.name, reason)
    return visit.go("/approvals", visit.text("It is rejected."))


def withdraw(visit: Visit) -> Response:
    """Take back what one has proposed."""
    row, _ = found(visit, visit.number("id"))
    keeper(visit).withdraw(row.id, visit.person.account.id, visit.person.name)
    return visit.go("/approvals", visit.text("It is withdrawn."))


PAGES = (
    Page(
        "GET",
        "/approvals",
        show,
        _SEE,
        Menu("Approvals", "checks", 800, "a", group="Administration"),
    ),
    Page("GET", "/approvals/{id}", show_one, _SEE),
    Page("POST", "/approvals/{id}/approve", approve, _SEE, fresh=True),
    Page("POST", "/approvals/{id}/confirm", confirm, _SEE, fresh=True),
    Page("POST", "/approvals/{id}/carry-out", carry_out, _SEE, fresh=True),
    Page("POST", "/approvals/{id}/reject", reject, _SEE, fresh=True),
    Page("POST", "/approvals/{id}/withdraw", withdraw, _SEE),
)
