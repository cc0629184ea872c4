"""Probes that connect and close, and judge a service by that alone."""

from __future__ import annotations

from frisket.errors import LinkError
from frisket.model.reading import Readings
from frisket.probe.base import Probe, Sighting, Visit, port_reading


def interpret(visit: Visit, fault: LinkError | None, name: str, port: int, key: str) -> Sighting:
    """Judge a service by whether its port accepts a connection."""
    reading = port_reading(visit, fault, port, name)
    facts = {name: f"port {port}/tcp is open"} if fault is None else {}
    return Sighting(Readings.single({key: reading}), facts=facts)


def touching(name: str, port: int, key: str) -> Probe:
    """Return the probe that reads `key` by touching TCP `port`."""

    async def run(visit: Visit) -> Sighting:
        return interpret(visit, await visit.closed(port), name, port, key)

    return Probe(name=name, reads=frozenset({key}), run=run)
