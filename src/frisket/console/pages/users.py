"""`/users`: who may come in and do what; changes of it are proposed, not made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from starlette.responses import Response

from frisket.console.auth.passkeys import passkeys_of
from frisket.console.auth.who import grants_of
from frisket.console.faults import Fault, Forbidden, NotFound
from frisket.console.page import Form, Menu, Page, Visit
from frisket.console.pages.first_run import fault_of_name
from frisket.fleet.acts.accounts import listed
from frisket.fleet.proposals import Proposals
from frisket.fleet.roles import HOLDS, Grant, Permission, Role
from frisket.store.accounts import Account
from frisket.store.tables.device import SITE


def sites(visit: Visit) -> dict[int, str]:
    """Return the names of the sites for which the visitor sees people, by number."""
    where = visit.reach(Permission.SEE_USERS)
    with visit.services.database.read() as connection:
        rows = connection.execute(select(SITE.c.id, SITE.c.name).order_by(SITE.c.name))
        return {row.id: row.name for row in rows if row.id in where}


def show(visit: Visit) -> Response:
    """Show every account, and what the roles allow."""
    everyone = visit.services.accounts.everyone()
    holds = {role: sorted(HOLDS[role] - {Permission.OWN_ACCOUNT}) for role in Role}
    return visit.page(
        "users.html",
        accounts=everyone,
        grants={account.id: grants_of(account.grants) for account in everyone},
        sites=sites(visit),
        roles=list(Role),
        holds=holds,
        permissions=[p for p in Permission if p is not Permission.OWN_ACCOUNT],
        may_propose=visit.may(Permission.PROPOSE_USERS),
    )


def _account(visit: Visit) -> Account:
    found = visit.services.accounts.by_id(visit.number("id"))
    if found is None:
        raise NotFound
    return found


def show_one(visit: Visit) -> Response:
    """Show one account with what may be proposed for it."""
    account = _account(visit)
    return visit.page(
        "user.html",
        account=account,
        grants=grants_of(account.grants),
        sites=sites(visit),
        roles=list(Role),
        passkeys=passkeys_of(visit.services.database, account.id),
        sessions=visit.services.sessions.of(account.id),
        may_propose=visit.may(Permission.PROPOSE_USERS),
        myself=account.id == visit.person.account.id,
    )


def chosen_grants(form: Form, known: Mapping[int, str]) -> tuple[Grant, ...]:
    """Return the grants of a form: a row of a role and a site each. Raises `Fault`."""
    found = []
    for role, site in zip(form.all("role"), form.all("site"), strict=False):
        if role not in set(Role):
            continue
        if site and (not site.isdigit() or int(site) not in known):
            raise Fault("There is no such site.")
        found.append(Grant(Role(role), int(site) if site else None))
    return tuple(dict.fromkeys(found))


def _propose(visit: Visit, kind: str, title: str, body: dict[str, Any]) -> Response:
    services = visit.services
    keeper = Proposals(services.database, services.log, services.clock)
    person = visit.person
    number = keeper.propose(kind, title, body, person.account.id, person.name)
    return visit.go(f"/approvals/{number}", visit.text("It is proposed; a second person decides."))


def add(visit: Visit) -> Response:
    """Propose a new account."""
    name, shown = visit.form.one("name"), visit.form.one("shown")[:200]
    fault = fault_of_name(name)
    if not fault and visit.services.accounts.by_name(name) is not None:
        fault = "This name is taken."
    if fault:
        raise Fault(visit.text(fault))
    grants = chosen_grants(visit.form, sites(visit))
    body = {"name": name.casefold(), "shown": shown, "mail": "", "grants": listed(grants)}
    return _propose(visit, "account.new", f"New account {name.casefold()}", body)


def change(visit: Visit) -> Response:
    """Propose other roles for an account."""
    account = _account(visit)
    grants = chosen_grants(visit.form, sites(visit))
    body = {"account": account.id, "grants": listed(grants)}
    return _propose(visit, "account.roles", f"Roles of {account.name}", body)


def way_in(visit: Visit) -> Response:
    """Propose a new way in for somebody who has lost theirs."""
    account = _account(visit)
    return _propose(
        visit, "account.link", f"New way in for {account.name}", {"account": account.id}
    )


def disable(visit: Visit) -> Response:
    """Shut an account out, at once and by one person: that must not wait."""
    account = _account(visit)
    if account.id == visit.person.account.id:
        raise Fault(visit.text("Nobody shuts themselves out."))
    if not visit.reach(Permission.PROPOSE_USERS).everywhere:
        raise Forbidden
    visit.record("account.disable", account.name)
    visit.services.accounts.disable(account.id, visit.now)
    return visit.go(f"/users/{account.id}", visit.text("The account is shut out."))


def end_sessions(visit: Visit) -> Response:
    """End every session of an account, at once and by one person."""
    account = _account(visit)
    if not visit.reach(Permission.PROPOSE_USERS).everywhere:
        raise Forbidden
    visit.record("session.end", account.name, all=True)
    visit.services.sessions.end_all(account.id)
    return visit.go(f"/users/{account.id}", visit.text("All sessions of this account are over."))


def enable(visit: Visit) -> Response:
    """Propose to let an account in again."""
    account = _account(visit)
    return _propose(
        visit, "account.enable", f"Let {account.name} in again", {"account": account.id}
    )


PAGES = (
    Page(
        "GET",
        "/users",
        show,
        Permission.SEE_USERS,
        Menu("Users and roles", "users", 810, "u", group="Administration"),
    ),
    Page("POST", "/users", add, Permission.PROPOSE_USERS, fresh=True),
    Page("GET", "/users/{id}", show_one, Permission.SEE_USERS),
    Page("POST", "/users/{id}/roles", change, Permission.PROPOSE_USERS, fresh=True),
    Page("POST", "/users/{id}/link", way_in, Permission.PROPOSE_USERS, fresh=True),
    Page("POST", "/users/{id}/sessions/end", end_sessions, Permission.PROPOSE_USERS, fresh=True),
    Page("POST", "/users/{id}/disable", disable, Permission.PROPOSE_USERS, fresh=True),
    Page("POST", "/users/{id}/enable", enable, Permission.PROPOSE_USERS, fresh=True),
)
