"""`/drift`: which settings moved away from what was accepted, what explains it, and what to do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from starlette.responses import Response

from frisket.audit.capture import read_capture
from frisket.console.faults import NotFound
from frisket.console.page import Menu, Page, Visit
from frisket.console.pages.changes import started
from frisket.console.pages.device import found as found_device
from frisket.console.pages.devices import sites_of
from frisket.errors import UsageError
from frisket.fleet.change_source import Source
from frisket.fleet.drift import FLAPPING, DriftState
from frisket.fleet.drifting import Drifting
from frisket.fleet.results import text_of
from frisket.fleet.roles import Permission
from frisket.model.reading import Readings
from frisket.store.audits import Audits
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


def _readings(visit: Visit, device_id: int) -> Readings:
    """Return what the last audit read of a device. Raises `UsageError`."""
    results = Audits(visit.services.database).results(device_id)
    if not results:
        raise UsageError("it was not audited yet")
    newest = max(results, key=lambda result: result.at)
    catalog = visit.services.crew.content.catalog
    return read_capture(text_of(newest.readings), "the last audit", catalog).readings


def settle(visit: Visit) -> Response:
    """Accept a drift, waive it, or have the accepted value put back."""
    row = Drifts(visit.services.database).find(visit.number("id"))
    if row is None or not visit.may(Permission.SEE_FLEET, row.site_id):
        raise NotFound
    visit.need(Permission.PLAN_CHANGES, row.site_id)
    what, who = visit.form.one("what"), visit.person.name
    database, catalog = visit.services.database, visit.services.crew.content.catalog
    details = {"key": row.key, "was": row.was, "now": row.now}
    reason = visit.form.one("reason")[:300]
    stored = Drifts(database)
    if what == "accept":
        visit.record("drift.accept", row.device_key, reason=reason, **details)
        readings = _readings(visit, row.device_id)
        Drifting(database, catalog).accept(row.device_id, readings, row.key, who)
    elif what == "waive":
        if not reason:
            raise UsageError("say why it may stay so")
        visit.record("drift.waive", row.device_key, reason=reason, **details)
        stored.settle(row.id, DriftState.WAIVED.value, who)
    elif what == "re-apply":
        visit.record("drift.re-apply", row.device_key, **details)
        answer = started(
            visit,
            Source("accepted", "", (row.key,)),
            {"ids": [row.device_id]},
            [row.site_id],
        )
        stored.settle(row.id, DriftState.REAPPLIED.value, who)
        return answer
    else:
        raise UsageError("nothing is chosen to be done")
    return visit.go(f"/devices/{row.device_id}#drift", visit.text("Done."))


def accept_all(visit: Visit) -> Response:
    """Take all that the last audit read of a device as accepted."""
    device = found_device(visit, Permission.PLAN_CHANGES)
    readings = _readings(visit, device.id)
    visit.record("drift.accept-all", device.key)
    drifting = Drifting(visit.services.database, visit.services.crew.content.catalog)
    drifting.accept_all(device.id, readings, device.firmware, visit.person.name, visit.now)
    return visit.go(f"/devices/{device.id}#drift", visit.text("Its present state is accepted."))


PAGES = (
    Page("GET", "/drift", drift, Permission.SEE_FLEET, Menu("Drift", "activity", 50, "r")),
    Page("POST", "/drift/{id}", settle, Permission.PLAN_CHANGES),
    Page("GET", "/devices/{id}/drift", part, Permission.SEE_FLEET),
    Page("POST", "/devices/{id}/drift", accept_all, Permission.PLAN_CHANGES),
)
