"""The gateway over HTTP: bounded in size, rate and number; every answer signed.

docs/reference/collector-protocol.md has the requests and what each status means.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
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
    open_envelope,
)
from frisket.telemetry.gateway.intake import Forked, Receipt
from frisket.telemetry.gateway.service import Gateway, Refusal

ROOT: Final = "/gateway/v1"
_JSON: Final = "application/json"
_THREADS: Final = 4
_LOOK: Final = 2.0  # seconds between looks for orders that another process has given
_MOST_BUCKETS: Final = 20_000
_T = TypeVar("_T")
_Work = Callable[[bytes], Awaitable[bytes]]


@dataclass(frozen=True, slots=True)
class Bounds:
    """What the gateway takes at a time: octets of one body, octets of all, seconds for a body.

    A certificate may send `burst` envelopes at once and `rate` a second in the long run.
    """

    octets: int = MOST_OCTETS
    all_octets: int = 128 << 20
    requests: int = 200
    long_polls: int = 5000
    patience: float = 60.0
    burst: float = 500.0
    rate: float = 50.0


class Rejected(FrisketError):
    """The request is not taken: status, one word of the protocol, and when to try again."""

    def __init__(self, status: int, reason: str, message: str = "", after: int = 0) -> None:
        super().__init__(message or reason)
        self.status, self.reason, self.after = status, reason, after


@dataclass(slots=True)
class _Buckets:
    """How many envelopes each certificate may still send, and since when that is so."""

    bounds: Bounds
    left: dict[bytes, tuple[float, float]] = field(default_factory=dict)

    def take(self, who: bytes, now: float) -> None:
        """Count one envelope. Raises `Rejected`."""
        left, at = self.left.get(who, (self.bounds.burst, now))
        left = min(self.bounds.burst, left + (now - at) * self.bounds.rate)
        if left < 1:
            raise Rejected(429, "rate", "too many envelopes", after=1)
        if len(self.left) > _MOST_BUCKETS:
            self.left.clear()
        self.left[who] = (left - 1, now)


class _Front:
    """What stands between HTTP and the gateway."""

    def __init__(self, gateway: Gateway, bounds: Bounds, clock: Callable[[], datetime]) -> None:
        self._gateway = gateway
        self._bounds = bounds
        self._clock = clock
        self._buckets = _Buckets(bounds)
        self._pool = ThreadPoolExecutor(_THREADS, "gateway")
        self._octets = 0
        self._requests = 0
        self._polls = 0

    async def enrol(self, request: Request) -> Response:
        """Answer `POST enrol`."""
        return await self._answer(request, MOST_ENROLMENT, self._enrol)

    async def renew(self, request: Request) -> Response:
        """Answer `POST renew`."""
        return await self._answer(request, self._bounds.octets, self._renew)

    async def batches(self, request: Request) -> Response:
        """Answer `POST batches`."""
        return await self._answer(request, self._bounds.octets, self._receive)

    async def orders(self, request: Request) -> Response:
        """Answer `POST orders`, when there are new ones or the time is up."""
        return await self._answer(request, self._bounds.octets, self._order)

    async def _enrol(self, octets: bytes) -> bytes:
        now = self._clock()
        return await self._call(lambda: self._gateway.enrol(octets, now))

    async def _renew(self, octets: bytes) -> bytes:
        now = self._clock()
        return await self._call(lambda: self._gateway.renew(octets, now))

    async def _receive(self, octets: bytes) -> bytes:
        now = self._clock()
        receipt = await self._call(lambda: self._gateway.receive(octets, now))
        if not receipt.kept:
            raise Rejected(503, "waiting", "too much waits for records before it", after=60)
        return receipt_json(receipt)

    async def _order(self, octets: bytes) -> bytes:
        now = self._clock()
        collector, wish = await self._call(lambda: self._gateway.wish(octets, now))
        if self._polls >= self._bounds.long_polls:
            raise Rejected(503, "busy", after=30)
        self._polls += 1
        try:
            end = time.monotonic() + wish.wait
            orders = await self._call(lambda: self._gateway.orders(collector))
            while orders.version <= wish.after and time.monotonic() < end:
                await asyncio.sleep(min(_LOOK, max(0.0, end - time.monotonic())))
                orders = await self._call(lambda: self._gateway.orders(collector))
        finally:
            self._polls -= 1
        return msgspec.json.encode(orders)

    async def _call(self, work: Callable[[], _T]) -> _T:
        return await asyncio.get_running_loop().run_in_executor(self._pool, work)

    async def _answer(self, request: Request, most: int, work: _Work) -> Response:
        """Do the work on a request's body, and say what came of it. No fault of theirs is ours."""
        held = 0
        self._requests += 1
        try:
            octets = await self._body(request, most)
            held = len(octets)
            self._octets += held
            if most != MOST_ENROLMENT:
                self._count(request, octets)
            answer = await work(octets)
        except (FrisketError, TimeoutError, ClientDisconnect) as fault:
            return _refusal(fault)
        finally:
            self._octets -= held
            self._requests -= 1
        signature = self._gateway.sign(octets, answer)
        return Response(answer, 200, {SIGNATURE_HEADER: signature}, _JSON)

    def _count(self, request: Request, octets: bytes) -> None:
        if request.headers.get("content-type", "").partition(";")[0].strip() != MEDIA_TYPE:
            raise Rejected(415, "type", f"the media type is {MEDIA_TYPE}")
        self._buckets.take(open_envelope(octets).certificate, time.monotonic())

    async def _body(self, request: Request, most: int) -> bytes:
        if self._requests - self._polls > self._bounds.requests:
            raise Rejected(503, "busy", "too many requests at a time", after=2)
        told = request.headers.get("content-length", "")
        if told.isdigit() and int(told[:12]) > most:
            raise Rejected(413, "size", f"at most {most} octets")
        body = bytearray()
        async with asyncio.timeout(self._bounds.patience):
            async for part in request.stream():
                body += part
                if len(body) > most:
                    raise Rejected(413, "size", f"at most {most} octets")
                if self._octets + len(body) > self._bounds.all_octets:
                    raise Rejected(503, "busy", "too many octets at a time", after=2)
        return bytes(body)


