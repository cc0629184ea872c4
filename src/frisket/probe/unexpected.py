"""Services that no function of a printer needs: which of their ports accept connections."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from frisket.errors import LinkError, Refused
from frisket.model.reading import Reading, Readings, Unread, Why
from frisket.probe.base import Probe, Sighting, Visit, unread
from frisket.probe.sweep import sweep

VIA = "unexpected"
KEY = "network.unexpected-ports"
# None of them stands in the guide's lists of the device's ports. Nothing is sent to them.
SERVICES: Mapping[int, str] = MappingProxyType(
    {
        23: "Telnet",
        22: "SSH",
        8080: "HTTP",
        79: "Finger",
        111: "RPC portmapper",
        512: "rexec",
        513: "rlogin",
        514: "rsh",
        2049: "NFS",
        3389: "Remote Desktop",
        4000: "diagnosis",
        6000: "X11",
        9090: "HTTP",
        9091: "HTTP",
    }
)


def interpret(visit: Visit, met: Mapping[int, LinkError | None]) -> Reading:
    """Return the open ports; an empty list only where all the others refuse."""
    found = tuple(f"{port} {SERVICES[port]}" for port in sorted(met) if met[port] is None)
    unclear = [
        fault for fault in met.values() if fault is not None and not isinstance(fault, Refused)
    ]
    if found:
        return visit.known(found, VIA, f"{len(met)} ports were tried")
    if unclear:
        return unread(unclear[0], VIA)
    if not met:
        return Unread(Why.NOT_ASKED, VIA)
    return visit.known((), VIA, f"{len(met)} ports refuse connections")


async def run(visit: Visit) -> Sighting:
    """Look at one port after the other."""
    met = {port: fault async for port, fault in sweep(visit, SERVICES)}
    return Sighting(Readings.single({KEY: interpret(visit, met)}))


PROBE = Probe(name="unexpected", reads=frozenset({KEY}), run=run)
