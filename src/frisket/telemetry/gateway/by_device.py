"""The gateway's door for devices that report by themselves (eRDS), and what it keeps of them."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import zstandard
from sqlalchemy import Connection
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from frisket.errors import UsageError
from frisket.proto.erds.message import (
    CONTENT_TYPE,
    HOURS,
    MOST_OCTETS,
    PATH,
    SIGNATURE,
    AlertKind,
    Operation,
    Schedule,
)
from frisket.proto.erds.seal import code_digest, registration_code
from frisket.store.collectors import ACTIVE, Collector
from frisket.store.database import StoreFault
from frisket.store.erds import ErdsDevices, Proof, Registered
from frisket.store.inventory import Inventory
from frisket.telemetry.erds_reception import Accepted, Enrolled, Reception, Reply, Wishes, busy
from frisket.telemetry.erds_sample import records_of
from frisket.telemetry.gateway.applying import Applying, Limits
from frisket.telemetry.gateway.fold import Reception as How
from frisket.telemetry.gateway.intake import Intake, day_of

CODE_LIFE: Final = timedelta(days=1)
_SLOW: Final = 60.0  # seconds for a body
# Each device was registered by a person's code: there is no flood of strangers to hold back.
_LIMITS: Final = Limits(new_a_day=1_000_000)


@dataclass(frozen=True, slots=True)
class KeptDevices:
    """The reception's port over the database. `numbers` are Canon's names of counters."""

    store: ErdsDevices
    intake: Intake
    numbers: Mapping[int, str]

    def enrolled(self, serial: str) -> Enrolled | None:
        """Return the device of that serial number."""
        found = self.store.find(serial)
        return Enrolled(found.key, found.last) if found else None

    def redeem(self, digest: str, serial: str, key: bytes, at: datetime) -> bool:
        """Use a code up."""
        return self.store.redeem(digest, serial, key, at)

    def wishes(self, serial: str) -> Wishes:
        """Return what is wanted of a device: as its site was given it, else what eRDS does."""
        return wishes_of(self.store.wanted(serial))

    def keep(self, accepted: Accepted) -> bool:
        """Store a report as it was signed, and what it says as a collector's records."""
        report = accepted.report
        records = records_of(accepted, self.numbers)
        received = int(accepted.received.timestamp())
        self.intake.metrics.learn(set().union(*(record.values for record in records)))
        self.intake.prepare_months(received)
        body = zstandard.ZstdCompressor().compress(accepted.body)
        proof = Proof(
            *(report.serial, accepted.key, report.sequence),
            *(accepted.received, body, accepted.signature),
        )

        def also(connection: Connection, device: Registered) -> None:
            how = How(0, received, 0, lambda at: day_of(device.zone, at))
            who = _as_collector(device)
            Applying(connection, who, self.intake.metrics, _LIMITS).apply(records, how)

        return self.store.keep(proof, also)


def wishes_of(said: Mapping[str, Any]) -> Wishes:
    """Return wishes as they are kept: hours, start, muted, left_out. Raises `UsageError`."""
    try:
        left_out = {Operation(word) for word in said.get("left_out", ())}
        muted = tuple(AlertKind(word) for word in said.get("muted", ()))
    except ValueError as fault:
        known = ", ".join([*AlertKind, *Operation])
        raise UsageError(f"no device has that to tell: {fault}", hint=f"known: {known}") from fault
    if Operation.COMMUNICATION_TEST in left_out:
        raise UsageError("the communication test cannot be left out", hint="it tells a device this")
    schedule = Schedule(said.get("hours", HOURS), said.get("start"))
    return Wishes(schedule, muted, tuple(o for o in Operation if o not in left_out))


def want(store: ErdsDevices, site: str, said: Mapping[str, Any], now: datetime) -> None:
    """Say what a site's devices are to tell; each hears it at its next communication test.

    `hours`, `start` (UTC minute of the day), `muted` kinds of alerts, `left_out` operations.
    Raises `UsageError`.
    """
    wishes_of(said)
    found = Inventory(store.database).site(site)
    if found is None:
        raise UsageError(f"there is no site {site!r}")
    store.want(found.id, said, now)


def _as_collector(device: Registered) -> Collector:
    """Return the device as who reports for its site: it speaks of itself alone."""
    until = datetime.max.replace(tzinfo=UTC)
    return Collector(
        *(0, device.serial, device.site_id, device.site, (), device.zone),
        *(ACTIVE, until, None, 0),
    )


def offer_code(store: ErdsDevices, site: str, serial: str, now: datetime) -> str:
    """Return a fresh one-time code that registers a device of a site. Raises `UsageError`."""
    found = Inventory(store.database).site(site)
    if found is None:
        raise UsageError(f"there is no site {site!r}")
    code = registration_code(secrets.token_bytes(16))
    store.offer(code_digest(code), found.id, serial, now, now + CODE_LIFE)
    return code


def erds_route(reception: Reception, clock: Callable[[], datetime]) -> Route:
    """Return the way in for devices: `POST /erds/v1` (docs/reference/erds.md)."""

    async def reports(request: Request) -> Response:
        body = bytearray()
        try:
            async with asyncio.timeout(_SLOW):
                async for part in request.stream():
                    body += part
                    if len(body) > MOST_OCTETS:
                        return Response(status_code=413)
        except (TimeoutError, ClientDisconnect):
            return Response(status_code=408)
        signature = request.headers.get(SIGNATURE, "")
        reply = await _judged(reception, bytes(body), signature, clock())
        headers = {"Retry-After": str(reply.answer.retry_after)} if reply.answer.retry_after else {}
        return Response(reply.body, reply.status, headers, CONTENT_TYPE)

    return Route(PATH, reports, methods=["POST"])


async def _judged(reception: Reception, body: bytes, signature: str, now: datetime) -> Reply:
    judged: Awaitable[Reply] = asyncio.to_thread(reception.accept, body, signature, now)
    try:
        return await judged
    except StoreFault as fault:
        return busy(30, str(fault))
