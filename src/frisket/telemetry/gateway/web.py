"""The gateway over HTTP: bounded in size, rate and number; every answer signed.

docs/reference/collector-protocol.md has the requests and what each status means.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, TypeVar

import msgspec
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from frisket.errors import FrisketError, WireError
from frisket.store.database import StoreFault
from frisket.telemetry.enrolment import MOST_OCTETS as MOST_ENROLMENT
from frisket.telemetry.envelope import (
    MEDIA_TYPE,
    MOST_OCTETS,
    SIGNATURE_HEADER,
    Untrusted,
)
from frisket.telemetry.gateway.intake import Forked, Receipt
from frisket.telemetry.gateway.service import Gateway, Refusal, TooFast

ROOT: Final = "/gateway/v1"
_JSON: Final = "application/json"
_THREADS: Final = 4
_LOOK: Final = 2.0  # seconds between looks for orders that another process has given
_T = TypeVar("_T")
Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """Return the time."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Bounds:
    """What the gateway takes at a time: octets of one body, octets of all, seconds for a body."""

    octets: int = MOST_OCTETS
    all_octets: int = 128 << 20
    requests: int = 200
    long_polls: int = 5000
    patience: float = 60.0


class Rejected(FrisketError):
    """The request is not taken: status, one word of the protocol, and when to try again."""

    def __init__(self, status: int, reason: str, message: str = "", after: int = 0) -> None:
        super().__init__(message or reason)
        self.status, self.reason, self.after = status, reason, after


@dataclass(frozen=True, slots=True)
class Reply:
    """What is answered, by whatever way: an HTTP status, JSON, its signature where it is 200."""

    status: int
    body: bytes
    signature: str = ""
    after: int = 0


class Door:
    """The gateway's entry for HTTPS: whatever comes is answered in words. Mail: `by_mail`."""

    def __init__(
        self, gateway: Gateway, *, bounds: Bounds | None = None, clock: Clock = utc_now
    ) -> None:
        self.bounds = bounds or Bounds()
        self._gateway = gateway
        self._clock = clock
        self._pool = ThreadPoolExecutor(_THREADS, "gateway")
        self._polls = 0

    @property
    def polls(self) -> int:
        """Return how many collectors wait for orders."""
        return self._polls

    async def enrol(self, octets: bytes) -> Reply:
        """Answer an enrolment."""
        now = self._clock()
        return await self._told(octets, self._call(lambda: self._gateway.enrol(octets, now)))

    async def renew(self, octets: bytes) -> Reply:
        """Answer an envelope with a request for a certificate."""
        now = self._clock()
        return await self._told(octets, self._call(lambda: self._gateway.renew(octets, now)))

    async def receive(self, octets: bytes) -> Reply:
        """Take in an envelope with a batch."""
        return await self._told(octets, self._receive(octets))

    async def orders(self, octets: bytes) -> Reply:
        """Answer an envelope with a wish for orders: when there are new ones, or time is up."""
        return await self._told(octets, self._orders(octets))

    def close(self) -> None:
        """Let the threads end."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def _receive(self, octets: bytes) -> bytes:
        now = self._clock()
        receipt = await self._call(lambda: self._gateway.receive(octets, now))
        if not receipt.kept:
            raise Rejected(503, "waiting", "too much waits for records before it", after=60)
        return receipt_json(receipt)

    async def _orders(self, octets: bytes) -> bytes:
        now = self._clock()
        collector, wish = await self._call(lambda: self._gateway.wish(octets, now))
        if self._polls >= self.bounds.long_polls:
            raise Rejected(503, "busy", "too many wait for orders", after=30)
        self._polls += 1
        try:
            head = await self._call(lambda: self._gateway.head(wish))
            # What is new is told at once; what was refused only as often as nothing is.
            fresh = head is not None and wish.log is not None and wish.log.refused is None
            end = time.monotonic() + (0.0 if fresh else wish.wait)
            orders = await self._call(lambda: self._gateway.orders(collector))
            while orders.version <= wish.after and time.monotonic() < end:
                await asyncio.sleep(min(_LOOK, max(0.0, end - time.monotonic())))
                orders = await self._call(lambda: self._gateway.orders(collector))
            if head is None:
                head = await self._call(lambda: self._gateway.head(wish))
        finally:
            self._polls -= 1
        return msgspec.json.encode(msgspec.structs.replace(orders, log=head))

    async def _call(self, work: Callable[[], _T]) -> _T:
        return await asyncio.get_running_loop().run_in_executor(self._pool, work)

    async def _told(self, octets: bytes, work: Awaitable[bytes]) -> Reply:
        """Return what the work gives, signed; or why it gave nothing."""
        try:
            answer = await work
        except FrisketError as fault:
            return refusal(fault)
        return Reply(200, answer, self._gateway.sign(octets, answer))


class _Front:
    """HTTP before the door: what is too large, too slow or too much goes no further."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self._octets = 0
        self._requests = 0

    def endpoint(
        self, work: Callable[[bytes], Awaitable[Reply]], most: int, media: str
    ) -> Callable[[Request], Awaitable[Response]]:
        """Return what answers requests with a body of this type by this work."""

        async def answer(request: Request) -> Response:
            held = 0
            self._requests += 1
            try:
                if request.headers.get("content-type", "").partition(";")[0].strip() != media:
                    raise Rejected(415, "type", f"the media type is {media}")
                octets = await self._body(request, most)
                held = len(octets)
                self._octets += held
                reply = await work(octets)
            except (FrisketError, TimeoutError, ClientDisconnect) as fault:
                reply = refusal(fault)
            finally:
                self._octets -= held
                self._requests -= 1
            headers = {SIGNATURE_HEADER: reply.signature} if reply.signature else {}
            if reply.after:
                headers["Retry-After"] = str(reply.after)
            return Response(reply.body, reply.status, headers, _JSON)

        return answer

    async def _body(self, request: Request, most: int) -> bytes:
        bounds = self._door.bounds
        if self._requests - self._door.polls > bounds.requests:
            raise Rejected(503, "busy", "too many requests at a time", after=2)
        told = request.headers.get("content-length", "")
        if told.isdigit() and int(told[:12]) > most:
            raise Rejected(413, "size", f"at most {most} octets")
        body = bytearray()
        async with asyncio.timeout(bounds.patience):
            async for part in request.stream():
                body += part
                if len(body) > most:
                    raise Rejected(413, "size", f"at most {most} octets")
                if self._octets + len(body) > bounds.all_octets:
                    raise Rejected(503, "busy", "too many octets at a time", after=2)
        return bytes(body)


