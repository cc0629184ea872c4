"""eRDS over HTTP, for the gateway to mount: POST /erds/v1, bounded in size, number and time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from frisket.errors import FrisketError
from frisket.proto.erds.message import (
    CONTENT_TYPE,
    MOST_OCTETS,
    PATH,
    SIGNATURE,
    STATUS,
    Answer,
    Result,
)
from frisket.proto.erds.wire import answer_octets
from frisket.store.database import StoreFault
from frisket.telemetry.erds_reception import Reception, Reply, busy

_THREADS: Final = 2
_AWAY: Final = 30  # seconds after which to come back when the database is away
_LONGEST_SIGNATURE: Final = 200


@dataclass(frozen=True, slots=True)
class Bounds:
    """What is taken at a time: requests, and seconds for one body."""

    requests: int = 100
    patience: float = 30.0


class TooLarge(FrisketError):
    """The body is longer than any report."""


def _silent(_: str) -> None:
    """Say nothing."""


@dataclass(slots=True)
class Door:
    """Lets reports in. `say` hears of those that were not believed, a line each."""

    reception: Reception
    clock: Callable[[], datetime]
    bounds: Bounds = field(default_factory=Bounds)
    say: Callable[[str], None] = _silent
    _inside: int = 0
    _pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(_THREADS, "erds"))

    async def take(self, request: Request) -> Response:
        """Answer one request: a device's report or anything else."""
        if self._inside >= self.bounds.requests:
            return _response(busy(5))
        self._inside += 1
        try:
            async with asyncio.timeout(self.bounds.patience):
                body = await _body(request)
            signature = request.headers.get(SIGNATURE, "")[:_LONGEST_SIGNATURE]
            reply = await self._judged(body, signature)
        except TooLarge:
            return _response(_malformed(f"at most {MOST_OCTETS} octets"), 413)
        except (TimeoutError, ClientDisconnect):
            return _response(_malformed("the body did not come in time"), 408)
        finally:
            self._inside -= 1
        if reply.note:
            self.say(reply.note[:300])
        return _response(reply)

    async def _judged(self, body: bytes, signature: str) -> Reply:
        now, loop = self.clock(), asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(
                self._pool, self.reception.accept, body, signature, now
            )
        except StoreFault as fault:
            return busy(_AWAY, f"nothing can be kept: {fault}")

    def close(self) -> None:
        """Let the threads end."""
        self._pool.shutdown(wait=False)


async def _body(request: Request) -> bytes:
    told = request.headers.get("content-length", "")
    if told.isdigit() and int(told[:12]) > MOST_OCTETS:
        raise TooLarge
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MOST_OCTETS:
            raise TooLarge
    return bytes(body)


def _malformed(reason: str) -> Reply:
    answer = Answer(Result.MALFORMED, reason)
    return Reply(STATUS[Result.MALFORMED], answer_octets(answer), answer)


def _response(reply: Reply, status: int = 0) -> Response:
    headers = {"cache-control": "no-store"}
    if reply.answer.retry_after:
        headers["retry-after"] = str(reply.answer.retry_after)
    return Response(reply.body, status or reply.status, headers, CONTENT_TYPE)


def erds_route(door: Door) -> Route:
    """Return the route to mount at the root of an application."""
    return Route(PATH, door.take, methods=["POST"])
