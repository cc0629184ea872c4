"""Polls of virtual devices give what the devices hold; hostile ones cost their budget, no more."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace

import pytest
from tests.lab import running_device
from tests.loop.bench import NOW, bench
from tests.loop.test_truth_loop import target_of

from frisket.drivers.base import Pin
from frisket.drivers.credential import Login, Secret
from frisket.mfd.counters import NAMES
from frisket.mfd.device import Device
from frisket.model.target import Target
from frisket.net.budget import Budget
from frisket.net.dial import SocketDialer
from frisket.net.listen import listen_udp
from frisket.proto.snmp.wire import (
    CommunityMessage,
    Counter64,
    Integer,
    Kind,
    ObjectIdentifier,
    OctetString,
    Oid,
    Pdu,
    Value,
    VarBind,
    decode_message,
    encode_community,
    encode_pdu,
)
from frisket.telemetry.poll import LIMITS, Access, Polled, poll_device
from frisket.telemetry.sample import State
from frisket.telemetry.table import load_tables

UNPACED = replace(LIMITS, packets_per_second=0)
COUNTED = {101: 150_000, 108: 100_000, 105: 50_000, 112: 9, 113: 99_991, 301: 120_000, 501: 77}
LOGIN = Login("initial", "SHA1", "AES-128", Secret("initial1"), Secret("initial1"))


async def polled(target: Target, access: Access | None = None) -> Polled:
    """Poll as `frisket poll` does, without pacing."""
    dialer = SocketDialer(target, Budget(UNPACED))
    return await poll_device(dialer, access or Access(patience=2.0), load_tables(), lambda: NOW)


def assert_true(found: Polled, device: Device) -> None:
    """Compare a poll with what the device holds."""
    sample = found.sample
    assert not found.why
    assert not sample.notes
    assert sample.identity.serial == device.plan.serial
    assert sample.identity.vendor == "Canon"
    held = {number: device.counters.values[number] for number in NAMES}
    told = {c.number: c.value for c in sample.counters if c.number is not None}
    assert told == {number: held[number] for number in told}
    assert set(told) == {n for n in NAMES if device.personality.color or "Color" not in NAMES[n]}
    assert {c.name: c.value for c in sample.counters}["life"] == held[101]
    supplies, trays = device.personality.supplies, device.personality.trays
    assert [supply.name for supply in sample.supplies] == [supply.name for supply in supplies]
    for place, supply in enumerate(sample.supplies):
        level = device.levels.supply(place)
        states = {-2: State.UNKNOWN, -3: State.SOME}
        assert supply.level.state is states.get(level, State.MEASURED)
        assert supply.level.amount == (level if level >= 0 else None)
    for place, tray in enumerate(sample.trays):
        assert tray.level.amount == device.levels.tray(place)
        assert tray.level.capacity == trays[place].capacity
    assert device.journal.counts["sheets"] == 0
    assert device.journal.counts["writes"] == 0


@pytest.mark.parametrize("personality", ["iradv-c5535", "iradv-4545"])
@pytest.mark.parametrize("v2c", [True, False])
async def test_a_poll_is_the_truth(personality: str, *, v2c: bool) -> None:
    async with running_device(
        personality, services=("snmp",), counters=COUNTED, quirks={"snmp_v2c": v2c}
    ) as (device, _):
        found = await polled(target_of(device))
        assert found.via == ("SNMPv2c" if v2c else "SNMPv1")
        assert_true(found, device)
        assert found.packets <= (40 if v2c else 90)


async def test_levels_that_are_unknown_stay_so() -> None:
    quirks = {"supply_levels_unknown": True, "snmp_v2c": True}
    async with running_device(services=("snmp",), quirks=quirks) as (device, _):
        found = await polled(target_of(device))
    assert {supply.level.state for supply in found.sample.supplies} == {State.UNKNOWN}


async def test_what_is_used_up_is_seen_by_the_next_poll() -> None:
    async with running_device(services=("snmp",), quirks={"snmp_v2c": True}) as (device, _):
        before = await polled(target_of(device))
        device.levels.refill(0, 0)
        device.counters.add({101: 5})
        after = await polled(target_of(device))
    assert after.sample.trays[0].level.percent == 0
    assert after.sample.trays[0] != before.sample.trays[0]
    totals = [
        next(c.value for c in found.sample.counters if c.number == 101) for found in (before, after)
    ]
    assert totals[1] - totals[0] == 5


async def test_with_a_login_nothing_but_version_3_is_spoken() -> None:
    settings = {"snmp.v3.enabled": True, "snmp.v1.enabled": False}
    async with running_device(settings=settings, services=("snmp",), counters=COUNTED) as (d, _):
        target = target_of(d)
        found = await polled(target, Access(login=LOGIN, patience=2.0))
        assert found.via == "SNMPv3"
        assert_true(found, d)
        other = Access(login=LOGIN, known=Pin(engine="8000137001c0000201"), patience=2.0)
        refused = await polled(target, other)
        silent = await polled(target, Access(patience=0.4))
    assert not refused.sample
    assert "another device" in refused.why
    assert not silent.sample
    assert "community" in silent.why


async def test_another_community() -> None:
    settings = {"snmp.community1.name": "ward-7"}
    async with running_device(settings=settings, services=("snmp",)) as (device, _):
        found = await polled(target_of(device), Access("ward-7", patience=2.0))
        refused = await polled(target_of(device), Access(patience=0.4))
    assert found.sample
    assert not refused.sample
    assert "ward-7" not in repr(Access("ward-7"))


async def test_a_sleeper_is_waited_for() -> None:
    """What wakes a printer is lost on it: the first datagrams are never answered."""
    awake = agent(lambda oid, n: ((*oid[:-1], oid[-1] + 9), Integer(n)), OctetString(b"iR-ADV"))
    lost: list[bytes] = []

    def sleepy(data: bytes, peer: tuple[str, int]) -> bytes | None:
        if len(lost) < 4:  # two of each version
            lost.append(data)
            return None
        return awake(data, peer)

    async with bench() as device:
        sock = listen_udp("127.0.0.1", 0, sleepy)
        try:
            device.ports[161] = sock.port
            found = await polled(device.target, Access(patience=2.0))
        finally:
            sock.close()
    assert found.sample.identity.vendor == "Canon"
    assert found.sample.identity.model == "iR-ADV"
    assert len(lost) == 4


Behind = Callable[[Oid, int], VarBind]
CANON = ObjectIdentifier((1, 3, 6, 1, 4, 1, 1602, 4, 7))


def agent(behind: Behind, fixed: Value) -> Callable[[bytes, tuple[str, int]], bytes | None]:
    """Return an agent that gives `fixed` for every variable, and goes on as `behind` says."""

    def answer(data: bytes, _: tuple[str, int]) -> bytes | None:
        message = decode_message(data)
        assert isinstance(message, CommunityMessage)
        assert isinstance(message.pdu, Pdu)
        pdu = message.pdu
        found: list[VarBind] = []
        names = [oid for oid, _ in pdu.varbinds]
        if pdu.kind is Kind.GET:
            found = [(oid, CANON if oid[-3:] == (1, 2, 0) else fixed) for oid in names]
        else:
            for _round in range(pdu.max_repetitions if pdu.kind is Kind.GET_BULK else 1):
                found += [behind(oid, _round) for oid in names]
        reply = encode_pdu(Pdu(Kind.RESPONSE, pdu.request_id, 0, 0, tuple(found)))
        sent = encode_community(message.version, message.community, reply)
        return sent if len(sent) < 65_000 else None

    return answer


HOSTILE: dict[str, Callable[[bytes, tuple[str, int]], bytes | None]] = {
    "endless": agent(lambda oid, n: ((*oid[:-1], oid[-1] + n + 1), Integer(1)), Integer(1)),
    "deeper": agent(lambda oid, n: ((*oid, n + 1)[:128], Integer(-5)), Integer(-5)),
    "standing": agent(lambda oid, _: (oid, Integer(1)), Integer(1)),
    "back": agent(lambda oid, n: ((*oid[:-1], max(oid[-1] - 1, 0)), Integer(n)), Integer(1)),
    "long": agent(lambda oid, n: ((*oid, n + 1), OctetString(b"x" * 60_000)), OctetString(b"\0")),
    "names": agent(lambda oid, _: ((*oid, 1), OctetString(b"\x1b]0;x\a" * 200)), Integer(2)),
    "huge": agent(lambda oid, n: ((*oid, n + 1), Counter64(10**12)), Counter64(10**12)),
}


@pytest.mark.parametrize("name", HOSTILE)
async def test_a_hostile_device_costs_its_budget(name: str) -> None:
    async with bench() as device:
        sock = listen_udp("127.0.0.1", 0, HOSTILE[name])
        try:
            device.ports[161] = sock.port
            start = time.process_time()
            async with asyncio.timeout(60):
                found = await polled(device.target, Access(patience=0.6))
            spent = time.process_time() - start
        finally:
            sock.close()
    assert found.packets <= LIMITS.packets
    assert found.received <= LIMITS.bytes_received + 70_000
    assert spent < 10
    assert all(0 <= counter.value < 2**32 for counter in found.sample.counters)
    assert all(s.level.percent is None or s.level.percent <= 100 for s in found.sample.supplies)
    assert len(found.sample.notes) <= 120
    assert "community" not in " ".join(found.sample.notes)
