"""`/compliance`: the fleet judged: course, heat map, what fails most, standards."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from starlette.responses import Response

from frisket.console.faults import NotFound
from frisket.console.page import Menu, Page, Visit
from frisket.console.pages.devices import sites_of
from frisket.fleet.overview import by_consideration, course, heat, requirements, whole
from frisket.fleet.roles import Permission
from frisket.model.condition import Condition
from frisket.store.audits import Audits
from frisket.store.devicelist import DeviceList
from frisket.store.inventory import Inventory
from frisket.store.standing import Standing

_DAYS = 90
_SITES = 40  # lines of the heat map that a page can show


def _baseline(visit: Visit) -> Any:
    """Return the baseline that is asked for, or the first one that anything was judged by."""
    content = visit.services.crew.content
    judged = Audits(visit.services.database).baselines()
    name = visit.path.get("baseline") or visit.form.one("baseline")
    name = name or next((b for b in judged), "small-office")
    if name not in content.baselines:
        raise NotFound
    return content.baselines[name]


def compliance(visit: Visit) -> Response:
    """Show how the fleet stands by one baseline."""
    baseline = _baseline(visit)
    audits = Audits(visit.services.database)
    where = visit.reach(Permission.SEE_FLEET)
    sites = sites_of(where)
    names = {
        site.id: site.name
        for site in Inventory(visit.services.database).sites()
        if site.id in where
    }
    scores = audits.by_consideration(baseline.id, sites)
    shown = dict(sorted(names.items(), key=lambda pair: pair[1])[:_SITES])
    failing = audits.failing(baseline.id, sites)
    listed = DeviceList(visit.services.database)
    worst = Standing(visit.services.database).worst(baseline.id, sites)
    days = course(audits.by_day(baseline.id, (visit.now - timedelta(days=_DAYS)).date(), sites))
    return visit.page(
        "compliance.html",
        baseline=baseline,
        baselines=visit.services.crew.content.baselines,
        score=whole(scores),
        each=by_consideration(scores),
        course=_course_chart(days, visit),
        heat=_heat_chart(heat(scores, shown, baseline), list(shown.values()), baseline),
        failing=failing[:12],
        rules=visit.services.crew.content.rules,
        worst=worst,
        standards=visit.services.crew.content.standards,
        unaudited=listed.count(Condition(unaudited=True), visit.now, sites),
    )


def _percent(share: float | None) -> float | None:
    return None if share is None else round(share * 100, 1)


def _course_chart(days: list[Any], visit: Visit) -> dict[str, Any]:
    """Return compliance and coverage over time: the chart's option and the same as rows."""
    words = visit.text("compliance"), visit.text("coverage")
    rows = [(day.isoformat(), _percent(first), _percent(second)) for day, first, second in days]
    series = [
        {
            "name": word,
            "type": "line",
            "showSymbol": len(rows) < 15,
            "data": [[row[0], row[place]] for row in rows],
        }
        for place, word in enumerate(words, 1)
    ]
    option = {
        "grid": {"left": 45, "right": 15, "top": 35, "bottom": 30},
        "legend": {"top": 0},
        "tooltip": {"trigger": "axis"},
        "xAxis": {"type": "time"},
        "yAxis": {"type": "value", "min": 0, "max": 100, "axisLabel": {"formatter": "{value} %"}},
        "series": series,
    }
    return {"option": option, "rows": [(visit.text("Day"), *words), *rows[-30:]]}


def _heat_chart(fields: list[Any], sites: list[str], baseline: Any) -> dict[str, Any]:
    """Return the heat map consideration by site: the chart's option and the same as rows."""
    order = [c.id for c in baseline.considerations]
    data = [
        [order.index(f.consideration), sites.index(f.site), _percent(f.failing)]
        for f in fields
        if f.failing is not None
    ]
    option = {
        "grid": {"left": 120, "right": 15, "top": 10, "bottom": 90},
        "tooltip": {"position": "top"},
        "xAxis": {"type": "category", "data": order, "axisLabel": {"rotate": 60}},
        "yAxis": {"type": "category", "data": [site[:18] for site in sites], "inverse": True},
        "visualMap": {
            "min": 0,
            "max": 100,
            "calculable": False,
            "orient": "horizontal",
            "left": "center",
            "bottom": 0,
            "text": ["100 %", "0 %"],
        },
        "series": [{"type": "heatmap", "data": data}],
    }
    known = {(f.site, f.consideration): f.failing for f in fields}
    rows = [
        (
            site,
            *(
                "\u2013" if (share := known[site, one]) is None else f"{share * 100:.0f} %"
                for one in order
            ),
        )
        for site in sites
    ]
    return {"option": option, "rows": [("", *order), *rows]}


def consideration(visit: Visit) -> Response:
    """Show one consideration: what the guide asks, and which devices fail it."""
    baseline = _baseline(visit)
    one = next((c for c in baseline.considerations if c.id == visit.path["consideration"]), None)
    if one is None:
        raise NotFound
    audits = Audits(visit.services.database)
    sites = sites_of(visit.reach(Permission.SEE_FLEET))
    scores = by_consideration(audits.by_consideration(baseline.id, sites))
    return visit.page(
        "consideration.html",
        baseline=baseline,
        consideration=one,
        score=scores.get(one.id),
        rules=visit.services.crew.content.rules,
        rows=audits.failing_devices(baseline.id, one.id, sites),
    )


def standard(visit: Visit) -> Response:
    """Show a standard's requirements with what fails of each."""
    baseline = _baseline(visit)
    content = visit.services.crew.content
    found = next((s for s in content.standards if s.id == visit.path["standard"]), None)
    if found is None:
        raise NotFound
    sites = sites_of(visit.reach(Permission.SEE_FLEET))
    failing = Audits(visit.services.database).failing(baseline.id, sites)
    return visit.page(
        "standard.html",
        baseline=baseline,
        baselines=content.baselines,
        standard=found,
        requirements=requirements(found, failing),
    )


PAGES = (
    Page(
        "GET",
        "/compliance",
        compliance,
        Permission.SEE_FLEET,
        Menu("Compliance", "shield-check", 40, "c"),
    ),
    Page("GET", "/compliance/{baseline}/{consideration}", consideration, Permission.SEE_FLEET),
    Page("GET", "/standards/{standard}", standard, Permission.SEE_FLEET),
)
