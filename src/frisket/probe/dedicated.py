"""Canon's dedicated ports: whether any accepts connections. Not one byte is sent there.

The protocol behind them is undocumented in public; UDP would not tell closed from silent.
"""

from __future__ import annotations

from frisket.errors import LinkError, Refused
from frisket.model.reading import Reading, Readings
from frisket.probe.base import Probe, Sighting, Visit, unread
from frisket.probe.sweep import sweep

VIA = "dedicated"
KEY = "dedicated-port.enabled"
# The guide's list for SP-17; those that management software uses first, so that most visits
# end after one connection.
PORTS = (
    *(9007, 47546, 9013, 47545, 47547),
    *(9002, 9006, 9011, 9012, 9014, 9015, 9017, 9018, 9019, 9022, 9023, 9025, 20317),
)


def interpret(visit: Visit, met: dict[int, LinkError | None]) -> Reading:
    """Return on where a port is open, off where every port of the family refuses."""
    for port, fault in met.items():
        if fault is None:
            return visit.known(True, VIA, f"port {port}/tcp accepts connections")
    for fault in met.values():
        if fault is not None and not isinstance(fault, Refused):
            return unread(fault, VIA)
    return visit.known(False, VIA, f"{len(met)} dedicated TCP ports refuse connections")


async def run(visit: Visit) -> Sighting:
    """Look at one port after the other until one is open."""
    met: dict[int, LinkError | None] = {}
    async for port, fault in sweep(visit, PORTS):
        met[port] = fault
        if fault is None:
            break
    reading = interpret(visit, met)
    facts = {"dedicated": f"port {port}"} if met and met[port] is None else {}
    return Sighting(Readings.single({KEY: reading}), facts=facts)


PROBE = Probe(name="dedicated", reads=frozenset({KEY}), run=run)
