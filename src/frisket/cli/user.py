"""`frisket user`: accounts of the console, from the machine that holds its data.

Who can read the data folder owns the console anyway; what is done here stands in the audit log.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import Annotated

from cyclopts import App, Parameter

from frisket.cli.support.console_data import WHO, Data, opened
from frisket.cli.support.shown import TableOrJson, print_json, print_table, say
from frisket.errors import UsageError
from frisket.fleet.act import Carrying
from frisket.fleet.acts.accounts import listed, make_new, new_way_in
from frisket.fleet.chain import Act
from frisket.fleet.roles import Grant, Role
from frisket.store.accounts import Account, AccountStore
from frisket.store.database import Database

app = App(name="user", help="Manage the console's accounts where its data is.")


def found(database: Database, name: str) -> Account:
    """Return an account by its name. Raises `UsageError`."""
    account = AccountStore(database).by_name(name)
    if account is None:
        raise UsageError(f"there is no account {name[:100]!r}")
    return account


def _show_link(told: dict[str, str]) -> None:
    for label, path in told.items():
        say(f"{label}; put the console's address before it:")
        sys.stdout.write(f"{path}\n")


@app.command(name="list")
def list_users(
    *,
    data: Data,
    database: str = "",
    format: Annotated[TableOrJson, Parameter(alias="-f")] = "table",  # noqa: A002
) -> int:
    """List the accounts with their roles.

    Parameters
    ----------
    data
        The console's data folder.
    database
        Its database, where that is not in the folder.
    format
        How to print.
    """
    with opened(data, database) as (store, _):
        accounts = AccountStore(store).everyone()
    if format == "json":
        print_json(
            [
                {
                    "name": one.name,
                    "person": one.shown,
                    "roles": [{"role": g.role, "site": g.site} for g in one.grants],
                    "disabled": one.disabled is not None,
                    "created": one.created.isoformat(),
                }
                for one in accounts
            ]
        )
        return 0
    rows = [
        [
            one.name,
            one.shown,
            ", ".join(g.role if g.site is None else f"{g.role} at {g.site}" for g in one.grants),
            "shut out" if one.disabled else "",
        ]
        for one in accounts
    ]
    print_table(["name", "person", "roles", "state"], rows)
    return 0


@app.command
def add(
    name: str,
    *,
    data: Data,
    role: tuple[Role, ...],
    person: str = "",
    database: str = "",
) -> int:
    """Make an account and print a link by which the person sets a password, once.

    Parameters
    ----------
    name
        The name to log in with.
    data
        The console's data folder.
    role
        What the person is to be; may be given more than once.
    person
        The person's name.
    database
        Its database, where that is not in the folder.
    """
    from frisket.console.pages.first_run import fault_of_name

    if fault := fault_of_name(name):
        raise UsageError(fault)
    grants = listed(Grant(one) for one in role)
    body = {"name": name, "shown": person, "mail": "", "grants": grants}
    with opened(data, database) as (store, log), store.write() as connection:
        details = {"roles": [one.value for one in role]}
        log.record_within(connection, Act(WHO, "account.new", name, "done", details))
        told = dict(make_new(Carrying(connection, WHO, datetime.now(UTC)), body))
    _show_link(told)
    return 0


@app.command
def link(name: str, *, data: Data, database: str = "") -> int:
    """Print a new way in for somebody who has lost theirs; what they had opens no more once used.

    Parameters
    ----------
    name
        Whose.
    data
        The console's data folder.
    database
        Its database, where that is not in the folder.
    """
    with opened(data, database) as (store, log):
        account = found(store, name)
        with store.write() as connection:
            log.record_within(connection, Act(WHO, "account.link", account.name))
            carrying = Carrying(connection, WHO, datetime.now(UTC))
            told = dict(new_way_in(carrying, {"account": account.id}))
    _show_link(told)
    return 0


@app.command
def disable(name: str, *, data: Data, database: str = "") -> int:
    """Shut an account out at once.

    Parameters
    ----------
    name
        Whose.
    data
        The console's data folder.
    database
        Its database, where that is not in the folder.
    """
    with opened(data, database) as (store, log):
        account = found(store, name)
        log.record(Act(WHO, "account.disable", account.name))
        AccountStore(store).disable(account.id, datetime.now(UTC))
    return 0


@app.command
def enable(name: str, *, data: Data, database: str = "") -> int:
    """Let an account in again.

    Parameters
    ----------
    name
        Whose.
    data
        The console's data folder.
    database
        Its database, where that is not in the folder.
    """
    with opened(data, database) as (store, log):
        account = found(store, name)
        log.record(Act(WHO, "account.enable", account.name))
        AccountStore(store).disable(account.id, None)
        AccountStore(store).change(account.id, elevated=datetime.now(UTC))
    return 0
