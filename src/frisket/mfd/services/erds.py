"""E-RDS: reports to the gateway by itself while service mode has it on."""

from __future__ import annotations

import secrets

from frisket.mfd.device import Device
from frisket.mfd.erds.reporter import Reporter
from frisket.mfd.erds.talk import ENABLED
from frisket.mfd.service import BACKGROUND, Open, Port, Service


def ports(device: Device) -> tuple[Port, ...]:
    """Return the background task while E-RDS is on."""
    store = device.store
    return (BACKGROUND,) if ENABLED in store and store.on(ENABLED) else ()


async def open_port(device: Device, _: Port) -> Open:
    """Make the device's key where there is none, and report from now on."""
    device.erds.make_key(secrets.token_bytes(32))
    return Reporter(device)


SERVICE = Service(name="erds", ports=ports, open_port=open_port)
