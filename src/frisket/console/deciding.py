"""What approvals share with their interface: which proposals, who decides, what is done."""

from __future__ import annotations

from sqlalchemy import Connection

from frisket.console.auth.who import grants_of
from frisket.console.faults import NotFound
from frisket.console.page import Visit
from frisket.fleet.act import Body, Carrying, ProposedAct
from frisket.fleet.approval import Decider
from frisket.fleet.kinds import find_acts
from frisket.fleet.proposals import Proposals
from frisket.fleet.roles import Permission, reach
from frisket.store.proposals import ProposalRow, find_proposal


def keeper(visit: Visit) -> Proposals:
    """Return the proposals of this console."""
    services = visit.services
    return Proposals(services.database, services.log, services.clock)


def seen(visit: Visit, row: ProposalRow, act: ProposedAct) -> bool:
    """Say whether the visitor may know of a proposal: an own one, or one of sites they see."""
    own = row.proposer == visit.person.account.id
    return own or act.within(visit.reach(Permission.SEE_EVIDENCE), row.body)


def found(visit: Visit, number: int) -> tuple[ProposalRow, ProposedAct]:
    """Return a proposal and its kind. Raises `NotFound`, also where the visitor may not see it."""
    with visit.services.database.read() as connection:
        row = find_proposal(connection, number)
    act = find_acts().get(row.kind) if row else None
    if row is None or act is None or not seen(visit, row, act):
        raise NotFound
    return row, act


def may(visit: Visit, act: ProposedAct, body: Body) -> bool:
    """Say whether the visitor's role decides such a thing, there."""
    return act.within(visit.reach(act.approve), body)


def decider(visit: Visit, act: ProposedAct, body: Body) -> Decider:
    """Return the visitor as who wants to decide."""
    account, session = visit.person.account, visit.person.session
    proved = session.proved if session else account.created
    return Decider(account.id, may(visit, act, body), account.elevated, proved)


def others(visit: Visit, act: ProposedAct, body: Body) -> list[Decider]:
    """Return everybody else who is not shut out."""
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


def carried_out(visit: Visit, row: ProposalRow, act: ProposedAct) -> dict[str, str]:
    """Carry out what was approved; return what is told once, such as a login link.

    What its area carries out itself, such as a change, is left to it. Raises `NotAllowed`.
    """
    told: dict[str, str] = {}
    if act.carry_out is None:
        return told
    work = act.carry_out

    def run(connection: Connection, it: ProposalRow) -> None:
        told.update(work(Carrying(connection, visit.person.name, visit.now), it.body))

    keeper(visit).take(row.id, row.kind, visit.person.name, run)
    return told
