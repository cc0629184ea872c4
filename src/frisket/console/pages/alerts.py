"""`/alerts`: what is wrong at devices, what was, who has seen it; jams by device."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from starlette.responses import Response

from frisket.console.faults import NotFound
from frisket.console.page import Menu, Page, Visit
from frisket.console.pages.devices import sites_of
from frisket.console.reported import csv_answer, views_of
from frisket.errors import UsageError
from frisket.fleet.counting import printed
from frisket.fleet.roles import Permission
from frisket.store.happened import Happenings
from frisket.store.reported import Reported
from frisket.telemetry.history import Happening, Jams, by_day, is_jam, jams, spells
from frisket.telemetry.words import meaning_of

_DAYS: Final = 30
_SHOWN: Final = 300
_MOST_JAMS: Final = 50
_SEVERITIES: Final = ("critical", "warning", "other")
KINDS: Final = {"critical": "bad", "warning": "warn"}


def _moment(seconds: int | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def _days(visit: Visit) -> int:
    return visit.form.number("days", _DAYS, least=1, most=396)


def _happening(row: Any) -> Happening:
    began = datetime.fromtimestamp(row.began, UTC)
    who = str(row.device_id)
    return Happening(who, row.code, began, _moment(row.ended), row.severity, row.text, row.name)


def alerts(visit: Visit) -> Response:
    """Show what is wrong now, and what was in the last days."""
    days = _days(visit)
    sites = sites_of(visit.reach(Permission.SEE_FLEET))
    store = Happenings(visit.services.database)
    since = visit.now - timedelta(days=days)
    history = store.since(since, sites)
    happened = [_happening(row) for row in history]
    rows = {row.device_id: row for row in history}
    return visit.page(
        "alerts.html",
        days=days,
        standing=[_shown(row) for row in store.standing(sites)],
        spells=[(spell, rows[int(spell.first.device)]) for spell in spells(happened)[:_SHOWN]],
        jams=[(one, rows[int(one.device)]) for one in _jams(visit, happened, days)],
        kinds=KINDS,
        meaning=meaning_of,
        chart_=_chart(happened, visit),
    )


def _shown(row: Any) -> dict[str, Any]:
    return {
        "row": row,
        "began": _moment(row.began),
        "what": row.text or meaning_of(row.code),
        "kind": KINDS.get(row.severity, ""),
    }


def _jams(visit: Visit, happened: Sequence[Happening], days: int) -> list[Jams]:
    """Return jams by device; pages are counted for those that jammed, and no others."""
    jammed = {int(each.device) for each in happened if is_jam(each.code)}
    views, pages = views_of(visit), dict[str, int]()
    if jammed and days >= _DAYS:
        devices = [w for w in Reported(visit.services.database).devices() if w.id in jammed]
        months = max(1, days // 30)
        for one in printed(views, devices[:_MOST_JAMS], visit.now, months):
            known = [one.pages(month) for month in one.months]
            pages[str(one.who.id)] = sum(count or 0 for count in known)
    return jams(happened, pages)[:_MOST_JAMS]


def _chart(happened: Sequence[Happening], visit: Visit) -> dict[str, Any]:
    """Return how many alerts began on each day, by severity."""
    found = by_day(happened)
    names = [day.isoformat() for day in found]
    series = [
        {
            "name": visit.text(severity),
            "type": "bar",
            "barMaxWidth": 40,
            "stack": "alerts",
            "data": [counts[severity] for counts in found.values()],
        }
        for severity in _SEVERITIES
    ]
    option = {
        "grid": {"left": 45, "right": 15, "top": 35, "bottom": 30},
        "legend": {"top": 0},
        "tooltip": {"trigger": "axis"},
        "xAxis": {"type": "category", "data": names},
        "yAxis": {"type": "value", "minInterval": 1},
        "series": series,
    }
    headings = (visit.text("Day"), *(visit.text(severity) for severity in _SEVERITIES))
    rows = [(day.isoformat(), *(n[s] for s in _SEVERITIES)) for day, n in found.items()]
    return {"option": option, "rows": [headings, *rows]}


def export(visit: Visit) -> Response:
    """Send what was wrong in the last days as CSV."""
    sites = sites_of(visit.reach(Permission.SEE_FLEET))
    since = visit.now - timedelta(days=_days(visit))
    visit.record("alerts.export", str(_days(visit)))
    headings = ("site", "device", "model", "severity", "what", "where", "began", "ended", "code")
    rows = [
        (
            *(row.site, row.serial or row.key, row.model, row.severity),
            *(row.text or meaning_of(row.code), row.name, _moment(row.began), _moment(row.ended)),
            *(row.code, row.by, row.seen_at, row.note),
        )
        for row in Happenings(visit.services.database).since(since, sites)
    ]
    return csv_answer("alerts.csv", (*headings, "seen by", "seen at", "note"), rows)


def acknowledge(visit: Visit) -> Response:
    """Note that the visitor has seen alerts and takes care of them."""
    ids = sorted({int(t) for t in visit.form.all("alert") if t.isascii() and t.isdigit()})[:500]
    if not ids:
        raise UsageError("no alert is chosen")
    acknowledged(visit, ids, visit.form.one("note"))
    return visit.go("/alerts", visit.text("Done."))


def acknowledged(visit: Visit, ids: Sequence[int], note: str) -> None:
    """Note who has seen alerts; whoever was first stays. Raises `NotFound`, `Forbidden`."""
    store = Happenings(visit.services.database)
    for number in ids:
        row = store.one(number)
        if row is None or not visit.may(Permission.SEE_FLEET, row.site_id):
            raise NotFound
        visit.need(Permission.EDIT_DEVICES, row.site_id)
    visit.record("alerts.acknowledge", f"{len(ids)} alerts", alerts=list(ids))
    store.acknowledge(ids, visit.person.name, note[:300], visit.now)


PAGES = (
    Page(
        "GET",
        "/alerts",
        alerts,
        Permission.SEE_FLEET,
        Menu("Alerts", "bell", 230, "e", group="Service"),
    ),
    Page("GET", "/alerts.csv", export, Permission.SEE_FLEET),
    Page("POST", "/alerts", acknowledge, Permission.EDIT_DEVICES),
)
