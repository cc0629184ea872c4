"""`/events`: the stream of news for open pages, for as long as its reader stays logged in."""

from __future__ import annotations

from collections.abc import AsyncIterator

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse

from frisket.console.endpoint import COOKIE
from frisket.console.events import Event, frame
from frisket.console.page import Page, Visit
from frisket.fleet.roles import Permission


def may_hear(visit: Visit, event: Event) -> bool:
    """Say whether a visitor may know of an event: it may be of a site that is not theirs."""
    where = visit.reach(Permission.SEE_FLEET)
    return where.everywhere or (event.site is not None and event.site in where)


async def _stream(visit: Visit) -> AsyncIterator[str]:
    secret = visit.request.cookies.get(COOKIE, "")
    peek = visit.services.doors.peek
    async for event in visit.services.bus.listen():
        if event is not None:
            if may_hear(visit, event):
                yield frame(event)
            continue
        # In a quiet moment: whoever was shut out meanwhile hears no more.
        if await run_in_threadpool(peek, secret) is None:
            return
        yield ": alive\n\n"


def events(visit: Visit) -> Response:
    """Open the stream."""
    headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
    return StreamingResponse(_stream(visit), media_type="text/event-stream", headers=headers)


PAGES = (Page("GET", "/events", events, Permission.SEE_FLEET),)