def receipt_json(receipt: Receipt) -> bytes:
    """Return a receipt as the protocol has it."""
    told = {"acknowledged": receipt.acknowledged}
    return msgspec.json.encode(
        {**told, "full": list(receipt.full), "refused": dict(receipt.refused)}
    )


def refusal(fault: Exception) -> Reply:
    """Return the answer that a fault means."""
    after, detail = 0, str(fault)
    match fault:
        case Rejected(status=status, reason=reason, after=after):
            pass
        case Untrusted(why=why):
            status, reason = 401, why.value
        case TooFast():
            status, reason, after = 429, "rate", 1
        case Refusal(reason=reason):
            status = 403
        case Forked():
            status, reason = 409, "forked"
        case WireError():
            status, reason = 400, "malformed"
        case TimeoutError():
            status, reason, detail = 408, "slow", "the body took too long"
        case StoreFault():
            # What the database says is the operator's business, not the sender's.
            status, reason, after, detail = 503, "database", 10, "the database is away"
        case _:
            status, reason = 400, "ended"
    body = msgspec.json.encode({"error": reason, "detail": detail[:200]})
    return Reply(status, body, after=after)


def gateway_app(door: Door, answers: Callable[[], bool], *more: Route) -> Starlette:
    """Return the gateway as an application, to be served alone or mounted at `/`.

    `answers` says whether the database is there; it may block. `more`: other ways in, as eRDS.
    """
    front, most = _Front(door), door.bounds.octets

    async def alive(_: Request) -> Response:
        return Response("alive\n", media_type="text/plain")

    async def ready(_: Request) -> Response:
        good = await asyncio.to_thread(answers)
        text = "ready\n" if good else "the database is away\n"
        return Response(text, 200 if good else 503, media_type="text/plain")

    ways = {
        "enrol": front.endpoint(door.enrol, MOST_ENROLMENT, _JSON),
        "renew": front.endpoint(door.renew, most, MEDIA_TYPE),
        "batches": front.endpoint(door.receive, most, MEDIA_TYPE),
        "orders": front.endpoint(door.orders, most, MEDIA_TYPE),
    }
    posts = [Route(f"{ROOT}/{name}", way, methods=["POST"]) for name, way in ways.items()]
    return Starlette(routes=[*posts, *more, Route("/healthz", alive), Route("/readyz", ready)])
