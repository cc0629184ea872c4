"""Polls over IPP: where SNMP is silent, and where it leaves a level open; gently, and bounded."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.lab import running_device
from tests.loop.bench import NOW, bench
from tests.loop.test_poll_again import polled
from tests.loop.test_truth_loop import target_of

from frisket.telemetry.acquaintance import revived
from frisket.telemetry.poll import LIMITS, Access
from frisket.telemetry.sample import State

IPP = {"ipp.enabled": True, "snmp.v1.enabled": False}
BOTH = {"ipp.enabled": True}
PATIENT = Access(patience=0.5)


@pytest.mark.parametrize("tls", [False, True])
async def test_a_printer_without_snmp_is_read_over_ipp(*, tls: bool) -> None:
    settings = IPP | {"ipp.tls-only": tls}
    async with running_device(settings=settings, services=("ipp",), counters={101: 4711}) as (d, _):
        found = await polled(target_of(d), access=PATIENT)
        again = await polled(target_of(d), found.acquaintance, PATIENT)
        held = [d.levels.supply(place) for place in range(len(d.personality.supplies))]
        levels = [level if level >= 0 else None for level in held]
        assert d.journal.counts["sheets"] == 0
    assert found.via == "IPP"
    assert found.acquaintance.door == ("ipps:/ipp/print" if tls else "ipp:/ipp/print")
    assert found.sample.identity.vendor == "Canon"
    assert [supply.level.amount for supply in found.sample.supplies] == levels
    counters = {counter.name: counter.value for counter in found.sample.counters}
    assert counters["impressions"] == 4711
    assert all(supply.level.source.table == "ipp" for supply in found.sample.supplies)
    # The second poll goes straight to the door, and does not look for SNMP again today.
    assert again.sample == found.sample
    assert again.packets < found.packets


async def test_snmp_is_sought_again_the_next_day() -> None:
    async with running_device(settings=IPP, services=("ipp",)) as (device, _):
        found = await polled(target_of(device), access=PATIENT)
        kept = revived(found.acquaintance.durable())
        soon = await polled(target_of(device), kept, PATIENT, NOW + timedelta(hours=1))
        later = await polled(target_of(device), kept, PATIENT, NOW + timedelta(hours=25))
    assert later.packets > soon.packets


async def test_what_snmp_leaves_open_is_filled_by_ipp() -> None:
    quirks = {"snmp_v2c": True}
    async with running_device(settings=BOTH, services=("snmp", "ipp"), quirks=quirks) as (d, _):
        both = await polled(target_of(d), access=Access(patience=2.0, ipp="always"))
        alone = await polled(target_of(d), access=Access(patience=2.0))
        never = await polled(target_of(d), access=Access(patience=2.0, ipp="never"))
    assert both.via == "SNMPv2c and IPP"
    assert alone.via == never.via == "SNMPv2c"
    assert alone.sample == never.sample
    assert both.sample.supplies == alone.sample.supplies
    names = [counter.name for counter in both.sample.counters]
    assert "impressions" in names
    assert len(names) == len(set(names))


async def test_a_device_that_prints_nothing_known_keeps_its_levels_unknown() -> None:
    quirks = {"snmp_v2c": True, "supply_levels_unknown": True}
    async with running_device(settings=BOTH, services=("snmp", "ipp"), quirks=quirks) as (d, _):
        found = await polled(target_of(d))
    assert found.via == "SNMPv2c and IPP"
    assert {supply.level.state for supply in found.sample.supplies} == {State.UNKNOWN}


async def test_a_closed_ipp_is_not_knocked_at_with_every_poll() -> None:
    quirks = {"snmp_v2c": True, "supply_levels_unknown": True}
    async with running_device(services=("snmp",), quirks=quirks) as (device, _):
        first = await polled(target_of(device))
        again = await polled(target_of(device), first.acquaintance)
    assert first.acquaintance.door == "closed"
    assert again.packets == 1


@pytest.mark.parametrize("garbage", [b"", b"HTTP/1.1 200 OK\r\n\r\n", b"\0" * 3_000_000])
async def test_what_is_no_printer_costs_its_budget(garbage: bytes) -> None:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(garbage)
        await writer.drain()

    async with bench() as device:
        await device.listen(631, handle)
        async with asyncio.timeout(30):
            found = await polled(device.target, access=replace(PATIENT, patience=0.4))
    assert not found.sample
    assert found.why
    assert found.received <= LIMITS.bytes_received + 70_000
