"""`/log`: the console's audit log: who did what; verified, and exported whole."""

from __future__ import annotations

import json

from starlette.responses import Response, StreamingResponse

from frisket.console.page import Menu, Page, Visit
from frisket.fleet.verifying import ChainBroken, verify
from frisket.fleet.roles import Permission
from frisket.store.auditlog import LogRow, Wanted

_SEE = Permission.SEE_LOG
_PAGE = 50


def _details(row: LogRow) -> list[tuple[str, str]]:
    """Return what an entry says beyond its columns, for people."""
    found = json.loads(row.body)["details"]
    return [
        (name, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
        for name, value in found.items()
        if value != ""
    ]


def show(visit: Visit) -> Response:
    """Show the newest entries, narrowed as asked."""
    form, store = visit.form, visit.services.log.store
    wanted = Wanted(
        form.one("actor"),
        form.one("action"),
        form.one("about"),
        form.number("below") or None,
        _PAGE,
    )
    rows = store.page(wanted)
    size, head = store.head()
    points = store.checkpoints(last=1)
    return visit.page(
        "log.html",
        rows=[(row, _details(row)) for row in rows],
        wanted=wanted,
        actors=store.words("actor"),
        actions=store.words("action"),
        size=size,
        head=head or "",
        point=points[0] if points else None,
        more=rows[-1].number if len(rows) == _PAGE else None,
    )


def check(visit: Visit) -> Response:
    """Verify the whole chain now."""
    try:
        found = verify(visit.services.log.export())
    except ChainBroken as fault:
        visit.record("log.verify", outcome="broken", why=str(fault))
        return visit.go("/log", visit.text("The log is BROKEN: ") + str(fault))
    return visit.go("/log", visit.text("The chain holds: %(size)s entries.") % {"size": found.size})


def export(visit: Visit) -> Response:
    """Send the whole log as a file for `frisket log verify`."""
    visit.record("log.export")
    lines = (f"{line}\n" for line in visit.services.log.export())
    headers = {"content-disposition": 'attachment; filename="frisket-log.jsonl"'}
    return StreamingResponse(lines, media_type="application/jsonl", headers=headers)


PAGES = (
    Page("GET", "/log", show, _SEE, Menu("Audit log", "history", 820, "l", group="Administration")),
    Page("POST", "/log/verify", check, _SEE),
    Page("GET", "/log/export", export, _SEE),
)
