"""`/approvals`: what waits for a second person, with exactly what would happen."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection
from starlette.responses import Response

from frisket.console.auth.who import grants_of
from frisket.console.faults import Fault, NotFound
from frisket.console.page import Menu, Page, Visit
from frisket.fleet import approval
from frisket.fleet.act import Body, Carrying, ProposedAct
from frisket.fleet.approval import Decider, State
from frisket.fleet.kinds import find_acts
from frisket.fleet.proposals import Proposals, proposal_of
from frisket.fleet.roles import Permission, reach
from frisket.store.proposals import ProposalRow, find_proposal, proposals

_SEE = Permission.SEE_EVIDENCE


def keeper(visit: Visit) -> Proposals:
    """Return the proposals of this console."""
    services = visit.services
    return Proposals(services.database, services.log, services.clock)


def show(visit: Visit) -> Response:
    """Show what is open, and what was decided last."""
    acts = find_acts()
    rows = proposals(visit.services.database)
    states = {row.id: approval.at(proposal_of(row), visit.now).state for row in rows}
    waiting = {State.PROPOSED, State.WAITING, State.APPROVED}
    return visit.page(
        "approvals.html",
        open=[row for row in rows if states[row.id] in waiting],
        past=[row for row in rows if states[row.id] not in waiting][:50],
        states=states,
        labels={kind: visit.text(act.label) for kind, act in acts.items()},
    )


def _found(visit: Visit) -> tuple[ProposalRow, ProposedAct]:
    with visit.services.database.read() as connection:
        row = find_proposal(connection, visit.number("id"))
    act = find_acts().get(row.kind) if row else None
    if row is None or act is None:
        raise NotFound
    return row, act


def _decider(visit: Visit, act: ProposedAct, body: Body) -> Decider:
    account, session = visit.person.account, visit.person.session
    proved = session.proved if session else account.created
    return Decider(account.id, _may(visit, act, body), account.elevated, proved)


def _may(visit: Visit, act: ProposedAct, body: Body) -> bool:
    return act.within(visit.reach(act.approve), body)


def _others(visit: Visit, act: ProposedAct, body: Body) -> list[Decider]:
    mine = visit.person.account.id
    return [
        Decider(
            one.id,
            act.within(reach(grants_of(one.grants), act.approve), body),
            one.elevated,
            one.created,
        )
        for one in visit.services.accounts.everyone()
        if one.id != mine and one.disabled is None
    ]


def show_one(visit: Visit) -> Response:
    """Show one proposal: what it would do, in full, and who may decide it."""
    return _page(visit, {})


def _page(visit: Visit, told: Mapping[str, str]) -> Response:
    row, act = _found(visit)
    state = approval.at(proposal_of(row), visit.now).state
    with visit.services.database.read() as connection:
        lines = act.describe(connection, row.body) if state is not State.TAKEN else ()
    mine = row.proposer == visit.person.account.id
    alone = not any(other.may for other in _others(visit, act, row.body))
    return visit.page(
        "approval.html",
        row=row,
        proposal_state=state,
        label=visit.text(act.label),
        lines=lines,
        told={name: f"{visit.services.settings.origin}{path}" for name, path in told.items()},
        mine=mine,
        alone=alone,
        may=_may(visit, act, row.body),
        by_itself=act.carry_out is not None,
    )


def approve(visit: Visit) -> Response:
    """Approve what was seen, and carry it out where that is all there is to do."""
    row, act = _found(visit)
    by = _decider(visit, act, row.body)
    keeper(visit).approve(row.id, visit.form.one("digest"), by, visit.person.name)
    return _carry_out(visit, row, act)


def confirm(visit: Visit) -> Response:
    """Go on alone in an office of one; it is ready after a while."""
    row, act = _found(visit)
    by, others = _decider(visit, act, row.body), _others(visit, act, row.body)
    keeper(visit).confirm(row.id, visit.form.one("digest"), by, others, visit.person.name)
    return visit.go(f"/approvals/{row.id}", visit.text("It can be carried out in 15 minutes."))


def carry_out(visit: Visit) -> Response:
    """Carry out what was approved."""
    row, act = _found(visit)
    if not _may(visit, act, row.body) and not visit.may(act.propose):
        raise Fault(visit.text("Your role does not carry this out."))
    return _carry_out(visit, row, act)


def _carry_out(visit: Visit, row: ProposalRow, act: ProposedAct) -> Response:
    told: dict[str, str] = {}
    if act.carry_out is None:
        return visit.go(f"/approvals/{row.id}", visit.text("It is approved."))
    work = act.carry_out

    def run(connection: Connection, found: ProposalRow) -> None:
        told.update(work(Carrying(connection, visit.person.name, visit.now), found.body))

    keeper(visit).take(row.id, row.kind, visit.person.name, run)
    return _page(visit, told)


def reject(visit: Visit) -> Response:
    """Turn it down, with a reason."""
    row, act = _found(visit)
    reason = visit.form.one("reason")
    keeper(visit).reject(row.id, _decider(visit, act, row.body), visit.person.name, reason)
    return visit.go("/approvals", visit.text("It is rejected."))


def withdraw(visit: Visit) -> Response:
    """Take back what one has proposed."""
    row, _ = _found(visit)
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
