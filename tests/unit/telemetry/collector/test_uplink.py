"""Everything that was kept arrives once and in order: over cut lines, lost answers and crashes."""

from __future__ import annotations

import asyncio
import itertools
import random
from collections.abc import Sequence
from pathlib import Path

import pytest
from tests.unit.telemetry.collector.gateways import Gateway, Wire
from tests.unit.telemetry.collector.spools import Clock
from tests.unit.telemetry.collector.test_exchange import enrolled

from frisket.errors import Refused, Reset
from frisket.telemetry.batch import Kind
from frisket.telemetry.collector.backoff import Backoff
from frisket.telemetry.collector.change import News
from frisket.telemetry.collector.exchange import GatewayRefused
from frisket.telemetry.collector.keeper import Keeper
from frisket.telemetry.collector.records import gap_frame, maker
from frisket.telemetry.collector.spool import Limits, Spool, SpoolFull
from frisket.telemetry.collector.uplink import Stalled, Uplink


def spool_of(folder: Path, clock: Clock, limits: Limits | None = None) -> Spool:
    return Spool(folder, clock.moments(), gap_frame, limits)


def count(device: int, value: int) -> News:
    return News(f"device-{device}", Kind.CHANGE, {"counter.total": value})


class Line:
    """A collector's sending half, between a spool and a gateway without a network."""

    def __init__(self, folder: Path, gateway: Gateway, clock: Clock | None = None) -> None:
        self.folder, self.gateway, self.clock = folder, gateway, clock or Clock()
        self.exchange = enrolled(folder, gateway, self.clock)
        self.wire = Wire(gateway)
        self.exchange.carrier = self.wire
        self.waits: list[float] = []
        self.said: list[str] = []
        self.wanted: list[str] = []
        self.reopen()

    def reopen(self) -> None:
        """Begin anew on the same folder, as after kill -9."""
        self.spool = spool_of(self.folder, self.clock)
        self.keeper = Keeper(self.spool)
        self.uplink = Uplink(
            self.keeper,
            self.exchange,
            Backoff(random.Random(1)),
            self.want,
            self.said.append,
            self.sleep,
        )

    def want(self, devices: Sequence[str]) -> None:
        self.wanted += devices

    async def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)

    async def keep(self, *news: News) -> None:
        await self.keeper.keep([maker(one) for one in news])

    def arrived(self) -> list[int]:
        return [record.values["counter.total"] for record in self.gateway.told(Kind.CHANGE)]  # type: ignore[misc]


@pytest.fixture
def line(tmp_path: Path) -> Line:
    return Line(tmp_path, Gateway())


async def test_batches_go_in_order_and_the_spool_is_empty_then(line: Line) -> None:
    for start in range(0, 1000, 50):
        await line.keep(*(count(n % 7, n) for n in range(start, start + 50)))
    assert await line.uplink.send_all() == 1000
    assert line.arrived() == list(range(1000))
    assert line.spool.depth == 0
    assert len(line.gateway.requests) == 4


async def test_a_lost_acknowledgement_means_the_same_batch_again(line: Line) -> None:
    await line.keep(*(count(0, n) for n in range(10)))
    line.wire.lost = [Reset("cut"), Reset("cut")]
    for _ in range(2):
        with pytest.raises(Reset):
            await line.uplink.send_all()
        await line.keep(count(0, 99))
    line.reopen()
    await line.uplink.send_all()
    assert line.arrived() == [*range(10), 99, 99]
    assert [one.seq for one in line.gateway.all()] == list(range(1, 14))


async def test_a_crash_between_acknowledgement_and_removal_sends_nothing_twice(
    line: Line,
) -> None:
    await line.keep(*(count(0, n) for n in range(5)))
    batch = await line.keeper.batch("c1")
    assert batch
    line.gateway.take("c1", batch.octets)
    line.reopen()
    await line.uplink.send_all()
    assert line.arrived() == list(range(5))


async def test_the_gateway_asks_for_devices_anew_and_refuses_others(line: Line) -> None:
    line.gateway.full, line.gateway.refused = ["device-3"], {"device-4": "outside"}
    await line.keep(count(3, 1))
    await line.uplink.send_all()
    assert line.wanted == ["device-3"]
    assert line.spool.notes["refused"] == {"device-4": "outside"}


async def test_a_batch_too_large_is_sent_in_parts(line: Line) -> None:
    await line.keep(*(count(0, n) for n in range(300)))
    line.gateway.fail = [413, 413]
    for _ in range(2):
        with pytest.raises(GatewayRefused):
            await line.uplink.send_all()
    await line.uplink.send_all()
    assert line.arrived() == list(range(300))


