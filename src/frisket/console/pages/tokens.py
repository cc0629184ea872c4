"""`/profile/tokens`: tokens for programs: made, shown once, revoked."""

from __future__ import annotations

from datetime import timedelta

from starlette.responses import Response

from frisket.console.auth.tokens import make_token, revoke_token
from frisket.console.faults import NotFound
from frisket.console.page import Page, Visit
from frisket.errors import UsageError
from frisket.fleet.roles import PERSONS_ONLY, Permission

_OWN = Permission.OWN_ACCOUNT
_DAYS = (7, 30, 90)


def show(visit: Visit) -> Response:
    """Show the form."""
    return _form(visit, "")


def _form(visit: Visit, fault: str) -> Response:
    scopes = [p for p in Permission if p not in PERSONS_ONLY and visit.may(p)]
    return visit.page(
        "token.html",
        status=422 if fault else 200,
        scopes=scopes,
        days=_DAYS,
        fault=fault,
        name=visit.form.one("name"),
        chosen=visit.form.all("scope"),
    )


def make(visit: Visit) -> Response:
    """Make a token and show it."""
    form, services = visit.form, visit.services
    known = {permission.value: permission for permission in Permission}
    scopes = [known[name] for name in form.all("scope") if name in known]
    life = timedelta(days=form.number("days", 30, least=1, most=services.settings.token_most.days))
    name = form.one("name")[:100]
    visit.record("token.add", visit.person.name, name=name, scopes=sorted(scopes))
    try:
        account = visit.person.account
        secret = make_token(services.database, account, name, scopes, now=visit.now, life=life)
    except UsageError as fault:
        return _form(visit, str(fault))
    return visit.page("token_made.html", secret=secret, name=name)


def revoke(visit: Visit) -> Response:
    """End a token of the person's own."""
    visit.record("token.revoke", visit.person.name)
    database, account = visit.services.database, visit.person.account.id
    if not revoke_token(database, visit.form.number("token"), account):
        raise NotFound
    return visit.go("/profile#tokens", visit.text("The token is revoked."))


PAGES = (
    Page("GET", "/profile/tokens", show, _OWN, fresh=True),
    Page("POST", "/profile/tokens", make, _OWN, fresh=True),
    Page("POST", "/profile/tokens/revoke", revoke, _OWN),
)
