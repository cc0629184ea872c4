"""What a whole collector costs: polling, telling what is new, and the spool on disk.

    python bench/collector.py [--devices 3000] [--rounds 4] [--moving 10]

The devices run in another process on another core, as for bench/poll.py. Afterwards the spool is
sealed into batches, as if the line were up again.
Run it in a network of its own: unshare -n sh -c 'ip link set lo up; exec python bench/collector.py'
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.poll import LOGIN, resident, spent
from bench.poll_fleet import Fleet, fleet, serve

import frisket.cli.collect  # noqa: F401 - the memory is that of the whole program
from frisket.model.target import Target
from frisket.net.shared import SharedSockets
from frisket.probe.survey import survey
from frisket.telemetry.collector.change import Changes
from frisket.telemetry.collector.keeper import Keeper, next_batch
from frisket.telemetry.collector.leaving import leaving
from frisket.telemetry.collector.moments import Moments
from frisket.telemetry.collector.orders import Scope
from frisket.telemetry.collector.records import gap_frame
from frisket.telemetry.collector.schedule import Schedule
from frisket.telemetry.collector.site import Site
from frisket.telemetry.collector.spool import Spool
from frisket.telemetry.collector.visit import SnmpVisit
from frisket.telemetry.table import load_tables


def made(folder: Path, shared: SharedSockets, *, login: bool) -> tuple[Site, Spool]:
    moments = Moments()
    spool = Spool(folder, moments, gap_frame)
    visit = SnmpVisit(
        "public", lambda _: LOGIN if login else None, load_tables(), moments, shared, 10.0, 0.0
    )
    schedule = Schedule(300, random.Random(1))
    site = Site(Keeper(spool), Changes(leaving), schedule, visit, moments, Scope(), print)
    return site, spool


async def run(options: argparse.Namespace, there: Fleet, folder: Path) -> None:
    with SharedSockets() as shared:
        site, spool = made(folder, shared, login=options.v3)
        site.targets = {target.address: target for target in there.targets}

        async def one(target: Target) -> bool:
            return bool((await site.poll(target)).sample)

        for number in range(options.rounds + 1):
            share = options.moving if number else 0
            there.count(share)
            cpu, wall, depth = spent(), time.perf_counter(), spool.depth
            answered = 0
            async for _, good in survey(there.targets, one, options.parallel):
                answered += good
            what = f"again, {share} % moved" if number else "first contact"
            cost = spent() - cpu
            print(
                f"{what:20} {cost:6.2f} s CPU, {time.perf_counter() - wall:6.2f} s wall,"
                f" {spool.depth - depth:5} records, spool {spool.octets / 1e6:6.2f} MB,"
                f" {resident():5.0f} MB of memory, {len(there.targets) - answered} silent"
            )
            print(json.dumps({"what": "collect", "round": number, "cpu": round(cost, 3)}))
        drain(spool)
        await site.keeper.close()


def drain(spool: Spool) -> None:
    """Seal everything into batches, and acknowledge each."""
    cpu, records, octets, batches = spent(), spool.depth, 0, 0
    while batch := next_batch(spool, "c1", spool.acknowledged, 300):
        octets += len(batch.octets)
        batches += 1
        spool.acknowledge(batch.last)
    print(
        f"{batches} batches of {records} records: {octets / 1e6:.2f} MB, {spent() - cpu:.2f} s CPU,"
        f" {resident():.0f} MB of memory"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--devices", type=int, default=3000)
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--moving", type=int, default=10, help="percent that count between rounds")
    parser.add_argument("--parallel", type=int, default=50)
    parser.add_argument("--v3", action="store_true", help="ask by SNMPv3")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        asyncio.run(serve(options.devices))
        return
    with fleet(__file__, options.devices) as there, tempfile.TemporaryDirectory() as folder:
        asyncio.run(run(options, there, Path(folder)))


if __name__ == "__main__":
    main()
