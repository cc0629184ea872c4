"""`/devices/{id}/identity`: who our logins know a device as, who answers now, and what is right."""

from __future__ import annotations

from starlette.responses import Response

from frisket.console.page import Page, Visit
from frisket.console.pages.device import found
from frisket.errors import UsageError
from frisket.fleet.accepting import ABOUT, Accepting, digest_of, marks_of
from frisket.fleet.roles import Permission
from frisket.store.inventory import Inventory


def keeper(visit: Visit) -> Accepting:
    """Return what decides on identities."""
    services = visit.services
    return Accepting(services.database, services.log, services.clock)


def identity(visit: Visit) -> Response:
    """Show a device's marks, side by side, and what may be decided on them."""
    row, accepting = found(visit), keeper(visit)
    inventory = Inventory(visit.services.database)
    kinds = {one.value for one in ABOUT}
    marks = marks_of(row, accepting.known(row.id))
    return visit.page(
        "identity.html",
        device=row,
        marks=[one for one in marks if one.known or one.seen],
        alarms=[alarm for alarm in inventory.alarms(row.id) if alarm.kind in kinds],
        successor=accepting.successor(row),
        seen=digest_of(row),
        may_accept=visit.may(Permission.ACCEPT_IDENTITY, row.site_id),
    )


def accept(visit: Visit) -> Response:
    """Accept what is seen, or who stands in its place."""
    row, form = found(visit, Permission.ACCEPT_IDENTITY), visit.form
    accepting, who = keeper(visit), visit.person.name
    match form.one("what"):
        case "same":
            if form.one("typed").casefold() != (row.serial or row.address).casefold():
                raise UsageError("type the serial number that stands on the device")
            accepting.accept(row.id, form.one("seen"), who)
            return visit.go(
                f"/devices/{row.id}", visit.text("Its identity is accepted, in your name.")
            )
        case "replaced":
            other = form.number("other")
            accepting.replace(row.id, form.one("seen"), other, who)
            return visit.go(
                f"/devices/{other}", visit.text("It has taken its place; the old one is retired.")
            )
        case _:
            raise UsageError("nothing is chosen to be done")


PAGES = (
    Page("GET", "/devices/{id}/identity", identity, Permission.SEE_FLEET),
    Page("POST", "/devices/{id}/identity", accept, Permission.ACCEPT_IDENTITY, fresh=True),
)
