"""`/first-run/…`: the link that the server prints, which makes the first account."""

from __future__ import annotations

from starlette.responses import Response

from frisket.console.auth.first_run import is_open, make_first
from frisket.console.faults import NotFound
from frisket.console.page import ANYONE, Page, Visit
from frisket.console.pages.login import enter, knock_of
from frisket.store.accounts import Fresh

_OVER = "This link is over. Start `frisket serve` again for a new one."


def fault_of_name(name: str) -> str:
    """Say what is wrong with a name to log in with, or nothing."""
    allowed = all(c.isalnum() or c in "._-@+" for c in name)
    if 2 <= len(name) <= 100 and allowed:
        return ""
    return "Use 2 to 100 letters, digits, and . _ - @ +"


def show(visit: Visit) -> Response:
    """Show the form while the link works."""
    if not is_open(visit.services.database, visit.path["secret"], visit.now):
        raise NotFound(_OVER)
    return _form(visit, {})


def _form(visit: Visit, faults: dict[str, str]) -> Response:
    all_faults = {"name": "", "password": "", "again": ""} | faults
    return visit.page(
        "first_run.html",
        status=422 if faults else 200,
        secret=visit.path["secret"],
        name=visit.form.one("name"),
        shown=visit.form.one("shown"),
        faults={key: visit.text(value) if value else "" for key, value in all_faults.items()},
    )


def make(visit: Visit) -> Response:
    """Make the account and log it in."""
    services, form = visit.services, visit.form
    name, password = form.one("name"), form.raw("password")
    faults = {
        "name": fault_of_name(name),
        "password": services.passwords.fault(
            password, (name, form.one("shown"), services.settings.host)
        ),
        "again": "" if form.raw("again") == password else "This is another password.",
    }
    found = {key: value for key, value in faults.items() if value}
    if not is_open(services.database, visit.path["secret"], visit.now):
        raise NotFound(_OVER)
    if found:
        return _form(visit, found)
    fresh = Fresh(name, form.one("shown")[:200], password=services.passwords.hash(password))
    account = make_first(services.database, services.log, visit.path["secret"], fresh, visit.now)
    opened = services.doors.open(account, "first-run", knock_of(visit))
    return enter(visit, opened, "/")


PAGES = (
    Page("GET", "/first-run/{secret}", show, ANYONE),
    Page("POST", "/first-run/{secret}", make, ANYONE),
)
