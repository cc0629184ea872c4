"""A real `frisket collect` and a gateway, both killed at any moment: everything arrives once.

After each kill the spool is read as it lies on disk: what is in it then must be at the gateway in
the end, once, under its number and unchanged.
"""

from __future__ import annotations

import asyncio
import json
import random
import signal
import sys
import time
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.lab import running_device
from tests.project.tree import ROOT
from tests.unit.probe.lan import closed_port
from tests.unit.telemetry.collector import gateways

from frisket.mfd.device import Device
from frisket.telemetry.authority import open_authority
from frisket.telemetry.batch import Record, unframe
from frisket.telemetry.collector import disk
from frisket.telemetry.collector.segment import contents
from frisket.telemetry.collector.slots import glance
from frisket.telemetry.enrolment import make_token

TOTAL = 102  # Canon's number of the counter that the test turns


@dataclass
class Chaos:
    """The two processes, and what was seen in the spool after each kill."""

    folder: Path
    port: int
    source: random.Random
    collector: Process | None = None
    gateway: Process | None = None
    owed: dict[int, Record] = field(default_factory=dict)
    deaths: list[float] = field(default_factory=list)

    @property
    def data(self) -> Path:
        return self.folder / "data"

    async def start_gateway(self, deaf: float = 0.15) -> None:
        self.gateway = await asyncio.create_subprocess_exec(
            sys.executable, "-m", gateways.__name__, str(self.folder), str(self.port), str(deaf),
            cwd=ROOT, stdin=DEVNULL,
        )  # fmt: skip

    async def start_collector(self) -> None:
        log = (self.folder / "collector.log").open("ab")
        with log:
            self.collector = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "frisket.cli", "collect"),
                *("--gateway", f"https://localhost:{self.port}", "--site", "here"),
                *("--token-file", str(self.folder / "token"), "--data", str(self.data)),
                *("--pace", "0", "--every", "1"),
                stdin=DEVNULL,
                stderr=log,
            )

    async def kill_collector(self) -> None:
        """Kill it, and note what its spool owes the gateway."""
        await end(self.collector, signal.SIGKILL)
        self.collector = None
        self.deaths.append(time.time())
        for number, record in spooled(self.data).items():
            assert self.owed.setdefault(number, record) == record, "a number given twice"

    async def kill_gateway(self) -> None:
        await end(self.gateway, signal.SIGKILL)
        self.gateway = None

    def arrived(self) -> list[tuple[str, Record]]:
        path = self.folder / "journal"
        if not path.exists():
            return []
        rows = path.read_bytes().split(b"\n")[:-1]
        told = (json.loads(row) for row in rows)
        return [(spool, msgspec.convert(record, Record)) for spool, record in told]


async def end(process: Process | None, number: signal.Signals) -> None:
    if process is not None and process.returncode is None:
        process.send_signal(number)
        await process.wait()


def spooled(data: Path) -> dict[int, Record]:
    """Return what waits in a spool on disk."""
    done = int(glance(data / "spool.state").get("acknowledged", 0))
    return {
        one.number: unframe(one.body)
        for _, first, path in disk.list_segments(data / "spool")
        for one in contents(disk.read(path), first, 0).records
        if one.number > done
    }


@asynccontextmanager
async def chaos(folder: Path, addresses: list[str], seed: int) -> AsyncIterator[Chaos]:
    authority = open_authority(folder, datetime.now(UTC))
    token = make_token(authority.identifier)
    (folder / "token").write_text(str(token))
    (folder / "tokens").write_text(token.public)
    orders: dict[str, Any] = {"version": 1, "devices": addresses, "every": 1}
    (folder / "orders").write_text(json.dumps(orders))
    made = Chaos(folder, closed_port(), random.Random(seed))
    try:
        yield made
    finally:
        await end(made.collector, signal.SIGKILL)
        await end(made.gateway, signal.SIGKILL)


def judge(made: Chaos, devices: list[Device]) -> None:
    """Everything that was on disk arrived, once, in order, and the devices' last word too."""
    arrived = made.arrived()
    assert len({spool for spool, _ in arrived}) == 1
    numbers = [record.seq for _, record in arrived]
    assert numbers == list(range(1, len(numbers) + 1))
    by_number = {record.seq: record for _, record in arrived}
    for number, record in made.owed.items():
        assert by_number[number] == record
    for device in devices:
        told = [
            record.values["counter.total-2"]
            for _, record in arrived
            if record.device == device.plan.serial and "counter.total-2" in record.values
        ]
        assert told, device.plan.serial
        assert told == sorted(told), "order per device"  # type: ignore[type-var]
        assert told[-1] == device.counters.values[TOTAL]


async def until(condition: Any, seconds: float = 40) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.1)


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("seed", "rounds"),
    [(1, 5), pytest.param(2, 40, marks=pytest.mark.nightly)],
)
async def test_killed_at_any_moment_everything_arrives_once(
    tmp_path: Path, seed: int, rounds: int
) -> None:
    async with (
        running_device(services=["snmp"], serial="AAA00001") as (one, _),
        running_device(services=["snmp"], serial="AAA00002") as (two, _),
        chaos(tmp_path, [one.address, two.address], seed) as made,
    ):
        devices = [one, two]
        turning = asyncio.create_task(turn(devices))
        await made.start_gateway()
        await made.start_collector()
        await until(lambda: len(made.arrived()) >= 2)
        for round_ in range(rounds):
            await asyncio.sleep(made.source.uniform(0, 2.5))
            if round_ % 2:
                await made.kill_gateway()  # the line is cut while the collector goes on
                await asyncio.sleep(made.source.uniform(0, 2))
            await made.kill_collector()
            await made.start_collector()
            if made.gateway is None:
                await asyncio.sleep(made.source.uniform(0, 1.5))
                await made.start_gateway()
        turning.cancel()
        await asyncio.gather(turning, return_exceptions=True)
        final = {device.plan.serial: device.counters.values[TOTAL] for device in devices}

        def cured() -> bool:
            told: dict[str, Any] = {}
            for _, record in made.arrived():
                if "counter.total-2" in record.values:
                    told[record.device] = record.values["counter.total-2"]
            return told == final

        await until(cured, 60)
        await end(made.collector, signal.SIGTERM)
        await until(lambda: not spooled(made.data))
        judge(made, devices)
        gaps = [record for _, record in made.arrived() if record.kind == "gap"]
        assert len(gaps) <= rounds
        assert all(gap.values["why"] == "the collector was not running" for gap in gaps)
        spans = [(gap.values["from"], gap.values["to"]) for gap in gaps]
        for death in made.deaths:
            covering = [1 for began, ended in spans if began <= death <= ended]  # type: ignore[operator]
            assert len(covering) == 1, "each absence is marked once"


async def turn(devices: list[Device]) -> None:
    """Let the devices count, a page at a time."""
    while True:
        for device in devices:
            device.counters.add({TOTAL: 1})
        await asyncio.sleep(0.2)


async def test_two_collectors_do_not_share_a_folder(tmp_path: Path) -> None:
    async with chaos(tmp_path, [], 3) as made:
        await made.start_gateway(0.0)
        await made.start_collector()
        await until((made.data / "spool.state").exists)
        first = made.collector
        await made.start_collector()
        assert made.collector
        assert await made.collector.wait() == 2
        assert "another collector" in (tmp_path / "collector.log").read_text()
        await end(first, signal.SIGTERM)
        assert first
        assert first.returncode == 0
        assert (made.data / "collector.key").stat().st_mode & 0o777 == 0o600
