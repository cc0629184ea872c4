"""`/login/with/…` and `/login/back/…`: in by way of an identity provider."""

from __future__ import annotations

from typing import Final

from starlette.responses import RedirectResponse, Response

from frisket.console.auth.doors import LoginRefused
from frisket.console.auth.oidc import Oidc
from frisket.console.auth.providers import Provider
from frisket.console.faults import Fault, NotFound
from frisket.console.page import ANYONE, Page, Visit, local
from frisket.console.pages.login import enter, knock_of
from frisket.errors import LinkError

_COOKIE: Final = "__Host-oidc"


def _asked(visit: Visit) -> tuple[Oidc, Provider]:
    services = visit.services
    provider = services.providers.get(visit.path["provider"])
    if provider is None:
        raise NotFound
    return Oidc(services.database, services.log, services.settings), provider


def begin(visit: Visit) -> Response:
    """Send the browser to the provider."""
    oidc, provider = _asked(visit)
    try:
        to = local(visit.form.one("next", "/"))
        begun = oidc.begin(provider, to, visit.now, again=visit.form.on("again"))
    except LinkError as fault:
        raise Fault(visit.text("The identity provider cannot be asked: ") + str(fault)) from fault
    answer = RedirectResponse(begun.address, 303)
    answer.set_cookie(
        _COOKIE, begun.cookie, max_age=600, secure=True, httponly=True, samesite="lax", path="/"
    )
    return answer


def come_back(visit: Visit) -> Response:
    """Let in whom the provider knows and whose groups have a role here."""
    oidc, provider = _asked(visit)
    sent = {name: visit.form.one(name) for name in ("state", "code", "iss") if visit.form.on(name)}
    cookie = visit.request.cookies.get(_COOKIE, "")
    try:
        came = oidc.finish(provider, sent, cookie, visit.now)
    except (LoginRefused, LinkError) as fault:
        visit.services.doors.refuse("-", knock_of(visit), f"oidc {provider.name}")
        raise Fault(visit.text("That login did not work: ") + str(fault)) from fault
    method = "oidc+strong" if came.strong else "oidc"
    doors, before = visit.services.doors, visit.who.session if visit.who else None
    opened = doors.open(
        came.account,
        method,
        knock_of(visit),
        instead_of=before.id if before else "",
        proved=came.proved,
    )
    answer = enter(visit, opened, came.after)
    answer.delete_cookie(_COOKIE, path="/", secure=True, httponly=True, samesite="lax")
    return answer


PAGES = (
    Page("GET", "/login/with/{provider}", begin, ANYONE),
    Page("GET", "/login/back/{provider}", come_back, ANYONE),
)
