"""A site's devices: polled inside its scope only, one key a device, news into the spool."""

from __future__ import annotations

import asyncio
import ipaddress
import random
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.unit.telemetry.collector.spools import Clock
from tests.unit.telemetry.collector.test_change import jam, sample

from frisket.errors import WireError
from frisket.model.target import Identity, Target
from frisket.telemetry.acquaintance import Acquaintance
from frisket.telemetry.batch import Kind, unframe
from frisket.telemetry.collector.change import Changes
from frisket.telemetry.collector.keeper import Keeper
from frisket.telemetry.collector.leaving import leaving
from frisket.telemetry.collector.orders import (
    Orders,
    Scope,
    addresses,
    keep_orders,
    kept_orders,
    quiet_of,
    read_orders,
)
from frisket.telemetry.collector.records import gap_frame
from frisket.telemetry.collector.schedule import Schedule
from frisket.telemetry.collector.site import Site
from frisket.telemetry.collector.spool import Limits, Spool
from frisket.telemetry.poll import Polled
from frisket.telemetry.sample import Alert, Sample
from frisket.telemetry.wake import Quiet

ALL = Scope()
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@dataclass
class Visits:
    """Devices by address, and who was visited."""

    devices: dict[str, Sample] = field(default_factory=dict)
    visited: list[str] = field(default_factory=list)
    known: list[Acquaintance] = field(default_factory=list)
    at: datetime = NOW

    async def __call__(self, target: Target, met: Acquaintance, quiet: Quiet | None) -> Polled:
        self.visited.append(target.address)
        self.known.append(met)
        await asyncio.sleep(0)
        found = self.devices.get(target.address)
        if found is None:
            return Polled(str(target), self.at, why="silent")
        return Polled(str(target), NOW, found, acquaintance=Acquaintance(via="SNMPv2c", met=NOW))


class Bench:
    def __init__(self, folder: Path, scope: Scope = ALL, limits: Limits | None = None) -> None:
        self.folder, self.clock, self.said = folder, Clock(), list[str]()
        moments = self.clock.moments()
        self.spool = Spool(folder, moments, gap_frame, limits)
        self.visits = Visits()
        self.rung = 0
        self.site = Site(
            Keeper(self.spool),
            Changes(leaving),
            Schedule(300, random.Random(1)),
            self.visits,
            moments,
            scope,
            self.said.append,
            ring=self.ring,
        )

    def ring(self) -> None:
        self.rung += 1

    def told(self) -> list[tuple[str, Kind]]:
        records = [unframe(one.body) for one in self.spool.read(0, 1000)]
        return [(record.device, record.kind) for record in records]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


async def test_what_is_new_is_in_the_spool_and_what_is_urgent_rings(bench: Bench) -> None:
    target = Target("10.0.0.1")
    bench.visits.devices = {"10.0.0.1": sample(1)}
    await bench.site.poll(target)
    await bench.site.poll(target)
    assert bench.told() == [("S1", Kind.FULL)]
    assert bench.rung == 0
    bench.visits.devices = {"10.0.0.1": sample(1, jam())}
    await bench.site.poll(target)
    assert bench.told()[1:] == [("S1", Kind.CHANGE)]
    assert bench.rung == 1
    assert bench.visits.known[1].via == "SNMPv2c", "what the first poll taught"


async def test_two_devices_with_one_serial_number_stay_two(bench: Bench) -> None:
    bench.site.take(Orders(devices=["10.0.0.1", "10.0.0.2"]))
    for value in range(3):
        for address, total in (("10.0.0.1", 10 + value), ("10.0.0.2", 900 + value)):
            bench.visits.devices[address] = sample(total)
            await bench.site.poll(Target(address))
    assert {device for device, _ in bench.told()} == {"S1", "10.0.0.2"}
    assert [kind for _, kind in bench.told()].count(Kind.FULL) == 2


async def test_a_device_that_moved_keeps_its_name(bench: Bench) -> None:
    bench.site.take(Orders(devices=["10.0.0.1"]))
    bench.visits.devices = {"10.0.0.1": sample(1)}
    await bench.site.poll(Target("10.0.0.1"))
    bench.site.take(Orders(version=2, devices=["10.0.0.7"]))
    bench.visits.devices = {"10.0.0.7": sample(1)}
    await bench.site.poll(Target("10.0.0.7"))
    assert {device for device, _ in bench.told()} == {"S1"}


async def test_nothing_outside_the_scope_is_visited(tmp_path: Path) -> None:
    scope = Scope((ipaddress.ip_network("10.1.0.0/24"),))
    bench = Bench(tmp_path, scope)
    orders = Orders(devices=["10.1.0.5", "192.0.2.1", "printer.example"], networks=["10.0.0.0/8"])
    bench.site.take(orders)
    assert set(bench.site.targets) == {"10.1.0.5"}
    bench.site.take(Orders(devices=["10.1.0.5"], networks=["10.1.0.0/30", "10.1.1.0/30", "x"]))
    assert set(bench.site.targets) == {"10.1.0.5", "10.1.0.1", "10.1.0.2"}
    assert [target.named for target in bench.site.targets.values()].count(True) == 1
    assert "192.0.2.1" in bench.said[0]
    assert "10.1.1.0/30" in bench.said[1]


def test_networks_are_bounded() -> None:
    found, left = addresses(["10.0.0.0/16", "10.9.0.0/24", "::/64"], Scope())
    assert len(found) == 65_534
    assert left == ["10.9.0.0/24", "::/64"]


