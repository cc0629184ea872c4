"""SNTP: sets the device's clock every <Polling Interval> while <Use SNTP> is on."""

from __future__ import annotations

from frisket.mfd.device import Device
from frisket.mfd.outside.clock import set_clock
from frisket.mfd.outside.every import Every
from frisket.mfd.service import BACKGROUND, Open, Port, Service

_HOUR = 3600.0


def ports(device: Device) -> tuple[Port, ...]:
    """Return the background task while there is a server to ask."""
    store = device.store
    return (BACKGROUND,) if store.on("sntp.enabled") and store.text("sntp.server") else ()


async def open_port(device: Device, _: Port) -> Open:
    """Ask now and then every so many hours."""
    return Every(
        device, device.store.number("sntp.interval") * _HOUR, lambda: set_clock(device, "-")
    )


SERVICE = Service(name="sntp", ports=ports, open_port=open_port, reopen_on=("sntp.",))
