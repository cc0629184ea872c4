"""mDNS on UDP port 5353: the printer as DNS-SD announces it (<Use IPv4 mDNS>).

What is announced follows the settings: a print service that is off is not offered. On loopback
questions are answered by unicast, from the device's own address; elsewhere the device joins the
group, announces itself and takes leave. Conflicting names are not resolved.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from ipaddress import IPv4Address

from frisket.errors import WireError
from frisket.mfd.announce import formats, make_and_model, web_address
from frisket.mfd.device import Device
from frisket.mfd.service import Open, Port, Service
from frisket.net.multicast import GroupServer, listen_group
from frisket.proto.mdns.zone import (
    MDNS_PORT,
    Offer,
    Zone,
    announcements,
    label,
    read_questions,
    reply,
)

MDNS = Port(5353, "udp")
GROUP = "224.0.0.251"
_HOPS = 255  # RFC 6762 section 11
_AGAIN = 1.0  # seconds to the second announcement (RFC 6762 section 8.3)
_MOPRIA = "1.3"
_URF = "V1.4,CP255,PQ4,RS600,SRGB24,W8,DM3,IS1,OB10"


def texts(device: Device, path: str) -> tuple[tuple[str, str], ...]:
    """Return the texts of a print service; no text of a real device was at hand (facts 3.6)."""
    store = device.store
    yes = "T" if device.personality.color else "F"
    pairs = [
        ("txtvers", "1"),
        ("qtotal", "1"),
        ("rp", path),
        ("ty", make_and_model(device)),
        ("product", f"({device.personality.product})"),
        ("adminurl", web_address(device)),
        ("note", store.text("device.location")),
        ("pdl", ",".join(formats(device))),
        ("Color", yes),
        ("Duplex", "T"),
        ("Copies", "T"),
        ("priority", "50"),
        ("UUID", device.plan.uuid),
    ]
    if store.on("airprint.enabled"):
        pairs.append(("URF", _URF))
    if store.on("mopria.enabled"):
        pairs.append(("mopria-certified", _MOPRIA))
    return tuple(pairs)


def offers(device: Device) -> tuple[Offer, ...]:
    """Return the services that are on now."""
    store = device.store
    found = []
    if store.on("ipp.enabled"):
        subtypes = (
            *(("_universal",) if store.on("airprint.enabled") else ()),
            *(("_print",) if store.on("mopria.enabled") else ()),
        )
        said = texts(device, "ipp/print")
        port = device.port(631)
        if not store.on("ipp.tls-only"):
            found.append(Offer("_ipp._tcp", port, said, subtypes))
        found.append(Offer("_ipps._tcp", port, (*said, ("TLS", "1.2")), subtypes))
    if store.on("lpd.enabled"):
        found.append(Offer("_printer._tcp", device.port(515), texts(device, "print")))
    if store.on("raw.enabled"):
        found.append(Offer("_pdl-datastream._tcp", device.port(9100), texts(device, "")))
    if web_address(device):
        found.append(Offer("_http._tcp", device.port(8000), (("path", "/"),)))
    return tuple(found)


def zone(device: Device) -> Zone:
    """Return all that the device announces."""
    named = device.store.text("mdns.name")
    suffix = device.plan.mac[9:].replace(":", "")
    return Zone(
        host=label(named or device.name, host=True),
        instance=label(named or f"{make_and_model(device)} {suffix}"),
        address=IPv4Address(device.address).packed,
        offers=offers(device),
    )


def respond(device: Device, data: bytes, *, legacy: bool, wakes: bool = True) -> bytes | None:
    """Answer one query; None for silence. Raises nothing.

    A question to everyone does not wake the device: its network part answers for it.
    """
    try:
        query = read_questions(data)
        if wakes and device.power.wake("mdns") > 0:
            return None
        return reply(zone(device), query, legacy=legacy)
    except WireError:
        return None


@dataclass(frozen=True, slots=True)
class _Listener:
    """The open port; beyond loopback it says hello and goodbye."""

    server: GroupServer
    zone: Zone
    again: asyncio.TimerHandle | None

    def close(self) -> None:
        if self.again is not None:
            self.again.cancel()
            for datagram in announcements(self.zone, leaving=True):
                self.server.announce(datagram)
        self.server.close()


def ports(device: Device) -> tuple[Port, ...]:
    """Return the port while <Use IPv4 mDNS> is on."""
    return (MDNS,) if device.store.on("mdns.ipv4.enabled") else ()


async def open_port(device: Device, port: Port) -> Open:
    """Listen on the device's address; beyond loopback also in the group, and say hello."""

    def direct(data: bytes, peer: tuple[str, int]) -> bytes | None:
        return respond(device, data, legacy=peer[1] != MDNS_PORT)

    def everyone(data: bytes, peer: tuple[str, int]) -> bytes | None:
        legacy = peer[1] != MDNS_PORT
        said = respond(device, data, legacy=legacy, wakes=False)
        if said is None or legacy:
            return said
        server.announce(said)
        return None

    where = device.port(port.number)
    server = listen_group(device.address, where, GROUP, direct, asked=everyone, hops=_HOPS)
    if not server.heard:
        return _Listener(server, Zone("", "", b"", ()), None)
    hello = zone(device)

    def announce() -> None:
        for datagram in announcements(hello):
            server.announce(datagram)

    announce()
    return _Listener(server, hello, asyncio.get_running_loop().call_later(_AGAIN, announce))


# What is announced changes with these: goodbye to the old, hello to the new.
_REOPEN = ("mdns.", "ipp.", "lpd.", "raw.", "http.", "remote-ui.", "airprint.", "mopria.")
SERVICE = Service(name="mdns", ports=ports, open_port=open_port, reopen_on=_REOPEN)