async def test_a_gateway_that_acknowledges_nothing_is_not_hammered(line: Line) -> None:
    await line.keep(*(count(0, n) for n in range(3)))
    line.gateway.take = lambda *_: {"acknowledged": 0, "full": [], "refused": {}}  # type: ignore[method-assign]
    with pytest.raises(Stalled):
        await line.uplink.send_all()
    assert line.spool.depth == 3


async def test_a_folder_from_a_backup_loses_nothing_and_says_so(line: Line) -> None:
    await line.keep(count(0, 1))
    line.gateway.take = lambda *_: {"acknowledged": 500, "full": [], "refused": {}}  # type: ignore[method-assign]
    with pytest.raises(Stalled, match="more of this spool") as caught:
        await line.uplink.send_all()
    assert "backup" in caught.value.hint
    assert line.spool.depth == 1


async def test_after_damage_everything_is_told_anew(line: Line) -> None:
    told: list[int] = []
    line.uplink.anew = lambda: told.append(1)
    await line.keep(*(count(0, n) for n in range(5)))
    (segment,) = (line.folder / "spool").glob("*.segment")
    octets = bytearray(segment.read_bytes())
    octets[len(octets) // 2] ^= 1
    segment.write_bytes(octets)
    await line.uplink.send_all()
    assert (len(line.arrived()), told) == (4, [1])
    assert len(line.gateway.told(Kind.GAP)) == 1
    await line.keep(count(0, 6))
    await line.uplink.send_all()
    assert told == [1]


async def test_waiting_grows_is_told_once_and_heeds_the_gateway(line: Line) -> None:
    await line.keep(count(0, 1))

    enough = asyncio.Event()

    async def sleep(seconds: float) -> None:
        line.waits.append(seconds)
        if len(line.waits) == 8:
            line.wire.cut = None
            line.gateway.fail = [503]
        if len(line.waits) == 10:
            enough.set()
            await asyncio.Event().wait()

    line.uplink.sleep = sleep
    line.wire.cut = Refused("port 443 refused")
    running = asyncio.create_task(line.uplink.run())
    await enough.wait()
    running.cancel()
    down = line.waits[:8]
    assert all(later > 0.9 * earlier for earlier, later in itertools.pairwise(down))
    assert down[0] <= 2
    assert line.waits[8] >= 1
    assert 100 < down[7] <= 300
    assert line.said[0] == "port 443 refused"
    assert len(line.said) <= 3
    assert line.arrived() == [1]


async def test_a_full_spool_reports_its_gap_when_the_line_is_back(tmp_path: Path) -> None:
    line = Line(tmp_path, Gateway())
    line.spool = spool_of(tmp_path, line.clock, Limits(octets=4000, segment=1000))
    line.keeper = Keeper(line.spool)
    line.uplink.keeper = line.keeper
    kept = 0
    for n in range(100):
        try:
            await line.keep(count(0, n))
        except SpoolFull:
            continue
        kept += 1
    await line.uplink.send_all()
    await line.keep(count(0, 1000))
    await line.uplink.send_all()
    assert line.arrived() == [*range(kept), 1000]
    lost = [one.values["count"] for one in line.gateway.told(Kind.GAP) if "count" in one.values]
    assert lost == [100 - kept]


async def test_72_hours_at_1000_devices_with_the_line_cut(tmp_path: Path) -> None:
    """Every five minutes 6 % of the devices have news (engine.md 3.2); the disk is real."""
    line = Line(tmp_path, Gateway(renew_after=10_000_000))
    source = random.Random(72)
    line.wire.cut = Refused("the line is cut")
    sent: dict[int, list[int]] = {device: [] for device in range(1000)}
    value = 0
    for round_ in range(72 * 12):
        line.clock.pass_by(300)
        news = []
        for device in source.sample(range(1000), 60):
            value += 1
            sent[device].append(value)
            news.append(count(device, value))
        await line.keep(*news)
        line.spool.beat()
        if round_ % 200 == 100:
            line.reopen()  # killed
        if round_ % 50 == 0:
            with pytest.raises(Refused):
                await line.uplink.send_all()
    assert line.spool.depth >= 51_840
    assert line.spool.octets < 16 << 20
    line.wire.cut = None
    await line.uplink.send_all()
    got: dict[int, list[int]] = {device: [] for device in range(1000)}
    for record in line.gateway.told(Kind.CHANGE):
        got[int(record.device[7:])].append(record.values["counter.total"])  # type: ignore[arg-type]
    assert got == sent
    downs = line.gateway.told(Kind.GAP)
    assert len(downs) == 4
    assert all(gap.values["from"] <= gap.values["to"] for gap in downs)  # type: ignore[operator]
    assert line.spool.depth == 0
