"""`/welcome/…`: a person sets a password over a link that works once."""

from __future__ import annotations

from starlette.responses import Response

from frisket.console.faults import NotFound
from frisket.console.page import ANYONE, Page, Visit
from frisket.console.pages.login import enter, knock_of
from frisket.fleet.acts.accounts import LINK
from frisket.fleet.chain import Act
from frisket.store.accounts import Account
from frisket.store.onetime import look, take

_OVER = "This link is over. Ask for a new one."


def _whose(visit: Visit) -> tuple[Account, bool]:
    """Return whose link it is, and whether it resets every other way in. Raises `NotFound`."""
    with visit.services.database.read() as connection:
        found = look(connection, visit.path["secret"], LINK, visit.now)
    account = visit.services.accounts.by_id(found.account) if found and found.account else None
    if found is None or account is None or account.disabled is not None:
        raise NotFound(_OVER)
    return account, bool(found.body.get("reset"))


def show(visit: Visit) -> Response:
    """Show the form while the link works."""
    return _form(visit, _whose(visit)[0], "")


def _form(visit: Visit, account: Account, fault: str) -> Response:
    return visit.page(
        "welcome.html",
        status=422 if fault else 200,
        account=account,
        secret=visit.path["secret"],
        fault=visit.text(fault) if fault else "",
    )


def enter_first(visit: Visit) -> Response:
    """Set the password, and log in."""
    services, form = visit.services, visit.form
    account, reset = _whose(visit)
    new = form.raw("password")
    fault = services.passwords.fault(
        new, (account.name, account.shown, account.mail, services.settings.host)
    )
    if form.raw("again") != new:
        fault = "This is another password."
    if fault:
        return _form(visit, account, fault)
    with services.database.write() as connection:
        if take(connection, visit.path["secret"], LINK, visit.now) is None:
            raise NotFound(_OVER)
        act = Act(account.name, "welcome", account.name, "done", {"reset": reset})
        services.log.record_within(connection, act)
    hashed = services.passwords.hash(new)
    services.accounts.change(account.id, password=hashed, password_changed=visit.now)
    if reset:
        # Whoever lost a key may have lost it to somebody: nothing of before opens any more.
        services.codes.drop(account)
        services.accounts.forget_ways_in(account.id, visit.now)
    return enter(visit, services.doors.open(account, "link", knock_of(visit)), "/profile")


PAGES = (
    Page("GET", "/welcome/{secret}", show, ANYONE),
    Page("POST", "/welcome/{secret}", enter_first, ANYONE),
)