async def test_the_loop_visits_all_in_turn_and_takes_new_orders(bench: Bench) -> None:
    bench.site.gap = 0
    bench.visits.devices = {f"10.0.0.{n}": sample(n) for n in range(1, 4)}
    bench.site.take(Orders(devices=["10.0.0.1"], every=300))
    running = asyncio.create_task(bench.site.run())
    async with asyncio.timeout(10):
        while "10.0.0.1" not in bench.visits.visited:
            await asyncio.sleep(0.01)
        bench.site.take(Orders(version=2, devices=["10.0.0.2", "10.0.0.3"], every=300))
        bench.clock.pass_by(200)
        bench.site._fresh.set()
        while len(set(bench.visits.visited)) < 3:
            await asyncio.sleep(0.01)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_a_device_that_changes_its_serial_number_costs_no_memory(bench: Bench) -> None:
    bench.site.take(Orders(devices=["10.0.0.1"]))
    for number in range(50):
        bench.visits.devices = {
            "10.0.0.1": replace(sample(1), identity=Identity(serial=f"S{number}"))
        }
        await bench.site.poll(Target("10.0.0.1"))
    assert len(bench.site.owners) == len(bench.site.alarms.states) == 1
    assert len(bench.site.changes._told) == 1


async def test_a_full_spool_is_told_once_and_made_up_for(tmp_path: Path) -> None:
    bench = Bench(tmp_path, limits=Limits(octets=700))
    bench.visits.devices = {"10.0.0.1": sample(1)}
    await bench.site.poll(Target("10.0.0.1"))
    before = bench.spool.depth
    for total in range(2, 50):
        bench.visits.devices = {"10.0.0.1": sample(total)}
        await bench.site.poll(Target("10.0.0.1"))
    assert len([said for said in bench.said if "gap" in said]) == 1
    bench.spool.acknowledge(bench.spool.next - 1)
    bench.spool.report()
    bench.visits.devices = {"10.0.0.1": sample(50)}
    await bench.site.poll(Target("10.0.0.1"))
    kinds = [kind for _, kind in bench.told()]
    assert kinds == [Kind.GAP, Kind.CHANGE]
    assert before == 1


async def test_a_hostile_device_costs_its_own_record_only(bench: Bench) -> None:
    nasty = sample(1 << 70, *(jam("x" * 5000) for _ in range(3)))
    names = tuple(
        Alert(f"{n}.\0\ud800", "s" * 9999, "g", 1 << 80, -(1 << 70), "t", jam().source)
        for n in range(5000)
    )
    hostile = Sample(Identity(serial="\n" * 300, model="m" * 9999), "p", alerts=names)
    bench.site.take(Orders(devices=["10.0.0.1", "10.0.0.2", "10.0.0.3"]))
    for address, device in (("10.0.0.1", nasty), ("10.0.0.2", hostile), ("10.0.0.3", sample(3))):
        bench.visits.devices[address] = device
        await bench.site.poll(Target(address))
    told = [device for device, _ in bench.told()]
    assert told == ["S1", "10.0.0.2", "10.0.0.3"]
    assert bench.spool.octets < 100_000


async def test_silence_is_told_once_and_its_end_over_a_restart_too(
    bench: Bench, tmp_path: Path
) -> None:
    target = Target("10.0.0.1")
    bench.visits.devices = {"10.0.0.1": sample(1)}
    await bench.site.poll(target)
    bench.visits.devices = {}
    for step in range(10):
        bench.visits.at = NOW + timedelta(minutes=5 * step)
        await bench.site.poll(target)
    records = [unframe(one.body) for one in bench.spool.read(0, 100)]
    assert [one.values for one in records if one.kind is Kind.EVENT] == [
        {"code": "device.silent", "severity": "critical"}
    ]
    assert bench.rung == 1
    bench.site.remember(tmp_path)
    again = Bench(tmp_path / "again")
    again.site.recall(tmp_path)
    again.visits.devices = {"10.0.0.1": sample(1)}
    for _ in range(3):
        await again.site.poll(target)
    records = [unframe(one.body) for one in again.spool.read(0, 100)]
    assert [one.values for one in records if one.kind is Kind.EVENT] == [
        {"code": "device.silent.over", "severity": "other"}
    ]


async def test_what_polls_taught_survives_a_restart(bench: Bench, tmp_path: Path) -> None:
    bench.site.take(Orders(devices=["10.0.0.1"]))
    bench.visits.devices = {"10.0.0.1": sample(1)}
    await bench.site.poll(Target("10.0.0.1"))
    bench.site.remember(tmp_path)
    again = Bench(tmp_path / "again")
    again.site.recall(tmp_path)
    assert again.site.met["10.0.0.1"].met == NOW
    (tmp_path / "acquaintances.json").write_text("[1]")
    again.site.recall(tmp_path)


def test_orders_are_bounded_kept_and_may_be_torn(tmp_path: Path) -> None:
    orders = Orders(3, ["10.0.0.1"], ["10.0.0.0/24"], 600, ["20:00", "06:30"], "Europe/Berlin")
    keep_orders(tmp_path, orders)
    assert kept_orders(tmp_path, 5) == orders
    quiet = quiet_of(orders)
    assert quiet
    assert quiet.ends.minute == 30
    assert quiet_of(Orders(quiet=["25:00", "x"], zone="Nowhere/At-All")) is None
    (tmp_path / "orders.json").write_text('{"version": 1, "every": 0.001}')
    assert kept_orders(tmp_path, 5).every == 5
    for bad in (b"", b"[]", b'{"version":-1}', b'{"version":1,"devices":[""]}', b"\xff"):
        with pytest.raises(WireError):
            read_orders(bad)
