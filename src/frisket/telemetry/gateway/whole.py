"""The whole gateway as one application: collectors' door and devices' door, on one database."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from starlette.applications import Starlette

from frisket.store.erds import ErdsDevices
from frisket.telemetry.erds_reception import Reception
from frisket.telemetry.gateway.by_device import KeptDevices, erds_route
from frisket.telemetry.gateway.service import Gateway
from frisket.telemetry.gateway.web import Door, gateway_app
from frisket.telemetry.table import load_tables


def erds_reception(gateway: Gateway) -> Reception:
    """Return the reception of devices that report by themselves."""
    numbers = next((table.numbers for table in load_tables() if table.name == "canon"), {})
    return Reception(KeptDevices(ErdsDevices(gateway.database), gateway.intake, numbers))


def whole_gateway(gateway: Gateway, door: Door, now: Callable[[], datetime]) -> Starlette:
    """Return what answers collectors (`/gateway/v1`) and devices (`/erds/v1`)."""
    devices = erds_route(erds_reception(gateway), now)
    return gateway_app(door, gateway.database.answers, devices)
