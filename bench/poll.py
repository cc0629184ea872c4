"""What a collector's polls cost, in processor and wall time and memory, beside the exporter.

    python bench/poll.py [--devices 3000] [--rounds 4] [--moving 10] [--with-exporter]

The devices run in another process on another core. The first round makes their acquaintance, the
others ask what moves. Of the devices `--moving` percent count a page between two rounds.
With --with-exporter, Debian's prometheus-snmp-exporter reads the same objects from the same
devices in the same run: as few as `--exported` of them, since it takes long.
Run it in a network of its own: unshare -n sh -c 'ip link set lo up; exec python bench/poll.py'.
"""

from __future__ import annotations

import argparse
import asyncio
import cProfile
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.poll_fleet import AUTH, PRIV, USER, Fleet, fleet, serve

from frisket.drivers.credential import Login, Secret
from frisket.model.target import Target
from frisket.net.budget import Budget
from frisket.net.shared import SharedDialer, SharedSockets
from frisket.probe.survey import survey
from frisket.proto.snmp.wire.oid import Oid, format_oid
from frisket.telemetry.acquaintance import Acquaintance
from frisket.telemetry.poll import LIMITS, Access, Polled, poll_device
from frisket.telemetry.table import load_tables

LOGIN = Login(USER, "SHA1", "AES-128", Secret(AUTH), Secret(PRIV))
ACCESSES = {"v2c": Access(patience=10), "v3": Access(login=LOGIN, patience=10)}
UNPACED = replace(LIMITS, packets_per_second=0)


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds of processor and wall time."""

    cpu: float
    wall: float


def spent(who: int = resource.RUSAGE_SELF) -> float:
    """Return the processor time used, in seconds."""
    usage = resource.getrusage(who)
    return usage.ru_utime + usage.ru_stime


def resident() -> float:
    """Return the process's memory now, in MB."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize() / 1e6


@dataclass(slots=True)
class Tally:
    """What a round gave; a collector hands samples on, and keeps none."""

    devices: int = 0
    packets: int = 0
    silent: int = 0
    why: str = ""

    def take(self, polled: Polled) -> None:
        """Count one poll."""
        self.devices += 1
        self.packets += polled.packets
        self.silent += not polled.sample
        self.why = self.why or polled.why


async def poll_all(
    targets: Sequence[Target], access: Access, met: dict[str, Acquaintance], parallel: int
) -> Tally:
    """Poll every device once, and keep the acquaintances."""
    tables = load_tables()
    found = Tally()
    with SharedSockets() as shared:

        async def one(target: Target) -> Polled:
            dialer = SharedDialer(target, Budget(UNPACED), shared)
            known = met.get(target.address, Acquaintance())
            return await poll_device(dialer, access, tables, lambda: datetime.now(UTC), known)

        async for target, polled in survey(targets, one, parallel):
            met[target.address] = polled.acquaintance
            found.take(polled)
    return found


def measured(
    targets: Sequence[Target], access: Access, met: dict[str, Acquaintance], parallel: int
) -> tuple[Cost, Tally]:
    """Poll every device once and return what that cost."""
    cpu, wall = spent(), time.perf_counter()
    found = asyncio.run(poll_all(targets, access, met, parallel))
    return Cost(spent() - cpu, time.perf_counter() - wall), found


def rounds(
    options: argparse.Namespace, there: Fleet, name: str
) -> tuple[tuple[Oid, ...], tuple[Oid, ...]]:
    """Print what each round cost; return what is asked of a device in each, and in the first."""
    met: dict[str, Acquaintance] = {}
    best = float("inf")
    for number in range(options.rounds + 1):
        share = 0 if number == 0 else 100 if number == options.rounds else options.moving
        there.count(share)
        cost, found = measured(there.targets, ACCESSES[name], met, options.parallel)
        packets = found.packets / found.devices
        what = "first contact" if number == 0 else f"again, {share} % moved"
        print(
            f"{name:4} {what:20} {cost.cpu:6.2f} s CPU, {cost.cpu / found.devices * 1e3:6.3f} ms"
            f" a device, {cost.wall:6.2f} s wall, {packets:5.1f} packets, {resident():5.0f} MB"
            + (f", {found.silent} SILENT: {found.why}" if found.silent else "")
        )
        if 0 < number < options.rounds:
            best = min(best, cost.cpu / found.devices)
    kept = next(iter(met.values())).remembered
    assert kept is not None
    print(
        f"{name:4} {len(kept.outline.oids)} variables known, {len(kept.outline.moving)} asked again"
    )
    print(json.dumps({"what": f"poll {name}", "ms": round(best * 1e3, 3)}))
    return kept.outline.moving, kept.outline.oids


