"""A visit that goes nowhere, for judging what probes make of answers."""

from __future__ import annotations

import asyncio
import random
import ssl
from datetime import UTC, datetime

import pytest

from frisket.errors import LinkError, Refused
from frisket.model.reading import Known, Reading, Unread, Value, Why
from frisket.model.target import Target
from frisket.net.budget import Budget
from frisket.net.dial import Datagrams, Stream
from frisket.net.guard import PrintGuard
from frisket.net.tls import TlsSession
from frisket.probe.base import Sighting, Visit

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


class Nowhere:
    """A dialer at which every port is as told, and refused where nothing is told."""

    def __init__(self, ports: dict[int, LinkError | None] | None = None) -> None:
        self.target = Target("192.0.2.7")
        self.budget = Budget()
        self.guard = PrintGuard()
        self.random = random.Random(7)
        self.ports = ports or {}
        self.tried: list[int] = []

    async def tcp(self, port: int, timeout: float = 5.0) -> Stream:
        """Meet what was told for the port."""
        self.tried.append(port)
        await asyncio.sleep(0)
        fault = self.ports.get(port, Refused(f"port {port}/tcp refused"))
        if fault is not None:
            raise fault
        return Closing()

    async def udp(self, port: int) -> Datagrams:
        """Refuse."""
        raise Refused(f"port {port}/udp refused")

    async def tls(
        self, stream: Stream, context: ssl.SSLContext, timeout: float = 10.0
    ) -> TlsSession:
        """Never reached."""
        raise AssertionError


class Closing:
    """A stream that only may be closed."""

    async def read(self, timeout: float) -> bytes:
        """Fail the test."""
        pytest.fail("nothing may be read here")

    async def write(self, data: bytes, timeout: float = 10.0) -> None:
        """Fail the test."""
        pytest.fail("nothing may be sent here")

    def close(self) -> None:
        """Close."""


def visit(ports: dict[int, LinkError | None] | None = None) -> Visit:
    """Return a visit at a fixed time to a device with these ports."""
    return Visit(Nowhere(ports), lambda: NOW)


def only(sighting: Sighting, key: str) -> Reading:
    """Return the one reading of a key."""
    (reading,) = sighting.readings[key]
    return reading


def value(sighting: Sighting, key: str) -> Value:
    """Return the known value of a key; fails with the reason where it is not known."""
    reading = only(sighting, key)
    assert isinstance(reading, Known), reading
    return reading.value


def why(sighting: Sighting, key: str) -> Why:
    """Return why a key was not read; fails where it was."""
    reading = only(sighting, key)
    assert isinstance(reading, Unread), reading
    return reading.why
