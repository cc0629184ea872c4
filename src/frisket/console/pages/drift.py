"""`/drift`: which settings moved away from what was accepted, what explains it, and what to do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from starlette.responses import Response

from frisket.console.faults import NotFound
from frisket.console.page import Menu, Page, Visit
from frisket.console.pages.changes import keeper, planned
from frisket.console.pages.device import found as found_device
from frisket.console.pages.devices import sites_of
from frisket.errors import UsageError
from frisket.fleet.drift import FLAPPING
from frisket.fleet.roles import Permission
from frisket.fleet.settling import Settling
from frisket.store.drifts import Drifts

CAUSES: Final = ("unknown", "ours", "firmware", "restart")
_STATES: Final = ("open", "waived", "re-applied", "accepted", "gone")


def drift(visit: Visit) -> Response:
    """Show what has moved on the devices that the visitor may see."""
    sites = sites_of(visit.reach(Permission.SEE_FLEET))
    stored, form = Drifts(visit.services.database), visit.form
    state = form.one("state", "open")
    cause = form.one("cause")
    flapping = form.on("flapping")
    rows = stored.open(
        sites,
        state=state if state in _STATES else "open",
        cause=cause if cause in CAUSES else "",
        flips=FLAPPING if flapping else 0,
    )
    return visit.page(
        "drift.html",
        rows=rows,
        labels=_labels(visit, rows),
        counts=stored.counts(sites),
        chosen=cause,
        state=state,
        states=_STATES,
        causes=CAUSES,
        flapping=flapping,
        most=FLAPPING,
    )


def _labels(visit: Visit, rows: Sequence[Any]) -> dict[str, str]:
    catalog = visit.services.crew.content.catalog
    return {row.key: catalog[row.key].label for row in rows if row.key in catalog}


def part(visit: Visit) -> Response:
    """Show one device's drift, as a part of its page."""
    device = found_device(visit)
    stored = Drifts(visit.services.database)
    rows = stored.of_device(device.id, settled=True)
    catalog = visit.services.crew.content.catalog
    return visit.page(
        "device_drift.html",
        device=device,
        rows=rows,
        labels=_labels(visit, rows),
        accepted=stored.accepted(device.id, catalog),
        most=FLAPPING,
    )


def _settling(visit: Visit) -> Settling:
    return Settling(visit.services.database, visit.services.crew.content.catalog)


def settle(visit: Visit) -> Response:
    """Accept a drift, waive it, or have the accepted value put back."""
    row = Drifts(visit.services.database).find(visit.number("id"))
    if row is None or not visit.may(Permission.SEE_FLEET, row.site_id):
        raise NotFound
    visit.need(Permission.PLAN_CHANGES, row.site_id)
    what, who = visit.form.one("what"), visit.person.name
    details = {"key": row.key, "was": row.was, "now": row.now}
    reason = visit.form.one("reason")[:300]
    if what == "accept":
        visit.record("drift.accept", row.device_key, site_id=row.site_id, reason=reason, **details)
        _settling(visit).accept(row, who)
    elif what == "waive":
        visit.record("drift.waive", row.device_key, site_id=row.site_id, reason=reason, **details)
        _settling(visit).waive(row, reason, who)
    elif what == "re-apply":
        visit.record("drift.re-apply", row.device_key, site_id=row.site_id, **details)
        return planned(visit, _settling(visit).reapply(row, keeper(visit), who))
    else:
        raise UsageError("nothing is chosen to be done")
    return visit.go(f"/devices/{row.device_id}#drift", visit.text("Done."))


def accept_all(visit: Visit) -> Response:
    """Take all that the last audit read of a device as accepted."""
    device = found_device(visit, Permission.PLAN_CHANGES)
    visit.record("drift.accept-all", device.key, site_id=device.site_id)
    _settling(visit).accept_all(device, visit.person.name, visit.now)
    return visit.go(f"/devices/{device.id}#drift", visit.text("Its present state is accepted."))


PAGES = (
    Page("GET", "/drift", drift, Permission.SEE_FLEET, Menu("Drift", "activity", 50, "r")),
    Page("POST", "/drift/{id}", settle, Permission.PLAN_CHANGES),
    Page("GET", "/devices/{id}/drift", part, Permission.SEE_FLEET),
    Page("POST", "/devices/{id}/drift", accept_all, Permission.PLAN_CHANGES),
)
