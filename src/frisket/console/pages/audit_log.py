"""`/log`: the console's audit log: who did what, who witnesses it; verified, and exported whole.

Who may read it at some sites only is shown what is about one of these, and nothing of the rest.
"""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from starlette.responses import Response, StreamingResponse

from frisket.console.faults import Forbidden
from frisket.console.page import Menu, Page, Visit
from frisket.console.reported import csv_answer
from frisket.fleet.cosigning import Cosigning
from frisket.fleet.roles import Permission
from frisket.fleet.verifying import ChainBroken, verify
from frisket.store.auditlog import LogRow, Wanted
from frisket.store.cosignatures import Receivers
from frisket.store.inventory import Inventory

_SEE: Final = Permission.SEE_LOG
_PAGE: Final = 50
_MOST_ROWS: Final = 10_000  # of a CSV file
OUTCOMES: Final = ("done", "begun", "refused", "broken", "unproven")
_HEADINGS: Final = ("number", "at", "actor", "action", "about", "outcome", "site", "details")


def _details(row: LogRow) -> list[tuple[str, str]]:
    """Return what an entry says beyond its columns, for people."""
    found = json.loads(row.body)["details"]
    return [
        (name, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
        for name, value in found.items()
        if value != ""
    ]


def reached(visit: Visit) -> tuple[int, ...] | None:
    """Return the sites whose entries the visitor may read; None where all entries are theirs."""
    where = visit.reach(_SEE)
    return None if where.everywhere else tuple(sorted(where.sites))


def cosigning_of(visit: Visit) -> Cosigning:
    """Return the log with its witnesses."""
    services = visit.services
    return Cosigning(services.log, services.database, services.gateway.authority)


def _day(visit: Visit, name: str) -> datetime | None:
    """Return the beginning of a day of the form, in the visitor's zone."""
    try:
        found = date.fromisoformat(visit.form.one(name)[:10])
        zone = ZoneInfo(visit.person.account.zone or "UTC")
        return datetime.combine(found, time(), zone).astimezone(UTC)
    except (ValueError, OverflowError, ZoneInfoNotFoundError):
        return None


def _wanted(visit: Visit, limit: int) -> Wanted:
    form, until = visit.form, _day(visit, "until")
    outcome = form.one("outcome")
    return Wanted(
        *(form.one("actor"), form.one("action"), form.one("about")),
        *(form.number("below") or None, limit),
        outcome=outcome if outcome in OUTCOMES else "",
        since=_day(visit, "since"),
        until=None if until is None else until + timedelta(days=1),
        sites=reached(visit),
    )


def show(visit: Visit) -> Response:
    """Show the newest entries, narrowed as asked, and who has witnessed them."""
    store, wanted = visit.services.log.store, _wanted(visit, _PAGE)
    rows, sites = store.page(wanted), wanted.sites
    size, head = store.head()
    cosigning = cosigning_of(visit)
    names = ("actor", "action", "about", "outcome", "since", "until")
    asked = {name: visit.form.one(name) for name in names}
    return visit.page(
        "log.html",
        rows=[(row, _details(row)) for row in rows],
        wanted=asked,
        query={name: value for name, value in asked.items() if value},
        actors=store.words("actor", sites),
        actions=store.words("action", sites),
        outcomes=OUTCOMES,
        everywhere=sites is None,
        sites={site.id: site.name for site in Inventory(visit.services.database).sites()},
        size=size,
        head=head or "",
        point=visit.services.log.newest(),
        contradiction=visit.services.log.contradiction(),
        more=rows[-1].number if len(rows) == _PAGE else None,
        **_kept(visit, cosigning, sites),
    )


def _kept(visit: Visit, cosigning: Cosigning, sites: tuple[int, ...] | None) -> dict[str, Any]:
    """Return what others keep of the log: of the visitor's sites, and what receivers have."""
    held = cosigning.store.disputes()
    return {
        "witnesses": [
            (one, silent)
            for one, silent in cosigning.witnesses(visit.now)
            if sites is None or one.site_id in sites
        ],
        "disputes": [
            (collector, site, one)
            for collector, site_id, site, one in held
            if one.settled is None and (sites is None or site_id in sites)
        ],
        "receivers": Receivers(visit.services.database).all() if sites is None else (),
    }


def check(visit: Visit) -> Response:
    """Verify the whole chain now, with what its witnesses signed."""
    try:
        found = verify(cosigning_of(visit).export())
    except ChainBroken as fault:
        visit.record("log.verify", outcome="broken", why=str(fault))
        return visit.go("/log", visit.text("The log is BROKEN: ") + str(fault))
    values = {"size": found.size, "covered": found.covered, "count": len(found.witnesses)}
    told = visit.text("The chain holds: %(size)s entries, %(covered)s of them witnessed.") % values
    return visit.go("/log", told)


def export(visit: Visit) -> Response:
    """Send the whole log as a file for `frisket log verify`: to who may read all of it."""
    if reached(visit) is not None:
        raise Forbidden
    visit.record("log.export")
    lines = (f"{line}\n" for line in cosigning_of(visit).export())
    headers = {"content-disposition": 'attachment; filename="frisket-log.jsonl"'}
    return StreamingResponse(lines, media_type="application/jsonl", headers=headers)


def export_csv(visit: Visit) -> Response:
    """Send what the filters show as CSV, the newest first."""
    visit.record("log.export-csv")
    sites = {site.id: site.name for site in Inventory(visit.services.database).sites()}
    rows = [
        (
            *(row.number, row.at, row.actor, row.action, row.about, row.outcome),
            sites.get(row.site_id or 0, ""),
            json.dumps(json.loads(row.body)["details"], sort_keys=True),
        )
        for row in visit.services.log.store.page(_wanted(visit, _MOST_ROWS))
    ]
    return csv_answer("audit-log.csv", _HEADINGS, rows)


PAGES = (
    Page("GET", "/log", show, _SEE, Menu("Audit log", "history", 820, "l", group="Administration")),
    Page("GET", "/log.csv", export_csv, _SEE),
    Page("POST", "/log/verify", check, _SEE),
    Page("GET", "/log/export", export, _SEE),
)
