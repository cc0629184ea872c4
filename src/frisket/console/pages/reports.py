"""`/reports`: reports to file and to send, made aside and downloaded."""

from __future__ import annotations

from typing import Any, Final

from starlette.responses import Response

from frisket.console.faults import NotFound
from frisket.console.page import Menu, Page, Visit
from frisket.console.pages.devices import sites_of
from frisket.console.reported import download
from frisket.errors import UsageError
from frisket.fleet.reporting import MEDIA, Kind, Wish, forms_of, titled
from frisket.fleet.roles import Permission
from frisket.store.inventory import Inventory
from frisket.store.madereports import MadeReports

LABELS: Final = {
    Kind.EXECUTIVE: "Executive page",
    Kind.DEVICE: "Device sheet",
    Kind.EVIDENCE: "Evidence pack of a consideration",
    Kind.ORDERS: "Supplies to order",
    Kind.RESULTS: "All findings",
}
_PROOF: Final = frozenset({Kind.EVIDENCE, Kind.RESULTS})


def _may_read(visit: Visit, row: Any) -> bool:
    """Say whether the visitor may read a report: all of its sites, and evidence."""
    where = visit.reach(_needed(Kind(row.kind)))
    return where.everywhere if row.sites is None else all(site in where for site in row.sites)


def _needed(kind: Kind) -> Permission:
    return Permission.SEE_EVIDENCE if kind in _PROOF else Permission.SEE_FLEET


def reports(visit: Visit) -> Response:
    """Show the reports that were made and that the visitor may read."""
    store = MadeReports(visit.services.database)
    where = visit.reach(Permission.SEE_FLEET)
    content = visit.services.crew.content
    return visit.page(
        "reports.html",
        rows=[row for row in store.newest() if _may_read(visit, row)],
        kinds={kind: label for kind, label in LABELS.items() if visit.may(_needed(kind))},
        labels=LABELS,
        forms=forms_of(Kind.RESULTS),
        baselines=content.baselines,
        considerations={
            c.id: c.feature for b in content.baselines.values() for c in b.considerations
        },
        sites=[s for s in Inventory(visit.services.database).sites() if s.id in where],
        device=visit.form.number("device"),
        chosen=visit.form.one("kind"),
    )


def make(visit: Visit) -> Response:
    """Ask for a report."""
    form, services = visit.form, visit.services
    kind = next((kind for kind in Kind if kind == form.one("kind")), None)
    if kind is None or form.one("form") not in forms_of(kind):
        raise UsageError(
            "that report has no such format",
            hint="SARIF, CKLB and JSON are for all findings; the others are PDF, HTML and CSV",
        )
    visit.need(_needed(kind))
    where = visit.reach(_needed(kind))
    sites = sites_of(where)
    if site := form.number("site"):
        if site not in where:
            raise NotFound
        sites = [site]
    device = form.number("device")
    if device:
        row = Inventory(services.database).device(device)
        if row is None or row.site_id not in where:
            raise NotFound
        sites = [row.site_id]
    if kind is Kind.DEVICE and not device:
        raise UsageError("a device sheet is of one device", hint="start it from the device's page")
    baseline = form.one("baseline") or "small-office"
    services.crew.content.baseline(baseline)
    wish = Wish(
        baseline, device, form.one("consideration")[:40], form.number("within", 30, most=3650)
    )
    title = titled(kind, wish)
    visit.record("report.make", title, form=form.one("form"))
    wanted = {
        "baseline": wish.baseline,
        "device": wish.device,
        "consideration": wish.consideration,
        "within": wish.within,
    }
    number = MadeReports(services.database).ask(
        kind, form.one("form"), title, wanted, sites, by=visit.person.name, now=visit.now
    )
    services.jobs.start("report", f"report:{number}", number)
    return visit.go("/reports", visit.text("The report is being made."))


def _found(visit: Visit) -> Any:
    row = MadeReports(visit.services.database).one(visit.number("id"))
    if row is None or not _may_read(visit, row):
        raise NotFound
    return row


def file(visit: Visit) -> Response:
    """Send a report."""
    row = _found(visit)
    octets = MadeReports(visit.services.database).octets(row.id)
    if octets is None:
        raise NotFound
    visit.record("report.read", row.title, form=row.form)
    name = f"frisket-{row.kind}-{row.asked:%Y-%m-%d}-{row.id}.{row.form}"
    return download(octets, name, MEDIA[row.form])


def forget(visit: Visit) -> Response:
    """Forget a report."""
    row = _found(visit)
    if row.made_by != visit.person.name:
        visit.need(Permission.EDIT_SITES)
    visit.record("report.forget", row.title)
    MadeReports(visit.services.database).drop(row.id)
    return visit.go("/reports", visit.text("Done."))


PAGES = (
    Page(
        "GET",
        "/reports",
        reports,
        Permission.SEE_FLEET,
        Menu("Reports", "report", 260, group="Service"),
    ),
    Page("POST", "/reports", make, Permission.SEE_FLEET),
    Page("GET", "/reports/{id}/file", file, Permission.SEE_FLEET),
    Page("POST", "/reports/{id}/forget", forget, Permission.SEE_FLEET),
)
