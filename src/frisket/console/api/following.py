"""Long work followed live by programs: server-sent events of its state, until it is over.

What happens in this process is heard at once; what another worker does is seen by looking each
second. Whoever is shut out meanwhile hears no more.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from time import monotonic
from typing import Any, Final, TypeVar

from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool
from starlette.responses import StreamingResponse

from frisket.console.api.access import who_asks
from frisket.console.faults import TooMany
from frisket.console.page import Visit
from frisket.errors import FrisketError

_EVENT: Final = {
    "type": "object",
    "properties": {
        "id": {"type": "string"},
        "event": {"type": "string", "enum": ["state", "end"]},
        "data": {"type": "string", "description": "JSON: what a GET of it answers"},
    },
}
STREAM: Final[dict[str, Any]] = {"text/event-stream": {"schema": _EVENT}}
_LOOK: Final = 1.0  # seconds between looks
_ALIVE: Final = 15  # looks between signs of life, when it is also asked who still may
_LONGEST: Final = 3600  # looks of one stream; its reader asks again

B = TypeVar("B", bound=BaseModel)


def followed(
    visit: Visit, look: Callable[[Visit], B], over: Callable[[B], bool]
) -> StreamingResponse:
    """Answer with a stream of what `look` returns, at once and whenever it is another."""
    headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
    stream = _stream(visit, look, over)
    return StreamingResponse(stream, media_type="text/event-stream", headers=headers)


async def _stream(
    visit: Visit, look: Callable[[Visit], B], over: Callable[[B], bool]
) -> AsyncIterator[str]:
    # An open stream is one of the requests that an account may have at the same time.
    pace, account = visit.services.pace, visit.person.account.id
    try:
        pace.begin(account)
    except TooMany:
        yield "event: end\ndata: {}\n\n"
        return
    try:
        async for part in _parts(visit, look, over):
            yield part
    finally:
        pace.end(account)


async def _parts(
    visit: Visit, look: Callable[[Visit], B], over: Callable[[B], bool]
) -> AsyncIterator[str]:
    last, looks, number, then = "", 0, 0, 0.0
    async for event in visit.services.bus.listen(alive=_LOOK):
        now = monotonic()
        if event is not None and now - then < _LOOK:
            continue  # the next look, a second later at most, shows its sum
        then, looks = now, looks + 1
        if looks % _ALIVE == 0:
            who = await run_in_threadpool(who_asks, visit.services, visit.request)
            if who is None:
                return
            visit = replace(visit, who=who)
            yield ": alive\n\n"
        try:
            body = await run_in_threadpool(look, visit)
        except FrisketError:
            return
        text = body.model_dump_json()
        if text != last:
            last, number = text, number + 1
            yield f"id: {number}\nevent: state\ndata: {text}\n\n"
        if over(body) or looks >= _LONGEST:
            yield "event: end\ndata: {}\n\n"
            return
