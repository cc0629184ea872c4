"""A gateway killed while it takes batches in, and its database with it: every record once."""

from __future__ import annotations

import asyncio
import os
import signal
import ssl
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from random import Random

import httpx
import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding
from sqlalchemy import select
from tests.peers.postgres import KINDS, Cluster, cluster

from frisket.net.serve_asgi import free_port
from frisket.store.database import open_database
from frisket.store.inventory import Inventory
from frisket.store.tables.sample import READING
from frisket.telemetry.authority import make_request, open_authority
from frisket.telemetry.batch import Batch, Kind, Record, encode
from frisket.telemetry.enrolment import ask
from frisket.telemetry.envelope import MEDIA_TYPE, SIGNATURE_HEADER, check_reply, seal
from frisket.telemetry.envelope import Kind as Carried
from frisket.telemetry.gateway.applying import Limits
from frisket.telemetry.gateway.service import open_gateway

pytestmark = pytest.mark.timeout(280)
BATCHES, SIZE = 60, 20


@asynccontextmanager
async def served(folder: Path, url: str, port: int) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run `frisket gateway` in a process of its own until the block ends."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "frisket.cli", "gateway", "--data", str(folder)),
        *("--database", url, "--port", str(port)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        assert process.stdout is not None
        async with asyncio.timeout(60):
            assert b"gateway" in await process.stdout.readline()
        yield process
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGINT)
        await process.wait()


def envelopes(folder: Path, url: str) -> list[bytes]:
    """Enrol a collector, and seal one spool's batches."""
    now = datetime.now(UTC)
    database = open_database(url)
    database.upgrade()
    gateway = open_gateway(database, open_authority(folder / "gateway", now), Limits())
    Inventory(database).add_site("North", [], now)
    key = Ed25519PrivateKey.generate()
    token = gateway.offer("North", now)
    told = msgspec.json.decode(gateway.enrol(ask(token, "North", make_request(key)), now))
    pem = x509.load_pem_x509_certificate(told["certificate"].encode())
    database.close()
    found = []
    for number in range(BATCHES):
        records = tuple(
            Record(seq, f"D{seq % 7}", now.timestamp() - 9, Kind.CHANGE, {"counter.total": seq})
            for seq in range(1 + number * SIZE, 1 + (number + 1) * SIZE)
        )
        body = encode(Batch(told["collector"], "s", records[0].seq, 1, records))
        found.append(
            seal(
                Carried.BATCH,
                body,
                audience=told["gateway"],
                certificate=pem.public_bytes(Encoding.DER),
                key=key,
                sent=now.timestamp(),
            )
        )
    return found


async def deliver(folder: Path, port: int, found: list[bytes], progress: asyncio.Condition) -> None:
    """Send each batch until it is acknowledged, as a collector does: nothing unsigned counts."""
    authority = open_authority(folder / "gateway", datetime.now(UTC)).certificate
    context = ssl.create_default_context(cafile=folder / "gateway" / "authority.pem")
    async with httpx.AsyncClient(verify=context, timeout=10) as client:
        for number, octets in enumerate(found):
            while True:
                try:
                    answer = await client.post(
                        f"https://127.0.0.1:{port}/gateway/v1/batches",
                        content=octets,
                        headers={"Content-Type": MEDIA_TYPE},
                    )
                except httpx.TransportError:
                    await asyncio.sleep(0.02)
                    continue
                if answer.status_code == 200:
                    signature = answer.headers[SIGNATURE_HEADER]
                    check_reply(authority, octets, answer.content, signature)
                    assert answer.json()["acknowledged"] == (number + 1) * SIZE
                    break
                assert answer.status_code == 503, answer.text
                await asyncio.sleep(0.02)
            async with progress:
                progress.notify_all()


def kept(url: str) -> list[tuple[int, int]]:
    """Return device and number of every reading, in order, and check their values' order."""
    database = open_database(url)
    with database.read() as connection:
        rows = connection.execute(
            select(READING.c.device_id, READING.c.number, READING.c["values"]).order_by(
                READING.c.device_id, READING.c.number
            )
        ).all()
    database.close()
    by_device: dict[int, list[int]] = {}
    for device, _, octets in rows:
        (count,) = msgspec.msgpack.decode(octets).values()
        by_device.setdefault(device, []).append(count)
    assert all(counts == sorted(counts) for counts in by_device.values())
    assert sorted(chain.from_iterable(by_device.values())) == list(range(1, BATCHES * SIZE + 1))
    return [(device, number) for device, number, _ in rows]


@pytest.mark.parametrize("kind", KINDS)
async def test_killed_at_any_moment_it_keeps_every_record_once(kind: str, tmp_path: Path) -> None:
    rnd = Random(7)
    with cluster(safe=True) if kind == "postgresql" else _Nothing() as peer:
        url = peer.create() if peer else f"sqlite:///{tmp_path / 'frisket.db'}"
        found = await asyncio.to_thread(envelopes, tmp_path, url)
        port, progress = free_port("127.0.0.1"), asyncio.Condition()
        sending = asyncio.create_task(deliver(tmp_path, port, found, progress))
        for _ in range(3):
            async with served(tmp_path, url, port) as process:
                async with progress:
                    for _ in range(rnd.randrange(1, 8)):
                        await progress.wait()
                # Anywhere in the midst of the next batch.
                await asyncio.sleep(rnd.random() * 0.02)
                os.kill(process.pid, signal.SIGKILL)
                await process.wait()
        async with served(tmp_path, url, port):
            if peer is not None:
                async with progress:
                    await progress.wait()
                await asyncio.to_thread(peer.kill)
                await asyncio.to_thread(peer.start)
            await sending
        numbers = kept(url)
    assert len(set(numbers)) == BATCHES * SIZE


class _Nothing:
    """No cluster."""

    def __enter__(self) -> Cluster | None:
        return None

    def __exit__(self, *_: object) -> None:
        return None
