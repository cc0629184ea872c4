"""Accounts: made, given roles, let in again, given a new way in. Always by two persons."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from secrets import token_urlsafe
from typing import Any, Final

from sqlalchemy import Connection, delete, select, update

from frisket.errors import UsageError
from frisket.fleet.act import Body, Carrying, ProposedAct, Told
from frisket.fleet.roles import Grant, Permission, Role, elevates
from frisket.store.accounts import (
    Account,
    Fresh,
    GrantRow,
    add_account,
    put_grants,
    read_account,
)
from frisket.store.onetime import OneTime, forget, keep
from frisket.store.tables.account import ACCOUNT, CONSOLE_SESSION
from frisket.store.tables.device import SITE

LINK: Final = "welcome"
LINK_LIFE: Final = timedelta(hours=24)
_LINK_LABEL: Final = "Login link, good once within 24 hours"


def grants_from(listed: Iterable[Any]) -> tuple[Grant, ...]:
    """Return grants from a body's list of [role, site or null]. Raises `UsageError`."""
    found = []
    for role, site in listed:
        if role not in set(Role) or not (site is None or isinstance(site, int)):
            raise UsageError(f"{role!r} is no role")
        found.append(Grant(Role(role), site))
    return tuple(dict.fromkeys(found))


def listed(grants: Iterable[Grant]) -> list[list[Any]]:
    """Return grants as a body keeps them."""
    return [[grant.role.value, grant.site] for grant in grants]


def _rows(grants: Iterable[Grant]) -> list[GrantRow]:
    return [GrantRow(grant.role.value, grant.site) for grant in grants]


def _account(connection: Connection, body: Body) -> Account:
    found = read_account(connection, ACCOUNT.c.id == body["account"])
    if found is None:
        raise UsageError("there is no such account")
    return found


def _in_words(connection: Connection, grants: Iterable[Grant]) -> str:
    names = {row.id: row.name for row in connection.execute(select(SITE.c.id, SITE.c.name))}
    words = [
        grant.role.value if grant.site is None else f"{grant.role.value} at {names.get(grant.site)}"
        for grant in grants
    ]
    return ", ".join(words) or "none"


def _link(carrying: Carrying, account: int, body: dict[str, Any]) -> Told:
    """Make a login link that works once; older ones of this account die."""
    secret = token_urlsafe(24)
    forget(carrying.connection, LINK, account)
    what = OneTime(LINK, account, body)
    keep(carrying.connection, secret, what, carrying.now + LINK_LIFE, carrying.now)
    return {_LINK_LABEL: f"/welcome/{secret}"}


def describe_new(connection: Connection, body: Body) -> tuple[tuple[str, str, str], ...]:
    """Say who is to be let in, and as what."""
    roles = _in_words(connection, grants_from(body["grants"]))
    return (
        ("Name", "", str(body["name"])),
        ("Person", "", str(body["shown"])),
        ("Roles", "", roles),
    )


def make_new(carrying: Carrying, body: Body) -> Told:
    """Make the account; it has no password until its link is used."""
    fresh = Fresh(str(body["name"]), str(body["shown"]), str(body.get("mail", "")))
    rows = _rows(grants_from(body["grants"]))
    made = add_account(carrying.connection, fresh, rows, carrying.name, carrying.now)
    return _link(carrying, made, {"reset": False})


def describe_roles(connection: Connection, body: Body) -> tuple[tuple[str, str, str], ...]:
    """Say what roles a person has now, and is to have."""
    account = _account(connection, body)
    now = _in_words(connection, _of(account))
    then = _in_words(connection, grants_from(body["grants"]))
    return (("Account", "", account.name), ("Roles", now, then))


def _of(account: Account) -> tuple[Grant, ...]:
    known = set(Role)
    return tuple(Grant(Role(row.role), row.site) for row in account.grants if row.role in known)


def change_roles(carrying: Carrying, body: Body) -> Told:
    """Give the roles; who gets more rights approves nothing for a day."""
    account, wanted = _account(carrying.connection, body), grants_from(body["grants"])
    if account.name == carrying.name:
        raise UsageError("nobody carries out a change of their own roles")
    raised = elevates(_of(account), wanted)
    put_grants(carrying.connection, account.id, _rows(wanted), carrying.name, carrying.now)
    if raised:
        later = update(ACCOUNT).where(ACCOUNT.c.id == account.id).values(elevated=carrying.now)
        carrying.connection.execute(later)
    return {}


def describe_account(connection: Connection, body: Body) -> tuple[tuple[str, str, str], ...]:
    """Say whose account it is."""
    return (("Account", "", _account(connection, body).name),)


def let_in(carrying: Carrying, body: Body) -> Told:
    """Let a disabled account in again; like a new one it approves nothing for a day."""
    account = _account(carrying.connection, body)
    again = update(ACCOUNT).where(ACCOUNT.c.id == account.id)
    carrying.connection.execute(again.values(disabled=None, elevated=carrying.now))
    return {}


def new_way_in(carrying: Carrying, body: Body) -> Told:
    """Give a person a new way in, for a lost password or key; open sessions end now."""
    account = _account(carrying.connection, body)
    gone = delete(CONSOLE_SESSION).where(CONSOLE_SESSION.c.account_id == account.id)
    carrying.connection.execute(gone)
    return _link(carrying, account.id, {"reset": True})


_P, _A = Permission.PROPOSE_USERS, Permission.APPROVE_USERS
ACTS = (
    ProposedAct("account.new", "New account", _P, _A, describe_new, make_new),
    ProposedAct("account.roles", "Roles of an account", _P, _A, describe_roles, change_roles),
    ProposedAct("account.enable", "Let an account in again", _P, _A, describe_account, let_in),
    ProposedAct("account.link", "New way in for an account", _P, _A, describe_account, new_way_in),
)
