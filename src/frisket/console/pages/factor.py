"""`/factor`: who came in with a password alone, and needs more, shows or adds a second factor."""

from __future__ import annotations

from starlette.responses import Response

from frisket.console.auth.passkeys import passkeys_of
from frisket.console.auth.strength import lacks_factor
from frisket.console.faults import FactorNeeded
from frisket.console.page import Page, Visit, local
from frisket.fleet.roles import Permission


def _has_passkey(visit: Visit) -> bool:
    return bool(passkeys_of(visit.services.database, visit.person.account.id))


def _lacks(visit: Visit) -> bool:
    return lacks_factor(visit.person, visit.services.settings.factor_rule)


def may_add_factor(visit: Visit) -> None:
    """Go on unless a factor is there that was not shown. Raises `FactorNeeded`.

    Whoever has only got hold of a password must not add a passkey of their own with it.
    """
    has = visit.person.account.totp or _has_passkey(visit)
    if has and _lacks(visit):
        raise FactorNeeded


def end_others(visit: Visit) -> None:
    """End every session of the person but this one."""
    mine = visit.person.session
    visit.services.sessions.end_all(visit.person.account.id, but=mine.id if mine else "")


def show(visit: Visit) -> Response:
    """Say which second factor is missing, and how it is shown or added."""
    to = local(visit.form.one("next", "/"))
    if not _lacks(visit):
        return visit.go("/profile" if to == "/" else to)
    return visit.page("factor.html", next=to, has_passkey=_has_passkey(visit))


PAGES = (Page("GET", "/factor", show, Permission.OWN_ACCOUNT, bare=True),)
