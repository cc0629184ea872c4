"""POP reception: fetches mail every <POP Interval> minutes; 0 leaves it to whoever asks."""

from __future__ import annotations

from frisket.mfd.device import Device
from frisket.mfd.outside.every import Every
from frisket.mfd.outside.pop import fetch
from frisket.mfd.service import BACKGROUND, Open, Port, Service

_MINUTE = 60.0


def ports(device: Device) -> tuple[Port, ...]:
    """Return the background task while there is a server to ask, and an interval."""
    store = device.store
    wanted = store.on("pop.enabled") and store.text("pop.server") and store.number("pop.interval")
    return (BACKGROUND,) if wanted else ()


async def open_port(device: Device, _: Port) -> Open:
    """Fetch now and then every so many minutes."""
    return Every(device, device.store.number("pop.interval") * _MINUTE, lambda: fetch(device, "-"))


SERVICE = Service(name="pop", ports=ports, open_port=open_port, reopen_on=("pop.",))
