"""IPP and IPPS on port 631 (RFC 8011); <Allow IPPS Print> only refuses what is not TLS."""

from __future__ import annotations

from frisket.mfd.conversation import open_conversations
from frisket.mfd.device import Device
from frisket.mfd.ipp.connection import talk
from frisket.mfd.service import Open, Port, Service

IPP = Port(631)


def ports(device: Device) -> tuple[Port, ...]:
    """Return the port while IPP printing is on."""
    return (IPP,) if device.store.on("ipp.enabled") else ()


async def open_port(device: Device, port: Port) -> Open:
    """Listen for IPP clients; settings are read at each request."""
    return await open_conversations(device, "ipp", port, talk, metered=False)


SERVICE = Service(name="ipp", ports=ports, open_port=open_port)
