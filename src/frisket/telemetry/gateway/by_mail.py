"""The gateway's entry for envelopes that come by mail: the same as by HTTPS, only later."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime

import msgspec

from frisket.errors import WireError
from frisket.store.database import StoreFault
from frisket.telemetry.envelope import Kind, open_envelope
from frisket.telemetry.gateway.intake import MAIL_LATENESS, Forked
from frisket.telemetry.gateway.service import Gateway, Refusal, TooFast
from frisket.telemetry.gateway.web import receipt_json, utc_now
from frisket.telemetry.gateway_mail import Receive, Reply


def by_mail(gateway: Gateway, clock: Callable[[], datetime] = utc_now) -> Receive:
    """Return what takes an envelope in; its reply has the status that HTTPS would give."""

    async def receive(octets: bytes) -> Reply:
        return await asyncio.to_thread(_taken, gateway, octets, clock())

    return receive


def _taken(gateway: Gateway, octets: bytes, now: datetime) -> Reply:
    try:
        body = _answer(gateway, octets, now)
    except (StoreFault, TooFast):
        return Reply(503)
    except Refusal:
        return Reply(403)
    except (WireError, Forked):
        return Reply(400)
    return Reply(200, body, gateway.sign(octets, body)) if body else Reply(503)


def _answer(gateway: Gateway, octets: bytes, now: datetime) -> bytes:
    """Return the answer's body; nothing where too much waits for records before these.

    Raises `WireError`, `Refusal`, `Forked`, `StoreFault`.
    """
    kind = open_envelope(octets).kind
    if kind is Kind.RENEW:
        return gateway.renew(octets, now)
    if kind is Kind.ORDERS:
        collector, _ = gateway.wish(octets, now)
        return msgspec.json.encode(gateway.orders(collector))
    receipt = gateway.receive(octets, now, MAIL_LATENESS)
    return receipt_json(receipt) if receipt.kept else b""
