"""`/profile`: what belongs to the person: language, zone, theme, and the ways to log in."""

from __future__ import annotations

from zoneinfo import available_timezones

from starlette.responses import Response

from frisket.console.auth.passkeys import drop_passkey, passkeys_of
from frisket.console.auth.tokens import tokens_of
from frisket.console.faults import Fault, NotFound
from frisket.console.page import Page, Visit
from frisket.console.pages.factor import end_others
from frisket.console.pages.login import enter, knock_of
from frisket.console.render import THEME
from frisket.fleet.roles import Permission

_THEMES = ("auto", "light", "dark")
_OWN = Permission.OWN_ACCOUNT


def show(visit: Visit) -> Response:
    """Show everything about the person's own account."""
    return _page(visit)


def _page(visit: Visit, status: int = 200, fault: str = "") -> Response:
    services, account = visit.services, visit.person.account
    return visit.page(
        "profile.html",
        status=status,
        account=account,
        grants=visit.person.grants,
        passkeys=passkeys_of(services.database, account.id),
        tokens=tokens_of(services.database, account.id),
        sessions=services.sessions.of(account.id),
        current=visit.person.session,
        zones=sorted(available_timezones()),
        themes=_THEMES,
        fault=visit.text(fault) if fault else "",
    )


def looks(visit: Visit) -> Response:
    """Keep theme, zone, language and whether single keys do something."""
    form = visit.form
    theme, zone, language = form.one("theme"), form.one("zone"), form.one("language")
    if theme not in _THEMES or (zone and zone not in available_timezones()):
        raise Fault("There is no such theme or zone.")
    visit.services.accounts.change(
        visit.person.account.id,
        theme=theme,
        zone=zone,
        language=language[:20],
        shortcuts=form.on("shortcuts"),
        shown=form.one("shown")[:200],
    )
    answer = visit.go("/profile", visit.text("Kept."))
    # The way in looks the same before anybody has logged in.
    answer.set_cookie(
        THEME, theme, max_age=31_536_000, secure=True, httponly=True, samesite="lax", path="/"
    )
    return answer


def password(visit: Visit) -> Response:
    """Change the password; the person's other sessions end."""
    services, account, form = visit.services, visit.person.account, visit.form
    new = form.raw("password")
    about = (account.name, account.shown, account.mail, services.settings.host)
    fault = services.passwords.fault(new, about)
    if form.raw("again") != new:
        fault = "This is another password."
    if fault:
        return _page(visit, 422, fault)
    visit.record("password", account.name)
    hashed = services.passwords.hash(new)
    services.accounts.change(account.id, password=hashed, password_changed=visit.now)
    services.sessions.end_all(account.id)
    method = visit.person.session.method if visit.person.session else "password"
    return enter(visit, services.doors.open(account, method, knock_of(visit)), "/profile")


def end_session(visit: Visit) -> Response:
    """End one of the person's sessions, or all but this one."""
    visit.record("session.end", visit.person.name)
    if visit.form.on("others"):
        end_others(visit)
        return visit.go("/profile#sessions", visit.text("All other sessions are over."))
    visit.services.sessions.end(visit.form.one("session"), visit.person.account.id)
    return visit.go("/profile#sessions", visit.text("That session is over."))


def remove_passkey(visit: Visit) -> Response:
    """Forget a passkey."""
    account = visit.person.account
    mine = passkeys_of(visit.services.database, account.id)
    number = visit.form.number("passkey")
    if number not in {one.id for one in mine}:
        raise NotFound
    if len(mine) == 1 and not account.password and not account.subject:
        raise Fault("This passkey is the only way into your account.")
    visit.record("passkey.remove", account.name)
    drop_passkey(visit.services.database, account.id, number)
    end_others(visit)
    return visit.go("/profile#passkeys", visit.text("The passkey is forgotten."))


PAGES = (
    Page("GET", "/profile", show, _OWN),
    Page("POST", "/profile", looks, _OWN),
    Page("POST", "/profile/password", password, _OWN, fresh=True),
    Page("POST", "/profile/sessions/end", end_session, _OWN, fresh=True),
    Page("POST", "/profile/passkeys/remove", remove_passkey, _OWN, fresh=True),
)
