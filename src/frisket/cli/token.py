"""`frisket token`: tokens for programs, from the machine that holds the console's data."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from typing import Annotated

from cyclopts import App, Parameter
from cyclopts.validators import Number

from frisket.cli.support.console_data import WHO, Data, opened
from frisket.cli.support.shown import TableOrJson, print_json, print_table, say
from frisket.cli.user import found
from frisket.errors import UsageError
from frisket.fleet.chain import Act
from frisket.fleet.roles import Permission
from frisket.store.accounts import AccountStore

app = App(name="token", help="Manage tokens for programs where the console's data is.")


@app.command(name="list")
def list_tokens(
    *,
    data: Data,
    database: str = "",
    format: Annotated[TableOrJson, Parameter(alias="-f")] = "table",  # noqa: A002
) -> int:
    """List the tokens; secrets are not kept.

    Parameters
    ----------
    data
        The console's data folder.
    database
        Its database, where that is not in the folder.
    format
        How to print.
    """
    from frisket.console.auth.tokens import tokens_of

    with opened(data, database) as (store, _):
        names = {one.id: one.name for one in AccountStore(store).everyone()}
        rows = [
            {
                "id": one.id,
                "name": one.name,
                "account": names[one.account],
                "begins": one.prefix,
                "scopes": list(one.scopes),
                "expires": one.expires.isoformat(),
                "used": one.used.isoformat() if one.used else None,
            }
            for one in tokens_of(store)
        ]
    if format == "json":
        print_json(rows)
        return 0
    columns = ["id", "name", "account", "begins", "scopes", "expires", "used"]
    shown = [[_cell(row[column]) for column in columns] for row in rows]
    print_table(columns, shown)
    return 0


def _cell(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(value)
    return "" if value is None else str(value)


@app.command
def add(
    name: str,
    *,
    data: Data,
    user: str,
    scope: tuple[Permission, ...],
    days: Annotated[int, Parameter(validator=Number(gte=1, lte=90))] = 30,
    database: str = "",
) -> int:
    """Make a token and print it: it is shown now and never again.

    Parameters
    ----------
    name
        What uses it.
    data
        The console's data folder.
    user
        In whose name.
    scope
        What it may do; may be given more than once.
    days
        After how many days it ends.
    database
        Its database, where that is not in the folder.
    """
    from frisket.console.auth.tokens import make_token

    with opened(data, database) as (store, log):
        account = found(store, user)
        details = {"name": name, "scopes": sorted(scope)}
        log.record(Act(WHO, "token.add", account.name, "done", details))
        life = timedelta(days=days)
        secret = make_token(store, account, name, scope, now=datetime.now(UTC), life=life)
    say("Keep it: it is not shown again.")
    sys.stdout.write(f"{secret}\n")
    return 0


@app.command
def revoke(token: int, *, data: Data, database: str = "") -> int:
    """End a token at once.

    Parameters
    ----------
    token
        Its number, as `frisket token list` shows it.
    data
        The console's data folder.
    database
        Its database, where that is not in the folder.
    """
    from frisket.console.auth.tokens import revoke_token

    with opened(data, database) as (store, log):
        log.record(Act(WHO, "token.revoke", f"token {token}"))
        if not revoke_token(store, token):
            raise UsageError(f"there is no token {token}")
    return 0
