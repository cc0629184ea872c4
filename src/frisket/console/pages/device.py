"""`/devices/{id}`: everything that is known of one device."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from starlette.responses import Response

from frisket.audit.capture import read_capture
from frisket.console.faults import NotFound
from frisket.console.page import Page, Visit
from frisket.errors import CaptureError, UsageError
from frisket.fleet.accepting import ABOUT
from frisket.fleet.asked import Asker, fresh_mark, start_audit
from frisket.fleet.life import STATES
from frisket.fleet.results import text_of, unpacked
from frisket.fleet.roles import Permission
from frisket.fleet.witnesses import Line, lines
from frisket.model.reading import Witness
from frisket.store.audits import Audits
from frisket.store.inventory import Inventory
from frisket.store.reported import Reported, Who
from frisket.telemetry.gateway.metrics import Metrics
from frisket.telemetry.gateway.view import Views

_RANK: Final[Mapping[str, int]] = {
    name: rank
    for rank, name in enumerate(
        ("fail", "disputed", "unknown", "manual", "waived", "pass", "not-applicable")
    )
}
_SEVERE: Final[Mapping[str, int]] = {"high": 0, "medium": 1, "low": 2}


def found(visit: Visit, permission: Permission = Permission.SEE_FLEET) -> Any:
    """Return the device of the path. Raises `NotFound`, also where the visitor may not see it."""
    row = Inventory(visit.services.database).device(visit.number("id"))
    if row is None or not visit.may(Permission.SEE_FLEET, row.site_id):
        raise NotFound
    visit.need(permission, row.site_id)
    return row


def device(visit: Visit) -> Response:
    """Show one device."""
    row = found(visit)
    database = visit.services.database
    audits, inventory = Audits(database), Inventory(database)
    results = audits.results(row.id)
    chosen = visit.form.one("baseline")
    result = next((r for r in results if r.baseline == chosen), results[0] if results else None)
    findings = sorted(unpacked(result.findings), key=_place) if result is not None else []
    return visit.page(
        "device.html",
        device=row,
        results=results,
        result=result,
        findings=findings,
        told=_told(visit, result),
        now=_reported(visit, row),
        history=audits.history(row.id, 50),
        addresses=inventory.addresses(row.id),
        alarms=inventory.alarms(row.id),
        about_identity={one.value for one in ABOUT},
        tags=inventory.tags(row.id),
        witnesses=list(Witness),
        tab=visit.form.one("tab", "findings"),
    )


def _place(finding: Mapping[str, Any]) -> tuple[int, int, str, str]:
    return (
        _RANK.get(finding["verdict"], 9),
        _SEVERE.get(finding["severity"], 9),
        finding["consideration"],
        finding["rule"],
    )


def _told(visit: Visit, result: Any | None) -> list[Line]:
    """Return every setting with its witnesses, as the newest audit read them."""
    if result is None:
        return []
    catalog = visit.services.crew.content.catalog
    try:
        capture = read_capture(text_of(result.readings), "the last audit", catalog)
    except CaptureError:
        # Kept by an older version, whose catalogue allowed what this one does not.
        return []
    return list(lines(capture.readings, catalog))


def _reported(visit: Visit, row: Any) -> Any:
    """Return the device's newest sample, None where it never reported."""
    database = visit.services.database
    who = Who(
        row.id, row.site_id, row.site, "", row.key, row.serial, row.model, row.name, row.address
    )
    [now] = Views(Reported(database), Metrics(database)).now([who])
    return now if now.sample is not None else None


def change(visit: Visit) -> Response:
    """Change what people say of a device: state, tags, notes."""
    row = found(visit, Permission.EDIT_DEVICES)
    inventory, form = Inventory(visit.services.database), visit.form
    back = f"/devices/{row.id}"
    match form.one("what"):
        case "notes":
            visit.record("device.notes", row.key)
            inventory.change_device(row.id, {"notes": form.raw("notes")[:10_000]})
        case "state" if form.one("state") in set(STATES):
            visit.record("device.state", row.key, state=form.one("state"))
            inventory.change_state([row.id], form.one("state"))
        case "tag" if form.one("label"):
            visit.record("devices.tag", form.one("label")[:60], devices=1)
            inventory.tag([row.id], form.one("label")[:60])
        case "untag":
            visit.record("devices.untag", form.one("label")[:60], devices=1)
            inventory.untag([row.id], form.one("label")[:60])
        case "alarm":
            visit.record("alarm.clear", row.key, alarm=form.number("alarm"))
            known = {alarm.id for alarm in inventory.alarms(row.id)}
            if form.number("alarm") in known:
                inventory.clear_alarm(form.number("alarm"), visit.person.name, visit.now)
        case _:
            raise UsageError("nothing is chosen to be done")
    return visit.go(back, visit.text("Done."))


def audit(visit: Visit) -> Response:
    """Audit this one device now."""
    row = found(visit, Permission.RUN_AUDIT)
    baseline = visit.form.one("baseline") or "small-office"
    visit.services.crew.content.baseline(baseline)
    visit.record("audit.start", row.key, baseline=baseline)
    who = Asker(visit.person.name, fresh_mark(visit.now))
    start_audit(visit.services.jobs, who, baseline, [row.id])
    return visit.go(f"/devices/{row.id}", visit.text("The audit has begun."))


PAGES = (
    Page("GET", "/devices/{id}", device, Permission.SEE_FLEET),
    Page("POST", "/devices/{id}", change, Permission.EDIT_DEVICES),
    Page("POST", "/devices/{id}/audit", audit, Permission.RUN_AUDIT),
)
