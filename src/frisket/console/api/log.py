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
from frisket.console.pages.audit_log import cosigning_of, reached
from frisket.fleet.roles import Permission
from frisket.store.auditlog import LogRow, Wanted

ROUTER = resources("log")
Reads = Annotated[Visit, Depends(Needs(Permission.SEE_LOG))]


class WhichEntries(Paged):
    """Which entries: exactly this actor, action and subject, where they are given."""

    actor: Words = ""
    action: Words = ""
    about: Words = ""


@ROUTER.get("")
def entries(visit: Reads, asked: Annotated[WhichEntries, Query()]) -> Listed[LogEntry]:
    """List entries, the newest first: all, or those about the sites that the token reaches."""
    words = (asked.actor, asked.action, asked.about)
    wanted = Wanted(*words, below(asked), asked.limit, sites=reached(visit))
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
    if reached(visit) is not None:
        # It is checked as a whole, and holds what is about other sites too.
        raise Forbidden
    visit.record("log.export")
    lines = (f"{line}\n" for line in cosigning_of(visit).export())
    return StreamingResponse(lines, media_type="application/jsonl")
