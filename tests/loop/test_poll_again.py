"""Polls of a device met before: as true as the first, in a fraction of the packets, and gentle."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from tests.lab import running_device
from tests.loop.bench import NOW, bench
from tests.loop.test_poll_loop import COUNTED, LOGIN, UNPACED, agent, assert_true
from tests.loop.test_truth_loop import target_of

from frisket.drivers.base import Pin
from frisket.mfd.device import Device
from frisket.model.target import Target
from frisket.net.budget import Budget
from frisket.net.dial import SocketDialer
from frisket.net.listen import listen_udp
from frisket.proto.snmp.wire import Integer, OctetString
from frisket.telemetry.acquaintance import Acquaintance, revived
from frisket.telemetry.poll import Access, Polled, poll_device
from frisket.telemetry.table import load_tables
from frisket.telemetry.wake import Quiet

NIGHT = datetime(2026, 11, 22, 23, tzinfo=UTC)
V2C = {"snmp_v2c": True}
V3 = {"snmp.v3.enabled": True, "snmp.v1.enabled": False}


async def polled(
    target: Target,
    met: Acquaintance | None = None,
    access: Access | None = None,
    at: datetime = NOW,
) -> Polled:
    """Poll without pacing, knowing what `met` knows."""
    dialer = SocketDialer(target, Budget(UNPACED))
    given = access or Access(patience=2.0)
    return await poll_device(dialer, given, load_tables(), lambda: at, met or Acquaintance())


def alert(device: Device) -> None:
    """Make the device raise an alert: a tray runs empty."""
    device.levels.refill(0, 0)


@pytest.mark.parametrize(
    ("settings", "v2c", "login"), [({}, True, False), ({}, False, False), (V3, False, True)]
)
async def test_a_second_poll_is_as_true_and_cheaper(
    settings: dict[str, bool], *, v2c: bool, login: bool
) -> None:
    access = Access(login=LOGIN if login else None, patience=2.0)
    async with running_device(
        settings=settings, services=("snmp",), counters=COUNTED, quirks={"snmp_v2c": v2c}
    ) as (device, _):
        target = target_of(device)
        first = await polled(target, access=access)
        still = await polled(target, first.acquaintance, access)
        device.counters.add({101: 5, 113: 5})
        alert(device)
        moved = await polled(target, still.acquaintance, access)
        afresh = await polled(target, access=access)
    assert still.sample is first.sample
    assert still.packets <= 4
    assert moved.packets <= 9
    assert moved.packets * 2 < first.packets
    assert moved.received * 3 < first.received
    assert moved.sample == afresh.sample
    assert moved.sample != first.sample
    assert_true(moved, device)
    assert moved.via == first.via


async def test_alerts_come_and_go() -> None:
    async with running_device(services=("snmp",), quirks=V2C) as (device, _):
        target = target_of(device)
        first = await polled(target)
        alert(device)
        raised = await polled(target, first.acquaintance)
        device.levels.refill(0, 400)
        cleared = await polled(target, raised.acquaintance)
    assert len(raised.sample.alerts) > len(first.sample.alerts)
    assert cleared.sample.alerts == first.sample.alerts


async def test_another_serial_number_is_another_device_and_read_in_full() -> None:
    async with running_device(services=("snmp",), quirks=V2C, serial="VMF90001") as (one, host):
        target = target_of(one)
        first = await polled(target)
        address = one.address
        await host.stop()
        async with running_device(
            "iradv-4545", services=("snmp",), quirks=V2C, serial="VMF90002", address=address
        ) as (other, _):
            found = await polled(target_of(other), first.acquaintance)
            afresh = await polled(target_of(other))
    assert found.sample.identity.serial == "VMF90002"
    assert found.sample == afresh.sample


async def test_everything_is_read_once_a_day() -> None:
    async with running_device(services=("snmp",), quirks=V2C) as (device, _):
        target = target_of(device)
        first = await polled(target)
        soon = await polled(target, first.acquaintance, at=NOW + timedelta(hours=23))
        later = await polled(target, soon.acquaintance, at=NOW + timedelta(hours=24, minutes=5))
        back = await polled(target, first.acquaintance, at=NOW - timedelta(days=365))
    assert soon.packets < later.packets
    assert later.sample == first.sample
    assert back.packets > soon.packets


async def test_a_stranger_in_the_place_of_a_known_device_sees_no_login() -> None:
    async with running_device(settings=V3, services=("snmp",)) as (device, _):
        access = Access(login=LOGIN, patience=1.0)
        first = await polled(target_of(device), access=access)
        assert first.acquaintance.pin.engine
        forged = replace(first.acquaintance, pin=Pin(engine="8000137001c0000999"))
        refused = await polled(target_of(device), forged, access)
        fresh = revived(forged.durable())
        also = await polled(target_of(device), fresh, access)
    for found in (refused, also):
        assert not found.sample
        assert "another device" in found.why


async def test_an_acquaintance_survives_a_restart_without_its_readings() -> None:
    async with running_device(settings=V3, services=("snmp",)) as (device, _):
        access = Access(login=LOGIN, patience=2.0)
        first = await polled(target_of(device), access=access)
        kept = revived(first.acquaintance.durable())
        again = await polled(target_of(device), kept, access)
    assert kept.pin == first.acquaintance.pin
    assert again.sample == first.sample
    assert again.acquaintance.pin == first.acquaintance.pin


async def test_a_version_that_falls_silent_is_looked_for_anew() -> None:
    async with running_device(services=("snmp",), quirks=V2C) as (device, _):
        first = await polled(target_of(device))
        forgotten = replace(first.acquaintance, via="SNMPv1", silences=1)
        found = await polled(target_of(device), forgotten)
    assert found.via == "SNMPv2c"
    assert found.acquaintance.silences == 0


async def test_a_sleeper_is_woken_once_a_night() -> None:
    """Its first two datagrams of each visit are lost on it."""
    awake = agent(lambda oid, n: ((*oid[:-1], oid[-1] + 9), Integer(n)), OctetString(b"iR-ADV"))
    lost: list[bytes] = []

    def sleepy(data: bytes, peer: tuple[str, int]) -> bytes | None:
        if len(lost) < 4:
            lost.append(data)
            return None
        return awake(data, peer)

    access = Access(patience=8.0, quiet=Quiet())
    async with bench() as device:
        sock = listen_udp("127.0.0.1", 0, sleepy)
        try:
            device.ports[161] = sock.port
            first = await polled(device.target, access=access, at=NIGHT)
            heard = len(lost)
            second = await polled(
                device.target, first.acquaintance, access, NIGHT + timedelta(hours=2)
            )
            morning = await polled(
                device.target, second.acquaintance, access, NIGHT + timedelta(hours=9)
            )
        finally:
            sock.close()
    assert first.sample
    assert heard == 4
    assert second.rests
    assert second.packets == 0
    assert "07:00" in second.why
    assert morning.sample
