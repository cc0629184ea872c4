"""RAW printing on port 9100: connect and close. Not one byte: each could be printed."""

from __future__ import annotations

from frisket.errors import LinkError
from frisket.model.reading import Readings
from frisket.probe.base import Probe, Sighting, Visit, port_reading

VIA = "raw"
PORT = 9100
ENABLED = "raw.enabled"


def interpret(visit: Visit, fault: LinkError | None) -> Sighting:
    """Judge the port by whether it accepts a connection."""
    reading = port_reading(visit, fault, PORT, VIA)
    facts = {"raw": f"port {PORT}/tcp is open"} if fault is None else {}
    return Sighting(Readings.single({ENABLED: reading}), facts=facts)


async def run(visit: Visit) -> Sighting:
    """Touch the port."""
    return interpret(visit, await visit.closed(PORT))


PROBE = Probe(name="raw", reads=frozenset({ENABLED}), run=run)
