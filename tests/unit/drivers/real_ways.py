"""Which ways a virtual device really has open: asked of its own services, users and filter."""

from __future__ import annotations

from frisket.mfd.device import Device
from frisket.mfd.filter import admits
from frisket.mfd.mib.access import user_rights, users
from frisket.mfd.services import dedicated, http, snmp
from frisket.mfd.users import ADMINISTRATOR, FACTORY_PASSWORD, LoginRefused
from frisket.proto.snmp.wire import Level


def logs_in_to_write(device: Device) -> bool:
    """Say whether some SNMPv3 user of the device may write."""
    for user in users(device).values():
        rights = user_rights(device, user, Level.PRIVATE)
        if user.priv is not None and rights is not None and rights.may_write:
            return device.store.on("snmp.v3.enabled")
    return False


def lets_in(device: Device) -> bool:
    """Say whether the Administrator may log in from afar with the factory password."""
    try:
        device.users.login(ADMINISTRATOR, FACTORY_PASSWORD, "test", remote=True)
    except LoginRefused:
        return False
    return True


def real_ways(device: Device, *, factory: bool = False) -> set[str]:
    """Return the ways that the virtual device itself has open, asked of its own services.

    `factory`: the only password we have is the factory's.
    """
    found = set[str]()
    if not admits(device):
        return found
    numbers = {port.number for port in http.SERVICE.ports(device)}
    if factory and not lets_in(device):
        numbers = set()
    if 8443 in numbers:
        found.add("Remote UI over HTTPS")
    elif 8000 in numbers:
        found.add("Remote UI over HTTP")
    if snmp.SERVICE.ports(device) and device.store.on("snmp.v1.enabled"):
        found.add("SNMPv1 (reading)")
    if logs_in_to_write(device):
        found.add("SNMPv3")
    if dedicated.SERVICE.ports(device):
        found.add("dedicated port")
    return found
