"""Setting the clock: a server that keeps to RFC 4330, and ones that do not."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from tests.lab import make_device, running_device
from tests.unit.probe.lan import HOST, closed_port

from frisket.errors import FrisketError, UsageError
from frisket.mfd.auditlog import LogKind
from frisket.mfd.device import Device
from frisket.mfd.outside.attempt import OutsideFault
from frisket.mfd.outside.clock import set_clock
from frisket.model.reading import Value
from frisket.net.listen import UdpServer, listen_udp
from frisket.proto.sntp.wire import SERVER, Packet, decode, encode, to_wire

TRUE = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def tell(spoil: Callable[[Packet], Packet] = lambda p: p) -> UdpServer:
    """Serve the time `TRUE`; `spoil` changes the answer."""

    def answer(data: bytes, _: tuple[str, int]) -> bytes:
        asked = decode(data)
        now = to_wire(TRUE.timestamp())
        good = Packet(SERVER, 4, stratum=2, originate=asked.transmit, receive=now, transmit=now)
        return encode(spoil(good))

    return listen_udp(HOST, 0, answer)


def slow_clock(port: int) -> Device:
    settings: dict[str, Value] = {"sntp.enabled": True, "sntp.server": f"{HOST}:{port}"}
    settings["audit-log.save"] = True
    return make_device(settings=settings, now=lambda: TRUE - timedelta(hours=3))


async def test_the_clock_is_set_and_the_log_says_so() -> None:
    server = tell()
    device = slow_clock(server.port)
    moved = await set_clock(device, "test")
    server.close()
    assert moved == pytest.approx(3 * 3600, abs=0.01)
    assert abs(device.now() - TRUE) < timedelta(seconds=0.01)
    entry = list(device.log)[-1]
    assert (entry.kind, entry.operation) == (LogKind.MACHINE_MANAGEMENT, "Set Date/Time")
    assert entry.at.startswith("2026-11-22T12:00")


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"originate": 1}, "another question"),
        ({"stratum": 0, "reference_id": b"RATE"}, "RATE"),
        ({"stratum": 16}, "no time"),
        ({"leap": 3}, "no time"),
        ({"mode": 3}, "no answer"),
        ({"transmit": 0}, "tells no time"),
        ({"version": 0}, "no answer"),
    ],
)
async def test_a_bad_answer_moves_nothing_and_is_logged(
    change: dict[str, int | bytes], why: str
) -> None:
    server = tell(lambda good: replace(good, **change))  # type: ignore[arg-type]
    device = slow_clock(server.port)
    with pytest.raises(OutsideFault, match=why):
        await set_clock(device, "test")
    server.close()
    assert device.now() == TRUE - timedelta(hours=3)
    assert list(device.log)[-1].result == "NG"


async def test_nobody_there_is_a_logged_failure() -> None:
    device = slow_clock(closed_port())
    with pytest.raises(FrisketError):
        await set_clock(device, "test")
    assert list(device.log)[-1].result == "NG"


async def test_without_the_setting_nobody_is_asked() -> None:
    with pytest.raises(UsageError):
        await set_clock(make_device(), "test")


async def test_the_device_sets_its_clock_by_itself_while_the_setting_is_on() -> None:
    server = tell()
    settings: dict[str, Value] = {"sntp.server": f"{HOST}:{server.port}"}
    late = TRUE - timedelta(hours=3)
    async with running_device(settings=settings, services=["sntp"], now=lambda: late) as (
        device,
        host,
    ):
        assert device.now() == late
        device.store.set("sntp.enabled", value=True, actor="test", via="lab")
        await host.settled()
        async with asyncio.timeout(10):
            while device.drift.offset == timedelta(0):
                await asyncio.sleep(0.01)
        assert host.ports() == {}
        assert abs(device.now() - TRUE) < timedelta(seconds=0.1)
    server.close()
