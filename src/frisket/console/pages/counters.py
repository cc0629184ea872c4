"""`/counters`: pages by month and by Canon number, and signed billing statements."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from starlette.responses import Response

from frisket.console.page import Menu, Page, Visit
from frisket.console.reported import (
    chosen,
    csv_answer,
    download,
    one_device,
    speech_of_visit,
    views_of,
)
from frisket.errors import UsageError
from frisket.fleet.chain import fingerprint
from frisket.fleet.counting import month_before, months_until, printed, summed
from frisket.fleet.roles import Permission
from frisket.fleet.statement_paper import statement_paper
from frisket.report.paper_pdf import paper_pdf
from frisket.telemetry.billing import as_csv, as_json, as_text, sign
from frisket.telemetry.gateway.view import zone_of
from frisket.telemetry.meters import Meaning, Month

_MOST = 1000  # devices of which a page can count thirteen months
_SHOWN = 200
_MEDIA = {
    "pdf": "application/pdf",
    "text": "text/plain; charset=utf-8",
    "csv": "text/csv; charset=utf-8",
    "json": "application/json; charset=utf-8",
}


def word_of(month: Month) -> str:
    """Return a month as it is written: 2026-11."""
    return f"{month[0]:04}-{month[1]:02}"


def month_of(word: str) -> Month:
    """Return the month of a word. Raises `UsageError`."""
    year, _, number = word.partition("-")
    digits = (year + number).isascii() and (year + number).isdigit()
    if len(word) != 7 or not digits or not 1 <= int(number) <= 12 or not 2000 <= int(year) < 2100:
        raise UsageError("that is no month", hint="such as 2026-11")
    return int(year), int(number)


def counters(visit: Visit) -> Response:
    """Show what devices counted by month."""
    found = chosen(visit, _MOST)
    months = months_until(visit.now)
    everything = printed(views_of(visit), found.devices, visit.now)
    sums = summed(everything, months)
    ordered = sorted(everything, key=lambda one: -(one.pages(months[-1]) or 0))
    return visit.page(
        "counters.html",
        chosen=found,
        months=[word_of(month) for month in months],
        now=months[-1],
        last=months[-2],
        word=word_of,
        rows=ordered[:_SHOWN],
        total=len(ordered),
        sums=sums,
        chart_=_chart(sums, months, visit),
    )


def _chart(sums: dict[Meaning, list[int]], months: Sequence[Month], visit: Visit) -> dict[str, Any]:
    """Return pages by month and meaning: the chart's option and the same as rows."""
    names = [word_of(month) for month in months]
    series = [
        {"name": visit.text(meaning.value), "type": "bar", "barMaxWidth": 40, "data": row}
        for meaning, row in sums.items()
    ]
    option = {
        "grid": {"left": 70, "right": 15, "top": 35, "bottom": 30},
        "legend": {"top": 0},
        "tooltip": {"trigger": "axis"},
        "xAxis": {"type": "category", "data": names},
        "yAxis": {"type": "value"},
        "series": series,
    }
    headings = (visit.text("Month"), *(visit.text(meaning.value) for meaning in sums))
    columns = zip(*sums.values(), strict=True) if sums else [()] * len(names)
    rows = [(name, *column) for name, column in zip(names, columns, strict=True)]
    return {"option": option, "rows": [headings, *rows]}


def export(visit: Visit) -> Response:
    """Send devices, counters and months as CSV: one row for each device and counter."""
    found = chosen(visit, _MOST)
    months = months_until(visit.now)
    visit.record("counters.export")
    headings = ("site", "device", "model", "counter", "number", "unit", "now")
    rows = [
        (
            *(one.who.site, one.who.serial or one.who.key, one.who.model),
            *(counter.label or counter.name, counter.number, counter.unit, counter.value),
            *(one.months.get(month, {}).get(counter.name) for month in months),
        )
        for one in printed(views_of(visit), found.devices, visit.now)
        for counter in one.counters
    ]
    return csv_answer("counters.csv", (*headings, *map(word_of, months)), rows)


def device(visit: Visit) -> Response:
    """Show one device's counters by month and Canon number, and its statements."""
    who = one_device(visit)
    months = months_until(visit.now)
    (one,) = printed(views_of(visit), [who], visit.now)
    return visit.page(
        "counters_device.html",
        device=who,
        one=one,
        months=months[-6:],
        word=word_of,
        statements=[word_of(month) for month in reversed(months)],
        chart_=_chart(summed([one], months), months, visit),
        last=word_of(month_before(months[-1], 1)),
    )


def statement(visit: Visit) -> Response:
    """Send a month's billing statement of a device; the gateway's key signs JSON and PDF."""
    who = one_device(visit)
    month, form = month_of(visit.form.one("month")), visit.form.one("format", "text")
    if form not in _MEDIA:
        raise UsageError("a statement is pdf, text, csv or json")
    visit.record("statement.make", who.serial or who.key, month=word_of(month), format=form)
    stated = views_of(visit).statement(who, month, visit.now)
    key = visit.services.gateway.authority.key
    if form == "pdf":
        speech = replace(speech_of_visit(visit), zone=zone_of(stated.zone))
        name = fingerprint(key.public_key())
        octets = paper_pdf(statement_paper(stated, sign(stated, key), name, visit.now, speech))
    elif form == "json":
        octets = as_json(stated, sign(stated, key)).encode()
    else:
        octets = (as_csv(stated) if form == "csv" else as_text(stated)).encode()
    name = f"statement-{word_of(month)}-{who.id}.{'txt' if form == 'text' else form}"
    return download(octets, name, _MEDIA[form])


PAGES = (
    Page(
        "GET",
        "/counters",
        counters,
        Permission.SEE_FLEET,
        Menu("Counters", "chart-bar", 220, "n", group="Service"),
    ),
    Page("GET", "/counters.csv", export, Permission.SEE_FLEET),
    Page("GET", "/counters/{id}", device, Permission.SEE_FLEET),
    Page("GET", "/counters/{id}/statement", statement, Permission.SEE_FLEET),
)
