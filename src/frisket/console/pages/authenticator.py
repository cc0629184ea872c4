"""`/profile/authenticator`: the second factor by code: set up, proved, turned off."""

from __future__ import annotations

from starlette.responses import Response

from frisket.console.auth.totp import picture, setup_address
from frisket.console.page import Page, Visit
from frisket.console.pages.factor import end_others, may_add_factor
from frisket.console.pages.login import give, knock_of
from frisket.fleet.roles import Permission

_OWN = Permission.OWN_ACCOUNT


def offer(visit: Visit) -> Response:
    """Show a key to set up."""
    may_add_factor(visit)
    return _setup(visit, "")


def _setup(visit: Visit, fault: str) -> Response:
    account, services = visit.person.account, visit.services
    secret = services.codes.offered(account)
    address = setup_address(secret, account.name, services.settings.host)
    return visit.page(
        "authenticator.html",
        status=422 if fault else 200,
        secret=" ".join(secret[i : i + 4] for i in range(0, len(secret), 4)),
        picture=picture(address),
        fault=visit.text(fault) if fault else "",
    )


def accept(visit: Visit) -> Response:
    """Turn it on where the code is right; shows the codes for its loss, once."""
    account = visit.person.account
    may_add_factor(visit)
    visit.record("authenticator.add", account.name)
    kept = visit.services.codes.accept(account, visit.form.one("code"), visit.now)
    if not kept:
        return _setup(visit, "This code is not right. Take the one that is shown now.")
    answer = visit.page("recovery.html", codes=kept)
    give(answer, visit.services.doors.strengthen(visit.person, "code", knock_of(visit)).secret)
    return answer


def remove(visit: Visit) -> Response:
    """Turn it off."""
    visit.record("authenticator.remove", visit.person.name)
    visit.services.codes.drop(visit.person.account)
    end_others(visit)
    return visit.go("/profile", visit.text("The authenticator is turned off."))


PAGES = (
    Page("GET", "/profile/authenticator", offer, _OWN, fresh=True, bare=True),
    Page("POST", "/profile/authenticator", accept, _OWN, fresh=True, bare=True),
    Page("POST", "/profile/authenticator/remove", remove, _OWN, fresh=True),
)
