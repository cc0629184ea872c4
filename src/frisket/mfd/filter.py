"""The device's own address filter (<Firewall Settings>): who is let in.

Virtual devices stand on loopback, where every client is the same machine: a filter that does not
let it in closes the ports, as a packet filter before the sockets would make them seem.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network
from typing import Final

from frisket.mfd.device import Device

CLIENT: Final = IPv4Address("127.0.0.1")  # what the kernel gives to clients of 127.0.0.0/8


def within(entry: str, address: IPv4Address) -> bool:
    """Say whether an exception names an address: one, a network, or the first and last of a range.

    One that names nothing excepts nobody.
    """
    try:
        if "-" in entry:
            low, high = (IPv4Address(part.strip()) for part in entry.split("-"))
            return low <= address <= high
        return address in IPv4Network(entry.strip(), strict=False)
    except ValueError:
        return False


def admits(device: Device, address: IPv4Address = CLIENT) -> bool:
    """Say whether a client at `address` is let in under the settings in effect."""
    store = device.store
    if not store.on("firewall.ipv4.enabled"):
        return True
    entries = store.effective("firewall.ipv4.exceptions")
    assert isinstance(entries, tuple)
    excepted = any(within(entry, address) for entry in entries)
    return excepted == (store.text("firewall.ipv4.default-policy") == "reject")
