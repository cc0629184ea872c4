"""`/devices/{id}`: everything that is known of one device."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from starlette.responses import Response

from frisket.audit.capture import read_capture
from frisket.catalog.load import Catalog
from frisket.console.faults import NotFound
from frisket.console.page import Page, Visit
from frisket.errors import CaptureError, UsageError
from frisket.fleet.accepting import ABOUT
from frisket.fleet.asked import Asker, fresh_mark, start_audit
from frisket.fleet.dispatch import next_runs
from frisket.fleet.life import STATES, is_asked
from frisket.fleet.outside import certificate, services
from frisket.fleet.results import text_of, unpacked
from frisket.fleet.roles import Permission
from frisket.fleet.witnesses import lines
from frisket.fleet.words import Words
from frisket.model.reading import Readings, Witness
from frisket.store.audits import Audits
from frisket.store.changes import Changes
from frisket.store.inventory import Inventory
from frisket.store.reported import Reported, Who
from frisket.store.schedules import Schedules
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
    catalog = visit.services.crew.content.catalog
    read = _read(result, catalog)
    return visit.page(
        "device.html",
        device=row,
        results=results,
        result=result,
        findings=findings,
        told=list(lines(read, catalog)),
        services=services(read, catalog),
        certificate=certificate(read, visit.now),
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


def _read(result: Any | None, catalog: Catalog) -> Readings:
    """Return what an audit read."""
    if result is None:
        return Readings()
    try:
        return read_capture(text_of(result.readings), "the last audit", catalog).readings
    except CaptureError:
        # Kept by an older version, whose catalogue allowed what this one does not.
        return Readings()


def work(visit: Visit) -> Response:
    """Show what is done with a device and what people said of it, as a part of its page."""
    row = found(visit)
    crew = visit.services.crew
    content = crew.content
    said = crew.words(content, [row.id]).get(row.id, Words())
    database = visit.services.database
    return visit.page(
        "device_work.html",
        device=row,
        results=Audits(database).results(row.id),
        changes=_changes(visit, row),
        upcoming=_upcoming(visit, row),
        attestations=said.attestations,
        waivers=said.waivers,
        rules=content.rules,
        labels={one.key: one.label for one in content.catalog},
    )


def _changes(visit: Visit, row: Any) -> list[Any]:
    """Return the changes that the device was part of; of those at other sites the visitor's own."""
    where = visit.reach(Permission.SEE_FLEET)
    listed = Changes(visit.services.database).of_device(row.id)
    return [one for one in listed if all(site in where for site in one.sites)]


def _upcoming(visit: Visit, row: Any) -> list[tuple[str, Any]]:
    """Return what is next at the device's site: task and moment; nothing for a retired one."""
    if not is_asked(row.state):
        return []
    mine = (s for s in Schedules(visit.services.database).all() if s.site_id == row.site_id)
    return [(one.task, tick) for one in mine for tick in next_runs(one, visit.now, 1)]


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
            visit.record("device.notes", row.key, site_id=row.site_id)
            inventory.change_device(row.id, {"notes": form.raw("notes")[:10_000]})
        case "state" if form.one("state") in set(STATES):
            visit.record("device.state", row.key, site_id=row.site_id, state=form.one("state"))
            inventory.change_state([row.id], form.one("state"))
        case "tag" if form.one("label"):
            visit.record("devices.tag", form.one("label")[:60], site_id=row.site_id, devices=1)
            inventory.tag([row.id], form.one("label")[:60])
        case "untag":
            visit.record("devices.untag", form.one("label")[:60], site_id=row.site_id, devices=1)
            inventory.untag([row.id], form.one("label")[:60])
        case "alarm":
            visit.record("alarm.clear", row.key, site_id=row.site_id, alarm=form.number("alarm"))
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
    visit.record("audit.start", row.key, site_id=row.site_id, baseline=baseline)
    who = Asker(visit.person.name, fresh_mark(visit.now))
    start_audit(visit.services.jobs, who, baseline, [row.id])
    return visit.go(f"/devices/{row.id}", visit.text("The audit has begun."))


PAGES = (
    Page("GET", "/devices/{id}", device, Permission.SEE_FLEET),
    Page("POST", "/devices/{id}", change, Permission.EDIT_DEVICES),
    Page("GET", "/devices/{id}/work", work, Permission.SEE_FLEET),
    Page("POST", "/devices/{id}/audit", audit, Permission.RUN_AUDIT),
)
