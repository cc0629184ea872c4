"""`/reports`: reports to file and to send, made aside and downloaded."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, Final

from starlette.responses import Response

from frisket.console.faults import NotFound
from frisket.console.page import Menu, Page, Visit
from frisket.console.pages.devices import sites_of
from frisket.console.reported import download_parts, language_of_reports
from frisket.errors import UsageError
from frisket.fleet.report_kinds import MEDIA, Kind, Wish, forms_of, needed, titled
from frisket.fleet.roles import Permission, Reach
from frisket.store.audits import Audits
from frisket.store.changes import Changes
from frisket.store.inventory import Inventory
from frisket.store.madereports import MadeReports

LABELS: Final = {
    Kind.EXECUTIVE: "Executive page",
    Kind.DEVICE: "Device sheet",
    Kind.EVIDENCE: "Evidence pack",
    Kind.CHANGE: "Change record",
    Kind.ORDERS: "Supplies to order",
    Kind.RESULTS: "All findings",
}
FORM_LABELS: Final = {
    "pdf": "PDF",
    "html": "HTML",
    "csv": "CSV",
    "json": "JSON",
    "sarif": "SARIF",
    "cklb": "CKLB, for STIG Viewer",
}
ZIP_LABELS: Final = {
    Kind.EVIDENCE: "ZIP, with files and digests",
    Kind.RESULTS: "ZIP of CKLB, one for each device",
}
_ALONE: Final = (Kind.DEVICE, Kind.CHANGE)  # asked for from the pages of what they are of


def _may_read(visit: Visit, row: Any) -> bool:
    """Say whether the visitor may read a report: all of its sites, and evidence."""
    where = visit.reach(needed(Kind(row.kind)))
    return where.everywhere if row.sites is None else all(site in where for site in row.sites)


def label_of(kind: Kind, form: str) -> str:
    """Return what a format is called."""
    return ZIP_LABELS[kind] if form == "zip" else FORM_LABELS[form]


def reports(visit: Visit) -> Response:
    """Show the reports that were made and that the visitor may read."""
    form, store = visit.form, MadeReports(visit.services.database)
    where = visit.reach(Permission.SEE_FLEET)
    content = visit.services.crew.content
    device, change = form.number("device"), form.number("change")
    kinds = (Kind.DEVICE,) if device else (Kind.CHANGE,) if change else tuple(Kind)
    baselines = dict(content.baselines)
    return visit.page(
        "reports.html",
        rows=[row for row in store.newest() if _may_read(visit, row)],
        groups=[
            (kind, LABELS[kind], [(one, label_of(kind, one)) for one in forms_of(kind)])
            for kind in kinds
            if visit.may(needed(kind)) and (device or change or kind not in _ALONE)
        ],
        labels=LABELS,
        label_of=label_of,
        baselines=baselines,
        considerations={c.id: c.feature for b in baselines.values() for c in b.considerations},
        sites=[s for s in Inventory(visit.services.database).sites() if s.id in where],
        device=device,
        change=change,
        chosen=form.one("kind"),
        baseline=form.one("baseline")
        or next(iter(Audits(visit.services.database).baselines()), ""),
    )


def make(visit: Visit) -> Response:
    """Ask for a report."""
    form, services = visit.form, visit.services
    asked, _, shape = form.one("wanted", f"{form.one('kind')}.{form.one('form')}").partition(".")
    kind = next((kind for kind in Kind if kind == asked), None)
    if kind is None or shape not in forms_of(kind):
        raise UsageError(
            "that report has no such format",
            hint=f"it can be {', '.join(forms_of(kind))}" if kind else "choose one of the list",
        )
    visit.need(needed(kind))
    wish = _wish(visit)
    services.crew.content.baseline(wish.baseline)
    sites = _sites(visit, kind, wish)
    if kind is not Kind.CHANGE:
        wish = replace(wish, change=0)
    if kind in {Kind.CHANGE, Kind.EXECUTIVE, Kind.EVIDENCE, Kind.ORDERS}:
        wish = replace(wish, device=0)
    title = titled(kind, wish, _place(visit, sites))
    visit.record("report.make", title, form=shape)
    number = MadeReports(services.database).ask(
        kind, shape, title, wish.table(), sites, by=visit.person.name, now=visit.now
    )
    services.jobs.start("report", f"report:{number}", number)
    return visit.go("/reports", visit.text("The report is being made."))


def _wish(visit: Visit) -> Wish:
    """Return what was asked for, in the visitor's language and zone."""
    form, account = visit.form, visit.person.account
    return Wish(
        baseline=form.one("baseline") or "small-office",
        device=form.number("device"),
        consideration=form.one("consideration")[:40],
        within=form.number("within", 30, most=3650),
        change=form.number("change"),
        language=language_of_reports(visit),
        zone=account.zone,
    )


def _sites(visit: Visit, kind: Kind, wish: Wish) -> Sequence[int] | None:
    """Return the sites that a report will tell of, None for all. Raises `NotFound`."""
    where, database = visit.reach(needed(kind)), visit.services.database
    if kind is Kind.CHANGE:
        change = Changes(database).find(wish.change)
        return _all_of(where, None if change is None else change.sites)
    if kind is Kind.DEVICE and not wish.device:
        raise UsageError("a device sheet is of one device", hint="start it from the device's page")
    if wish.device and kind in {Kind.DEVICE, Kind.RESULTS}:
        row = Inventory(database).device(wish.device)
        return _all_of(where, None if row is None else [row.site_id])
    if site := visit.form.number("site"):
        return _all_of(where, [site])
    return sites_of(where)


def _place(visit: Visit, sites: Sequence[int] | None) -> str:
    """Return the name of the one site that a report is of, "" where it is of several."""
    if sites is None or len(sites) != 1:
        return ""
    return next(
        (s.name for s in Inventory(visit.services.database).sites() if s.id == sites[0]), ""
    )


def _all_of(where: Reach, sites: Iterable[int] | None) -> Sequence[int]:
    if sites is None or not all(site in where for site in sites):
        raise NotFound
    return list(sites)


def _found(visit: Visit) -> Any:
    row = MadeReports(visit.services.database).one(visit.number("id"))
    if row is None or not _may_read(visit, row):
        raise NotFound
    return row


def file(visit: Visit) -> Response:
    """Send a report."""
    row = _found(visit)
    if row.made is None or row.fault:
        raise NotFound
    visit.record("report.read", row.title, form=row.form)
    name = f"frisket-{row.kind}-{row.asked:%Y-%m-%d}-{row.id}.{row.form}"
    parts = MadeReports(visit.services.database).octets(row.id)
    return download_parts(parts, name, MEDIA[row.form], row.size)


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