def receipt_json(receipt: Receipt) -> bytes:
    """Return a receipt as the protocol has it."""
    told = {"acknowledged": receipt.acknowledged}
    return msgspec.json.encode(
        {**told, "full": list(receipt.full), "refused": dict(receipt.refused)}
    )


def _refusal(fault: Exception) -> Response:
    """Return the answer that a fault means."""
    after, detail = 0, str(fault)
    match fault:
        case Rejected(status=status, reason=reason, after=after):
            pass
        case Untrusted(why=why):
            status, reason = 401, why.value
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
    headers = {"Retry-After": str(after)} if after else {}
    body = msgspec.json.encode({"error": reason, "detail": detail[:200]})
    return Response(body, status, headers, _JSON)


def utc_now() -> datetime:
    """Return the time."""
    return datetime.now(UTC)


def gateway_app(
    gateway: Gateway, *, bounds: Bounds | None = None, clock: Callable[[], datetime] = utc_now
) -> Starlette:
    """Return the gateway as an application, to be served alone or mounted at `/`."""
    front = _Front(gateway, bounds or Bounds(), clock)

    async def alive(_: Request) -> Response:
        return Response("alive\n", media_type="text/plain")

    async def ready(_: Request) -> Response:
        answers = await asyncio.to_thread(gateway.database.answers)
        text = "ready\n" if answers else "the database is away\n"
        return Response(text, 200 if answers else 503, media_type="text/plain")

    return Starlette(
        routes=[
            Route(f"{ROOT}/enrol", front.enrol, methods=["POST"]),
            Route(f"{ROOT}/renew", front.renew, methods=["POST"]),
            Route(f"{ROOT}/batches", front.batches, methods=["POST"]),
            Route(f"{ROOT}/orders", front.orders, methods=["POST"]),
            Route("/healthz", alive),
            Route("/readyz", ready),
        ]
    )
