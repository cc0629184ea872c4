"""SNMP: versions 1 and 3 as the settings say, 2c where the model speaks it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from random import Random, SystemRandom

from frisket.mfd.device import Device
from frisket.mfd.mib.agent import Agent
from frisket.mfd.service import Open, Port, Service
from frisket.net.listen import listen_udp
from frisket.proto.snmp.wire.crypto import LocalKeys

SNMP = Port(161, "udp")


def ports(device: Device) -> tuple[Port, ...]:
    """Return the port while either version is on."""
    on = device.store.on("snmp.v1.enabled") or device.store.on("snmp.v3.enabled")
    return (SNMP,) if on else ()


def opener(keys: LocalKeys, random: Random) -> Callable[[Device, Port], Awaitable[Open]]:
    """Return a way to open the port; the devices it opens share what costs memory."""

    async def open_port(device: Device, port: Port) -> Open:
        agent = Agent(device, keys, random)
        where = device.port(port.number)
        return listen_udp(device.address, where, lambda data, _: agent.respond(data))

    return open_port


# Settings are read at each request, so none needs the port opened anew.
SERVICE = Service(name="snmp", ports=ports, open_port=opener(LocalKeys(), SystemRandom()))
