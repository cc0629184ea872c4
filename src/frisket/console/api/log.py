"""`/api/v1/log`: the console's audit log: by page, and whole for `frisket log verify`."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Query
from starlette.responses import StreamingResponse

from frisket.console.api.access import Needs
from frisket.console.api.models import LogEntry
from frisket.console.api.resource import Listed, Paged, Words, below, listing, resources
from frisket.console.faults import Forbidden
from frisket.console.page import Visit
from frisket.fleet.roles import Permission
from frisket.store.auditlog import LogRow, Wanted

ROUTER = resources("log")
Reads = Annotated[Visit, Depends(Needs(Permission.SEE_LOG))]


class WhichEntries(Paged):
    """Which entries: exactly this actor, action and subject, where they are given."""

    actor: Words = ""
    action: Words = ""
    about: Words = ""


def _everywhere(visit: Visit) -> None:
    # Entries belong to no site: whoever may read one site's log may not read the others'.
    if not visit.reach(Permission.SEE_LOG).everywhere:
        raise Forbidden


@ROUTER.get("")
def entries(visit: Reads, asked: Annotated[WhichEntries, Query()]) -> Listed[LogEntry]:
    """List entries, the newest first."""
    _everywhere(visit)
    wanted = Wanted(asked.actor, asked.action, asked.about, below(asked), asked.limit)
    rows = visit.services.log.store.page(wanted)
    shown = [LogEntry(**{name: getattr(row, name) for name in LogRow.__slots__}) for row in rows]
    return listing(shown, asked.limit, lambda: rows[-1].number)


@ROUTER.get(
    "/export",
    response_class=StreamingResponse,
    responses={200: {"content": {"application/jsonl": {"schema": {"type": "string"}}}}},
)
def export(visit: Reads) -> StreamingResponse:
    """Send the whole log with its signed heads, one JSON document a line."""
    _everywhere(visit)
    visit.record("log.export")
    lines = (f"{line}\n" for line in visit.services.log.export())
    return StreamingResponse(lines, media_type="application/jsonl")
