"""`/supplies`: what is left in every device, when it ends, and what to order."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from frisket.console.page import Menu, Page, Visit
from frisket.console.reported import chosen, csv_answer, level_words, views_of
from frisket.fleet.ordering import BUCKETS, by_time, is_due, order_list
from frisket.fleet.roles import Permission
from frisket.telemetry.gateway.view import Remaining

_SIZE = 100  # lines of a page
_DAYS = 30


def _within(visit: Visit) -> int:
    return visit.form.number("within", _DAYS, most=3650)


def supplies(visit: Visit) -> Response:
    """Show supplies, those that may end first before the others, and the order list."""
    found = chosen(visit)
    within = _within(visit)
    everything = views_of(visit).supplies(found.devices, visit.now)
    number = visit.form.number("page", 1, least=1, most=100_000)
    return visit.page(
        "supplies.html",
        chosen=found,
        rows=everything[(number - 1) * _SIZE : number * _SIZE],
        total=len(everything),
        number=number,
        pages=max((len(everything) + _SIZE - 1) // _SIZE, 1),
        within=within,
        due=sum(is_due(each, within) for each in everything),
        orders=order_list(everything, within),
        chart_=_chart(everything, visit),
        words=level_words,
    )


def _chart(everything: list[Remaining], visit: Visit) -> dict[str, Any]:
    """Return how many supplies may run out when."""
    counts = by_time(everything)
    text = visit.text
    days = [text("%(days)s days") % {"days": int(most)} for most in BUCKETS[1:]]
    names = [text("empty"), *days, text("later"), text("cannot be said")]
    option = {
        "grid": {"left": 45, "right": 15, "top": 15, "bottom": 45},
        "tooltip": {},
        "xAxis": {"type": "category", "data": names, "axisLabel": {"interval": 0, "rotate": 30}},
        "yAxis": {"type": "value", "minInterval": 1},
        "series": [{"type": "bar", "barMaxWidth": 60, "name": text("Supplies"), "data": counts}],
    }
    rows = [(text("May run out within"), text("Supplies")), *zip(names, counts, strict=True)]
    return {"option": option, "rows": rows}


def export(visit: Visit) -> Response:
    """Send every supply as CSV, or with `orders` the order list."""
    found = chosen(visit)
    everything = views_of(visit).supplies(found.devices, visit.now)
    if visit.form.on("orders"):
        visit.record("supplies.orders", str(_within(visit)))
        lines = order_list(everything, _within(visit))
        headings = ("site", "model", "supply", "color", "pieces", "days at least", "devices")
        cells = [
            (x.site, x.model, x.supply, x.color, x.pieces, x.soonest, " ".join(x.devices))
            for x in lines
        ]
        return csv_answer("order-list.csv", headings, cells)
    visit.record("supplies.export")
    names = ("site", "device", "model", "name", "supply", "color", "kind", "level", "percent")
    rows = [
        (
            *(each.who.site, each.who.serial or each.who.key, each.who.model, each.who.name),
            *(each.supply.name, each.supply.color, each.supply.kind),
            *(level_words(each.supply.level), each.supply.level.percent),
            *(each.forecast.until(days) for days in _ends(each)),
            each.forecast.outcome.value,
            each.forecast.why,
        )
        for each in everything
    ]
    return csv_answer(
        "supplies.csv", (*names, "empty", "earliest", "latest", "forecast", "why"), rows
    )


def _ends(each: Remaining) -> tuple[float | None, float | None, float | None]:
    return each.forecast.days, each.forecast.low, each.forecast.high


PAGES = (
    Page(
        "GET",
        "/supplies",
        supplies,
        Permission.SEE_FLEET,
        Menu("Supplies", "droplet-half-filled", 210, "t", group="Service"),
    ),
    Page("GET", "/supplies.csv", export, Permission.SEE_FLEET),
)
