"""`/devices`: the fleet as a list, with search, filters and their counts, order and export."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlencode

from starlette.responses import Response, StreamingResponse

from frisket.console.page import Form, Menu, Page, Visit
from frisket.errors import UsageError
from frisket.fleet.asked import Asker, fresh_mark, start_audit
from frisket.fleet.roles import Permission, Reach
from frisket.model.condition import Condition, read_condition
from frisket.report.escape import guarded
from frisket.store.devicelist import SORTS, DeviceList
from frisket.store.inventory import Inventory

# Every column: its heading, and whether it is shown where nobody chose.
COLUMNS: Final[Mapping[str, tuple[str, bool]]] = {
    "name": ("Name", True),
    "model": ("Model", True),
    "serial": ("Serial number", False),
    "address": ("Address", False),
    "site": ("Site", True),
    "location": ("Location", False),
    "status": ("Status", True),
    "toner": ("Lowest supply", True),
    "pages": ("Pages", False),
    "firmware": ("Firmware", False),
    "compliance": ("Compliance", True),
    "coverage": ("Coverage", False),
    "state": ("State", False),
    "first_seen": ("First seen", False),
    "last_seen": ("Last seen", True),
}
_LISTS: Final = ("site", "state", "status", "vendor", "model", "firmware", "tag", "worst", "group")
_SINGLE: Final = ("q", "score_below", "coverage_below", "toner_below", "unseen_days", "unaudited")
_BULK: Final = frozenset({"audit", "tag", "untag", "new", "managed", "retired"})
_EXPORT_AT_ONCE: Final = 500
_SHARE: Final = {"score_below", "coverage_below"}


def condition_of(form: Form) -> Condition:
    """Return the condition that an address asks for; shares are written as percent there."""
    table: dict[str, Any] = {name: list(form.all(name)) for name in _LISTS if form.all(name)}
    for name in _SINGLE:
        if text := form.one(name):
            table[name] = _part(text) if name in _SHARE else text
    return read_condition(table)


def _part(text: str) -> float:
    try:
        return float(text) / 100
    except ValueError:
        raise UsageError(f"{text[:20]} is no percentage") from None


def query_of(wanted: Condition, **more: str | Sequence[str]) -> str:
    """Return the query of an address that asks for a condition."""
    pairs: list[tuple[str, str]] = []
    for name, value in wanted.table().items():
        if isinstance(value, list):
            pairs += [(name, one) for one in value]
        else:
            pairs.append((name, f"{value * 100:g}" if name in _SHARE else str(value).lower()))
    for name, value in more.items():
        pairs += [(name, value)] if isinstance(value, str) else [(name, one) for one in value]
    return urlencode(pairs)


def sites_of(where: Reach) -> list[int] | None:
    """Return the sites that a list is narrowed to, None for all."""
    return None if where.everywhere else sorted(where.sites)


def _shown(form: Form) -> list[str]:
    chosen = [name for name in form.all("column") if name in COLUMNS]
    return chosen or [name for name, (_, usual) in COLUMNS.items() if usual]


def devices(visit: Visit) -> Response:
    """Show the devices of the sites that the visitor may see."""
    wanted, form = condition_of(visit.form), visit.form
    sort = form.one("sort", "name")
    sort = sort if sort in SORTS else "name"
    descending = form.one("order") == "down"
    number = form.number("page", 1, least=1, most=100_000)
    listed = DeviceList(visit.services.database)
    columns = _shown(form)
    sites = sites_of(visit.reach(Permission.SEE_FLEET))
    page = listed.page(
        wanted, visit.now, sort=sort, descending=descending, number=number, sites=sites
    )
    kept = {"column": columns} if form.all("column") else {}
    turned = {"sort": sort, "order": "down" if descending else "up"}
    return visit.page(
        "devices.html",
        rows=page.rows,
        alarmed=Inventory(visit.services.database).alarmed([row.id for row in page.rows]),
        total=page.total,
        counts=page.counts,
        wanted=wanted,
        columns=columns,
        headings=COLUMNS,
        sort=sort,
        descending=descending,
        number=min(number, max((page.total + 49) // 50, 1)),
        pages=max((page.total + 49) // 50, 1),
        order_by=lambda name: query_of(
            wanted,
            sort=name,
            order="down" if name == sort and not descending else "up",
            **kept,
        ),
        turn_to=lambda n: query_of(wanted, page=str(n), **turned, **kept),
        without=lambda name: query_of(wanted.without(name), **turned, **kept),
        query=query_of(wanted),
        models=[name for name, _ in listed.values("model", 60, sites)],
        groups=Inventory(visit.services.database).groups(),
    )


def export(visit: Visit) -> Response:
    """Send all devices of a condition as CSV, row by row: the filter, not the page."""
    wanted = condition_of(visit.form)
    sites = sites_of(visit.reach(Permission.SEE_FLEET))
    visit.record("devices.export", query_of(wanted)[:200])
    rows = DeviceList(visit.services.database).each(wanted, visit.now, sites)
    headers = {"content-disposition": 'attachment; filename="devices.csv"'}
    return StreamingResponse(_lines(rows), media_type="text/csv; charset=utf-8", headers=headers)


def _lines(rows: Iterator[Any]) -> Iterator[str]:
    names = [*COLUMNS, "mac", "vendor", "key"]
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(names)
    for count, row in enumerate(rows, 1):
        writer.writerow([guarded(_plain(getattr(row, name))) for name in names])
        if count % _EXPORT_AT_ONCE == 0:
            yield text.getvalue()
            text.seek(0)
            text.truncate()
    yield text.getvalue()


def _plain(value: Any) -> str:
    if value is None:
        return ""
    return str(value.isoformat()) if hasattr(value, "isoformat") else str(value)


def bulk(visit: Visit) -> Response:
    """Do one thing to the ticked devices, or to all that the filter means."""
    inventory = Inventory(visit.services.database)
    what, tag = visit.form.one("what"), visit.form.one("label")[:60]
    if what not in _BULK or (what in {"tag", "untag"} and not tag):
        raise UsageError("nothing is chosen to be done")
    # To look at a device is another right than to change what is said of it.
    permission = Permission.RUN_AUDIT if what == "audit" else Permission.EDIT_DEVICES
    visit.need(permission)
    where = visit.reach(permission)
    wanted = condition_of(visit.form)
    ids = DeviceList(visit.services.database).ids(wanted, visit.now, sites_of(where))
    if visit.form.one("which") != "all":
        ticked = {
            int(text) for text in visit.form.all("device") if text.isascii() and text.isdigit()
        }
        ids = [one for one in ids if one in ticked]
    if not ids:
        raise UsageError("no device is chosen", hint="tick some, or choose all that match")
    back = f"/devices?{query_of(wanted)}"
    if what == "audit":
        baseline = visit.form.one("baseline") or "small-office"
        visit.services.crew.content.baseline(baseline)
        visit.record("audit.start", f"{len(ids)} devices", baseline=baseline)
        who = Asker(visit.person.name, fresh_mark(visit.now))
        start_audit(visit.services.jobs, who, baseline, ids)
        return visit.go(back, visit.text("The audit has begun."))
    if what in {"tag", "untag"}:
        visit.record(f"devices.{what}", tag, devices=len(ids))
        (inventory.tag if what == "tag" else inventory.untag)(ids, tag)
    else:
        visit.record("devices.state", what, devices=len(ids))
        inventory.change_state(ids, what)
    return visit.go(back, visit.text("Done."))


PAGES = (
    Page("GET", "/devices", devices, Permission.SEE_FLEET, Menu("Devices", "printer", 20, "d")),
    Page("GET", "/devices.csv", export, Permission.SEE_FLEET),
    Page("POST", "/devices", bulk, Permission.RUN_AUDIT),
)