def module_of(oids: Sequence[Oid], *, login: bool) -> str:
    """Return a configuration of the exporter that reads the same objects."""
    auth = (
        f"""
    security_level: authPriv
    username: {USER}
    password: {AUTH}
    auth_protocol: SHA
    priv_protocol: AES
    priv_password: {PRIV}"""
        if login
        else "\n    community: public"
    )
    gets = "\n".join(f"  - {format_oid(oid)}" for oid in oids)
    metrics = "\n".join(
        f"  - name: frisket_{n}\n    oid: {format_oid(oid)}\n    type: gauge\n    help: x"
        for n, oid in enumerate(oids)
    )
    version = 3 if login else 2
    return (
        f"module:\n  walk:\n  - 1.3.6.1.2.1.43.18.1.1.2\n  get:\n{gets}\n  version: {version}\n"
        f"  max_repetitions: 25\n  auth:{auth}\n  metrics:\n{metrics}\n"
    )


@contextmanager
def exporter(config: str, port: int) -> Iterator[int]:
    """Run prometheus-snmp-exporter; yields its process id."""
    with tempfile.TemporaryDirectory(prefix="exporter-") as name:
        path = Path(name) / "snmp.yml"
        path.write_text(config, encoding="utf-8")
        command = ["prometheus-snmp-exporter", f"--config.file={path}"]
        command.append(f"--web.listen-address=127.0.0.1:{port}")
        quiet = subprocess.DEVNULL
        with subprocess.Popen(command, stdout=quiet, stderr=quiet) as process:
            try:
                yield process.pid
            finally:
                process.terminate()


def spent_by(pid: int) -> float:
    """Return the processor seconds of another process."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def scrape(port: int, target: Target) -> str:
    """Have the exporter read one device, and return its page."""
    query = urllib.parse.urlencode({"target": f"{target.address}:{target.port(161)}",
                                    "module": "module"})  # fmt: skip
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/snmp?{query}", timeout=30) as page:
        text: str = page.read().decode()
    return text


def export(options: argparse.Namespace, there: Fleet, name: str, oids: Sequence[Oid]) -> None:
    """Print what the exporter needs to read the same objects of the same devices."""
    port = 19_116
    with exporter(module_of(oids, login=name == "v3"), port) as pid:
        deadline = time.monotonic() + 10
        while True:
            try:
                page = scrape(port, there.targets[0])
                break
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)
        rows = sum(line.startswith("frisket_") for line in page.splitlines())
        asked = there.targets[: options.exported]
        cpu, wall = spent_by(pid), time.perf_counter()
        for target in asked:
            scrape(port, target)
        cpu, wall = spent_by(pid) - cpu, time.perf_counter() - wall
    print(
        f"{name:4} exporter, {len(oids)} objects, {rows} rows {cpu:6.2f} s CPU,"
        f" {cpu / len(asked) * 1e3:6.3f} ms a device, {wall:6.2f} s wall, {len(asked)} devices"
    )


def main() -> None:
    """Print all figures."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--devices", type=int, default=3000)
    options.add_argument("--rounds", type=int, default=4)
    options.add_argument("--moving", type=int, default=10)
    options.add_argument("--parallel", type=int, default=100)
    options.add_argument("--exported", type=int, default=1000)
    options.add_argument("--with-exporter", action="store_true")
    options.add_argument("--profile")
    options.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    given = options.parse_args()
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
    if given.serve:
        asyncio.run(serve(given.devices))
        return
    profile = cProfile.Profile() if given.profile else None
    print(f"before any device {resident():.0f} MB")
    with fleet(__file__, given.devices) as there:
        for name in ACCESSES:
            if profile:
                profile.enable()
            again, whole = rounds(given, there, name)
            if profile:
                profile.disable()
            if given.with_exporter:
                export(given, there, name, again)
                export(given, there, name, whole)
    if profile:
        profile.dump_stats(given.profile)
    print(f"most memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3:.0f} MB")


if __name__ == "__main__":
    main()
