"""Passkeys over JSON: what the script of a page asks, to register one and to log in with one."""

from __future__ import annotations

import json
from typing import Any

from starlette.responses import JSONResponse, Response

from frisket.console.auth.doors import LoginRefused
from frisket.console.auth.passkeys import Passkeys
from frisket.console.faults import Fault
from frisket.console.page import ANYONE, Page, Visit, local
from frisket.console.pages.factor import may_add_factor
from frisket.console.pages.login import give, knock_of
from frisket.fleet.roles import Permission

_OWN = Permission.OWN_ACCOUNT


def passkeys(visit: Visit) -> Passkeys:
    """Return the passkeys of this console."""
    services = visit.services
    return Passkeys(services.database, services.accounts, services.settings)


def sent(visit: Visit) -> dict[str, Any]:
    """Return the JSON that was sent. Raises `Fault`."""
    try:
        found = json.loads(visit.form.body)
    except (ValueError, RecursionError):
        raise Fault("This is not JSON.") from None
    if not isinstance(found, dict) or not isinstance(found.get("credential", {}), dict):
        raise Fault("This is no passkey.")
    return found


def offer(visit: Visit) -> Response:
    """Tell the browser how to make a passkey."""
    may_add_factor(visit)
    return JSONResponse(passkeys(visit).offer(visit.person.account, visit.now))


def register(visit: Visit) -> Response:
    """Keep the passkey that was made."""
    found = sent(visit)
    may_add_factor(visit)
    visit.record("passkey.add", visit.person.name)
    account, name = visit.person.account, str(found.get("name", ""))
    passkeys(visit).register(account, found.get("credential", {}), name, visit.now)
    answer = JSONResponse({"kept": True})
    # The other sessions end: they may be of somebody who got in without this factor.
    give(answer, visit.services.doors.strengthen(visit.person, "passkey", knock_of(visit)).secret)
    return answer


def ask(visit: Visit) -> Response:
    """Tell the browser to show a passkey."""
    return JSONResponse(passkeys(visit).ask(visit.now))


def log_in(visit: Visit) -> Response:
    """Let in whose passkey was shown."""
    found = sent(visit)
    doors = visit.services.doors
    try:
        account = passkeys(visit).check(found.get("credential", {}), visit.now)
    except LoginRefused:
        doors.refuse("-", knock_of(visit), "passkey")
        raise Fault("This passkey is not known here, or it took too long.") from None
    now = visit.who.session.id if visit.who and visit.who.session else ""
    opened = doors.open(account, "passkey", knock_of(visit), instead_of=now)
    answer = JSONResponse({"next": local(str(found.get("next", "/")))})
    give(answer, opened.secret)
    return answer


PAGES = (
    Page("POST", "/profile/passkeys/options", offer, _OWN, fresh=True, bare=True),
    Page("POST", "/profile/passkeys", register, _OWN, fresh=True, bare=True),
    Page("POST", "/login/passkey/options", ask, ANYONE),
    Page("POST", "/login/passkey", log_in, ANYONE),
)
