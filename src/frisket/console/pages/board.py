"""`/board`: how the fleet is now: lights by site, what runs out first, who is silent."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from frisket.console.page import Menu, Page, Visit
from frisket.console.reported import chosen, csv_answer, views_of
from frisket.fleet.naming import called
from frisket.fleet.roles import Permission
from frisket.telemetry.board import Board, Light

KINDS = {
    Light.NEVER: "",
    Light.SILENT: "bad",
    Light.STOPPED: "bad",
    Light.ATTENTION: "warn",
    Light.ASLEEP: "info",
    Light.WELL: "good",
    Light.UNKNOWN: "",
}
_MOST_SITES = 30  # bars that a chart can show


def board(visit: Visit) -> Response:
    """Show the board of the sites that the visitor may see, or of one."""
    found = chosen(visit)
    seen = views_of(visit).board(found.devices, visit.now)
    return visit.page(
        "board.html",
        board=seen,
        chosen=found,
        kinds=KINDS,
        lights=[light for light in Light if seen.counts[light]],
        numbers={who.serial or who.key: who.id for who in found.devices},
        names={who.serial or who.key: called(who) for who in found.devices},
        chart_=_chart(seen, visit),
    )


def _chart(seen: Board, visit: Visit) -> dict[str, Any]:
    """Return devices by site and light: the chart's option and the same as rows."""
    sites = list(seen.sites)[:_MOST_SITES]
    lights = [light for light in Light if seen.counts[light]]
    series = [
        {
            "name": visit.text(light.value),
            "type": "bar",
            "barMaxWidth": 40,
            "stack": "lights",
            "data": [seen.sites[site].get(light, 0) for site in sites],
        }
        for light in lights
    ]
    option = {
        "grid": {"left": 130, "right": 15, "top": 35, "bottom": 25},
        "legend": {"top": 0},
        "tooltip": {"trigger": "axis"},
        "xAxis": {"type": "value", "minInterval": 1},
        "yAxis": {"type": "category", "data": [site[:20] for site in sites], "inverse": True},
        "series": series,
    }
    headings = (visit.text("Site"), *(visit.text(light.value) for light in lights))
    rows = [(s, *(seen.sites[s].get(light, 0) for light in lights)) for s in seen.sites]
    return {"option": option, "rows": [headings, *rows]}


def export(visit: Visit) -> Response:
    """Send what needs somebody as CSV: supplies that run out, and devices that are silent."""
    found = chosen(visit)
    seen = views_of(visit).board(found.devices, visit.now)
    rows: list[tuple[Any, ...]] = [
        ("runs out", one.site, one.device, one.name, one.supply, one.percent, one.low, "")
        for one in seen.worst
    ]
    rows += [
        ("silent", one.site, one.device, one.name, "", "", "", one.since) for one in seen.silent
    ]
    headings = ("what", "site", "device", "name", "supply", "percent", "days at least", "since")
    visit.record("board.export")
    return csv_answer("board.csv", headings, rows)


PAGES = (
    Page(
        "GET",
        "/board",
        board,
        Permission.SEE_FLEET,
        Menu("Status board", "gauge", 200, "b", group="Service"),
    ),
    Page("GET", "/board.csv", export, Permission.SEE_FLEET),
)
