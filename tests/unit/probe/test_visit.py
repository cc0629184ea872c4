"""How a visit looks at ports: once each, patiently until the device is known to be awake."""

from __future__ import annotations

import asyncio

from tests.unit.probe.visits import NOW, Nowhere

from frisket.errors import Filtered, LinkError, Refused
from frisket.net.dial import Stream
from frisket.probe.base import AWAKE_PATIENCE, Options, Visit
from frisket.probe.visit import answered


class Timed(Nowhere):
    """Keeps how long it was to wait."""

    def __init__(self, ports: dict[int, LinkError | None]) -> None:
        super().__init__(ports)
        self.waits: dict[int, float] = {}

    async def tcp(self, port: int, timeout: float = 5.0) -> Stream:
        self.waits[port] = timeout
        return await super().tcp(port, timeout)


def visit(dialer: Nowhere) -> Visit:
    return Visit(dialer, lambda: NOW, Options(patience=5.0))


async def test_a_port_is_looked_at_once() -> None:
    dialer = Timed({80: None})
    at = visit(dialer)
    assert list(await asyncio.gather(at.closed(80), at.closed(80))) == [None, None]
    assert dialer.tried == [80]


async def test_patience_ends_when_the_device_is_awake() -> None:
    silent = Filtered("nothing")
    dialer = Timed({80: silent, 443: silent, 22: silent})
    at = visit(dialer)
    for port in (80, 443, 631, 22):
        await at.closed(port)
    assert dialer.waits == {80: 5.0, 443: 5.0, 631: 5.0, 22: AWAKE_PATIENCE}


async def test_a_visit_that_is_broken_off_leaves_nothing_behind() -> None:
    class Hanging(Nowhere):
        async def tcp(self, port: int, timeout: float = 5.0) -> Stream:
            await asyncio.Event().wait()
            raise AssertionError

    at = visit(Hanging())
    waiting = asyncio.create_task(at.closed(80))
    await asyncio.sleep(0)
    await at.close()
    await asyncio.gather(waiting, return_exceptions=True)
    assert waiting.cancelled()


def test_what_counts_as_an_answer() -> None:
    assert answered(None)
    assert answered(Refused())
    assert not answered(Filtered())
