"""What the gateway takes in: records a second over TLS into PostgreSQL and SQLite; a year's size.

    python -m bench.gateway [--database postgresql|sqlite] [--share 1.0] [--senders 4]
    python -m bench.gateway --year 20 [--database …]

The gateway runs in a process of its own, and so do its database and the collectors, on however
many processors there are: nothing is set aside for what is measured. Batches are sealed
beforehand, since that is the sites' work; each of 300 records of 40 values, of which `share` differ
from the poll before. With --year, a year of so many devices goes through the same intake: polled
every five minutes, 25 print jobs a working day.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding
from sqlalchemy import text
from tests.peers.postgres import Cluster, cluster

from frisket.store.database import Database, open_database
from frisket.store.inventory import Inventory
from frisket.telemetry.authority import make_request, open_authority
from frisket.telemetry.batch import Batch, Kind, Record, decode, encode
from frisket.telemetry.enrolment import ask
from frisket.telemetry.envelope import MEDIA_TYPE, seal
from frisket.telemetry.envelope import Kind as Carried
from frisket.telemetry.gateway.applying import Limits
from frisket.telemetry.gateway.service import Gateway, open_gateway

SIZE = 300
NAMES = [f"counter.total-{number}" for number in range(40)]
PORT = 8733
Values = dict[str, Any]
Told = tuple[int, float, Kind, Values]  # device, time, and what it says


@dataclass(frozen=True, slots=True)
class Collector:
    """One enrolled collector."""

    name: str
    key: Ed25519PrivateKey
    certificate: bytes
    gateway: str

    def sealed(self, records: Sequence[Record], at: float) -> bytes:
        """Return an envelope with these records."""
        body = encode(Batch(self.name, "s", records[0].seq, 1, tuple(records)))
        return seal(
            Carried.BATCH,
            body,
            audience=self.gateway,
            certificate=self.certificate,
            key=self.key,
            sent=at,
        )


def enrol(gateway: Gateway, site: str, now: datetime) -> Collector:
    """Enrol a collector for a new site."""
    Inventory(gateway.database).add_site(site, [], now)
    token, key = gateway.offer(site, now), Ed25519PrivateKey.generate()
    told = msgspec.json.decode(gateway.enrol(ask(token, site, make_request(key)), now))
    pem = x509.load_pem_x509_certificate(told["certificate"].encode())
    return Collector(told["collector"], key, pem.public_bytes(Encoding.DER), told["gateway"])


@contextmanager
def database(kind: str, folder: Path) -> Iterator[tuple[str, Cluster | None]]:
    """Give a database that waits for its disk, as PostgreSQL does by default."""
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'frisket.db'}", None
        return
    config = {"shared_buffers": "'1GB'", "max_wal_size": "'4GB'"}
    with cluster(config, safe=True) as found:
        yield found.create(), found


def polls(collector: Collector, devices: int, rounds: int, share: float) -> list[list[bytes]]:
    """Return the sealed batches of each round of polls; the first knows no device yet."""
    rnd = random.Random(1)
    now = time.time()
    values = [{name: rnd.randrange(10**6) for name in NAMES} for _ in range(devices)]
    number, found = 1, []
    for turn in range(rounds):
        batches = []
        for start in range(0, devices, SIZE):
            records = []
            for device in range(start, min(devices, start + SIZE)):
                mine = values[device]
                if turn:
                    for name in NAMES:
                        if share == 1.0 or rnd.random() < share:
                            mine[name] += 1
                at = now - 3600 + turn
                records.append(Record(number, f"{device:06}", at, Kind.FULL, dict(mine)))
                number += 1
            batches.append(collector.sealed(records, now))
        found.append(batches)
    return found


async def sender(batches: Sequence[bytes]) -> None:
    """Send batches one after the other, as a collector does, over one TLS connection."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    reader, writer = await asyncio.open_connection("127.0.0.1", PORT, ssl=context)
    for body in batches:
        head = (
            f"POST /gateway/v1/batches HTTP/1.1\r\nHost: x\r\nContent-Type: {MEDIA_TYPE}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        writer.write(head.encode() + body)
        answer = await reader.readuntil(b"\r\n\r\n")
        length = next(
            int(r[15:]) for r in answer.lower().split(b"\r\n") if r[:15] == b"content-length:"
        )
        told = await reader.readexactly(length)
        if not answer.startswith(b"HTTP/1.1 200"):
            raise SystemExit(f"{answer!r} {told!r}")
    writer.close()


def send(files: Sequence[Path]) -> None:
    """Be a process of collectors: each file holds the batches of one."""
    found = [msgspec.msgpack.decode(file.read_bytes(), type=list[bytes]) for file in files]

    async def everyone() -> None:
        await asyncio.gather(*(sender(batches) for batches in found))

    begin = time.monotonic()
    asyncio.run(everyone())
    print(time.monotonic() - begin, time.process_time())


def run_senders(files: Sequence[Path]) -> tuple[float, float]:
    """Run the senders in one process of their own; return seconds of wall and processor time."""
    command = [sys.executable, "-m", "bench.gateway", "--send", *map(str, files)]
    told = subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout.split()
    return float(told[0]), float(told[1])


def processor_time(pid: int) -> float:
    """Return the processor time of a process and of the children it still has, in seconds."""
    ticks = os.sysconf("SC_CLK_TCK")
    total = 0.0
    for process in (pid, *_children(pid)):
        try:
            fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        total += sum(int(fields[place]) for place in (11, 12, 13, 14)) / ticks
    return total


def _children(pid: int) -> list[int]:
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@contextmanager
def serving(folder: Path, url: str) -> Iterator[int]:
    """Run `frisket gateway` until the block ends; gives its process id."""
    command = [sys.executable, "-m", "frisket.cli", "gateway", "--data", str(folder)]
    command += ["--database", url, "--port", str(PORT)]
    if url.startswith("postgresql"):
        command += ["--processes", "2"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        print(process.stdout.readline().decode().strip())
        yield process.pid
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(30)


def throughput(options: argparse.Namespace) -> None:
    """Measure records a second."""
    now = datetime.now(UTC)
    with (
        TemporaryDirectory(prefix="bench-") as name,
        database(options.database, Path(name)) as (
            url,
            peer,
        ),
    ):
        folder = Path(name)
        opened = open_database(url)
        opened.upgrade()
        authority = open_authority(folder / "gateway", now)
        gateway = open_gateway(opened, authority, Limits(new_a_day=10**6))
        first, rest = [], []
        for number in range(options.senders):
            mine = enrol(gateway, f"site {number}", now)
            rounds = polls(mine, options.devices, options.rounds + 1, options.share)
            first += rounds[0]
            file = folder / f"{number}.batches"
            file.write_bytes(msgspec.msgpack.encode([one for turn in rounds[1:] for one in turn]))
            rest.append(file)
        for envelope in first:
            gateway.receive(envelope, now)
        if peer is not None:
            with opened.engine.connect() as connection:
                connection.execution_options(isolation_level="AUTOCOMMIT")
                connection.execute(text("VACUUM ANALYZE"))
        opened.close()
        records = options.senders * options.devices * options.rounds
        with serving(folder, url) as pid:
            leader = int((peer.data / "postmaster.pid").read_text().split()[0]) if peer else 0
            before = processor_time(pid), processor_time(leader) if peer else 0.0
            wall, _ = run_senders(rest)
            after = processor_time(pid), processor_time(leader) if peer else 0.0
            replay, sending = run_senders(rest)
            again = processor_time(pid) - after[0]
        python, server = after[0] - before[0], after[1] - before[1]
        share = f"{options.share:.0%} of 40 values differ"
        print(f"{options.database}, {share}, {os.cpu_count()} processors")
        print(f"  as run           {records / wall:10,.0f} records/s")
        print(f"                   {40 * records / wall:10,.0f} values/s")
        print(f"  gateway          {1e6 * python / records:10.1f} µs of processor time a record")
        print(f"  database         {1e6 * server / records:10.1f} µs")
        print(f"  senders          {1e6 * sending / records:10.1f} µs")
        two = 2 * records / (python + server)
        print(f"  two processors   {two:10,.0f} records/s of gateway and database alone")
        every = (python + server) / records * 100_000 / 300 / 2
        print(f"  100,000 devices every 5 minutes: {every:.1%} of two processors")
        print(f"  all of it again  {records / replay:10,.0f} records/s")
        print(f"                   {1e6 * again / records:10.1f} µs of the gateway's")


def office(
    devices: int, begin: float
) -> Iterator[tuple[float, list[tuple[int, float, Kind, Values]]]]:
    """Yield a year of `begin` on, day by day: what each device reports that is new.

    25 jobs a working day, each met by one poll; a job moves about five of 40 meters. Black toner
    falls by one percent in 150 pages, and is changed at nothing.
    """
    rnd = random.Random(2)
    meters = [{name: rnd.randrange(10**6) for name in NAMES[:36]} for _ in range(devices)]
    toner = [rnd.randrange(100 * 150) for _ in range(devices)]
    for day in range(365):
        told: list[Told] = []
        for device in range(devices):
            mine = meters[device]
            if day == 0:
                levels = {f"supply.{n}.level": 50 for n in range(1, 5)}
                told.append((device, begin, Kind.FULL, {**mine, **levels}))
            if day % 7 >= 5:
                continue
            for at in sorted(rnd.sample(range(96, 216), 25)):
                pages = 1 + int(rnd.expovariate(0.2))
                moved: Values = dict.fromkeys(rnd.sample(NAMES[:36], 5), pages)
                for name in moved:
                    mine[name] += pages
                    moved[name] = mine[name]
                before = toner[device] // 150
                toner[device] = (toner[device] - pages) % (100 * 150)
                if toner[device] // 150 != before:
                    moved["supply.1.level"] = toner[device] // 150
                told.append((device, begin + day * 86_400 + at * 300, Kind.CHANGE, moved))
        yield begin + (day + 1) * 86_400, told


def year(options: argparse.Namespace) -> None:
    """Measure what a year of devices takes on disk."""
    begin = datetime(2025, 1, 6, tzinfo=UTC)
    with (
        TemporaryDirectory(prefix="bench-") as name,
        database(options.database, Path(name)) as (
            url,
            _,
        ),
    ):
        opened = open_database(url)
        opened.upgrade()
        authority = open_authority(Path(name) / "gateway", begin)
        gateway = open_gateway(opened, authority, Limits())
        mine = enrol(gateway, "office", begin)
        found = gateway.collectors.find(mine.name)
        assert found is not None
        before, number, records = size_of(opened), 1, 0
        for until, told in office(options.year, begin.timestamp()):
            told.sort(key=lambda row: row[1])
            for start in range(0, len(told), 1000):
                some = told[start : start + 1000]
                made = [
                    Record(number + place, f"{device:06}", at, kind, values)
                    for place, (device, at, kind, values) in enumerate(some)
                ]
                number += len(made)
                octets = encode(Batch(mine.name, "s", made[0].seq, 1, tuple(made)))
                now = datetime.fromtimestamp(until, UTC)
                gateway.intake.take(found, decode(octets), octets, sent=until, now=now)
                records += len(made)
        each = (size_of(opened) - before) / options.year
        changes = records / options.year
        print(f"{options.database}: {options.year} devices, {changes:,.0f} changes each")
        print(f"  {each / 2**20:.2f} MiB a device and year, indexes and free space included")
        for table, octets_of in sizes(opened):
            print(f"    {table:16} {octets_of / options.year / 1024:9.1f} KiB")
        opened.close()


def size_of(opened: Database) -> int:
    """Return what a database takes on disk, its journal aside."""
    asked = "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"
    if not opened.is_sqlite:
        asked = "SELECT pg_database_size(current_database())"
    with opened.read() as connection:
        return int(connection.execute(text(asked)).scalar_one())


def sizes(opened: Database) -> list[tuple[str, int]]:
    """Return the largest tables, with their indexes."""
    asked = "SELECT name, sum(pgsize) FROM dbstat GROUP BY name ORDER BY 2 DESC LIMIT 4"
    if not opened.is_sqlite:
        asked = (
            "SELECT coalesce(p.inhparent, c.oid)::regclass::text,"
            " sum(pg_total_relation_size(c.oid)) FROM pg_class c"
            " LEFT JOIN pg_inherits p ON p.inhrelid = c.oid"
            " WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace"
            " GROUP BY 1 ORDER BY 2 DESC LIMIT 4"
        )
    with opened.read() as connection:
        return [(str(row[0]), int(row[1])) for row in connection.execute(text(asked))]


def main() -> None:
    """Measure what is asked for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--database", choices=["postgresql", "sqlite"], default="postgresql")
    parser.add_argument("--devices", type=int, default=3000, help="of each sender")
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--senders", type=int, default=4)
    parser.add_argument("--share", type=float, default=1.0)
    parser.add_argument("--year", type=int, help="devices whose year is stored")
    parser.add_argument("--send", nargs="+", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.send:
        send(options.send)
    elif options.year:
        year(options)
    else:
        throughput(options)


if __name__ == "__main__":
    main()
