"""`/log-receivers`: the syslog servers that get the audit log's heads; two persons change them."""

from __future__ import annotations

from typing import Any, Final

from starlette.responses import Response

from frisket.console.faults import NotFound
from frisket.console.page import Menu, Page, Visit
from frisket.fleet.acts.log import ADD, DROP
from frisket.fleet.heads import MOST_RECEIVERS, read_place
from frisket.fleet.proposals import Proposals
from frisket.fleet.roles import Permission
from frisket.store.cosignatures import Receivers

_SEE: Final = Permission.SEE_USERS
_PROPOSE: Final = Permission.PROPOSE_USERS


def show(visit: Visit) -> Response:
    """Show who gets the heads, and how far each one has them."""
    visit.need(_SEE)
    return visit.page(
        "log_receivers.html",
        receivers=Receivers(visit.services.database).all(),
        newest=visit.services.log.newest(),
        most=MOST_RECEIVERS,
        may_propose=visit.reach(_PROPOSE).everywhere,
    )


def _propose(visit: Visit, kind: str, title: str, body: dict[str, Any]) -> Response:
    services, person = visit.services, visit.person
    keeper = Proposals(services.database, services.log, services.clock)
    number = keeper.propose(kind, title, body, person.account.id, person.name)
    return visit.go(f"/approvals/{number}", visit.text("It is proposed; a second person decides."))


def add(visit: Visit) -> Response:
    """Propose a server."""
    form = visit.form
    place = read_place(form.one("host"), form.one("port"), form.one("ca"))
    title = f"Send the audit log's heads to {place.host}:{place.port}"
    return _propose(visit, ADD, title, place._asdict())


def drop(visit: Visit) -> Response:
    """Propose to send nothing to a server any more."""
    wanted = visit.number("id")
    all_ = Receivers(visit.services.database).all()
    found = next((one for one in all_ if one.id == wanted), None)
    if found is None:
        raise NotFound
    body = {"id": found.id, "host": found.host, "port": found.port}
    title = f"Send the audit log's heads to {found.host}:{found.port} no more"
    return _propose(visit, DROP, title, body)


PAGES = (
    Page(
        "GET",
        "/log-receivers",
        show,
        _SEE,
        Menu("Log receivers", "send", 825, group="Administration"),
    ),
    Page("POST", "/log-receivers", add, _PROPOSE, fresh=True),
    Page("POST", "/log-receivers/{id}/drop", drop, _PROPOSE, fresh=True),
)
