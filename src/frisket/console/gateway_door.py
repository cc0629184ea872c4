"""The gateway beside the console: collectors and devices report to the console's own address.

They are let past the console's guard: they send no cookie, every envelope is signed, and the
gateway bounds what it takes in by itself (`telemetry.gateway.web`).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

from frisket.proto.erds.message import PATH
from frisket.telemetry.gateway.service import Gateway
from frisket.telemetry.gateway.web import ROOT, Door
from frisket.telemetry.gateway.whole import whole_gateway

_PATHS: Final = frozenset(
    {PATH, *(f"{ROOT}/{name}" for name in ("enrol", "renew", "batches", "orders"))}
)


def beside_gateway(
    console: ASGIApp, gateway: Gateway, door: Door, clock: Callable[[], datetime]
) -> ASGIApp:
    """Return one application: the gateway's few paths, and the console for everything else."""
    reports = whole_gateway(gateway, door, clock)

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        chosen = scope["type"] == "http" and scope["path"] in _PATHS
        await (reports if chosen else console)(scope, receive, send)

    return answer
