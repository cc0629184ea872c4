"""`/device-logins`: logins to devices by site or group: set and replaced here, never shown."""

from __future__ import annotations

from starlette.responses import Response

from frisket.console.page import Menu, Page, Visit
from frisket.errors import UsageError
from frisket.fleet.asked import fresh_mark
from frisket.fleet.logins import FIELDS, set_login
from frisket.fleet.roles import Permission
from frisket.store.inventory import Inventory
from frisket.store.logins import StoredLogins

_EDIT = Permission.EDIT_SITES


def _names(visit: Visit) -> dict[str, str]:
    """Return every scope that the visitor may set a login for, with its name."""
    inventory, where = Inventory(visit.services.database), visit.reach(_EDIT)
    names = {f"site:{s.id}": s.name for s in inventory.sites() if s.id in where}
    if where.everywhere:
        names[""] = visit.text("Everywhere else")
        names |= {f"group:{group.name}": group.name for group in inventory.groups()}
    return names


def show(visit: Visit) -> Response:
    """Say for which sites and groups a login is set; not what it is."""
    names = _names(visit)
    stored = StoredLogins(visit.services.database).all()
    rows = [row for row in stored if row.scope in names]
    return visit.page(
        "logins.html",
        rows=rows,
        names=names,
        chosen=visit.form.one("scope"),
        everywhere=visit.reach(_EDIT).everywhere,
    )


def _scope(visit: Visit) -> str:
    scope = visit.form.one("scope")
    if scope not in _names(visit):
        raise UsageError("choose a site or a group")
    return scope


def _site_of(scope: str) -> int | None:
    kind, _, number = scope.partition(":")
    return int(number) if kind == "site" and number.isdigit() else None


def put(visit: Visit) -> Response:
    """Seal a login; what was set there before is gone."""
    scope = _scope(visit)
    fields = {name: visit.form.raw(name) for name in FIELDS if visit.form.raw(name)}
    visit.record("login.set", scope or "everywhere", site_id=_site_of(scope), fields=sorted(fields))
    stored = StoredLogins(visit.services.database)
    set_login(stored, scope, fields, visit.person.name, visit.now)
    return visit.go("/device-logins", visit.text("The login is sealed."))


def drop(visit: Visit) -> Response:
    """Forget a login."""
    scope = _scope(visit)
    visit.record("login.forget", scope or "everywhere", site_id=_site_of(scope))
    StoredLogins(visit.services.database).drop(scope)
    return visit.go("/device-logins", visit.text("The login is forgotten."))


def rotate(visit: Visit) -> Response:
    """Have all logins wrapped for a new key."""
    if not visit.reach(_EDIT).everywhere:
        visit.need(_EDIT, -1)
    visit.record("login.rotate")
    flow = f"rotate:{visit.person.name}:{fresh_mark(visit.now)}"
    visit.services.jobs.start("rotate", flow)
    return visit.go("/device-logins", visit.text("A new key is being put in."))


PAGES = (
    Page(
        "GET",
        "/device-logins",
        show,
        _EDIT,
        Menu("Device logins", "key", 805, group="Administration"),
    ),
    Page("POST", "/device-logins", put, _EDIT, fresh=True),
    Page("POST", "/device-logins/forget", drop, _EDIT, fresh=True),
    Page("POST", "/device-logins/rotate", rotate, _EDIT, fresh=True),
)
