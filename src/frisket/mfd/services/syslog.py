"""Syslog: hands every entry of the audit log to a server while the setting is on."""

from __future__ import annotations

from frisket.mfd.device import Device
from frisket.mfd.outside.syslog import Sender
from frisket.mfd.service import BACKGROUND, Open, Port, Service


def ports(device: Device) -> tuple[Port, ...]:
    """Return the background task while there is a server to send to."""
    store = device.store
    if "syslog.enabled" not in store:
        return ()
    return (BACKGROUND,) if store.on("syslog.enabled") and store.text("syslog.server") else ()


async def open_port(device: Device, _: Port) -> Open:
    """Send what is logged from now on."""
    return Sender(device)


SERVICE = Service(name="syslog", ports=ports, open_port=open_port, reopen_on=("syslog.",))
