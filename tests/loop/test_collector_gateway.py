"""`frisket collect` and the product's own gateway: killed, cut off, and whole again."""

from __future__ import annotations

import asyncio
import json
import random
import signal
import sys
import time
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import select
from tests.lab import running_device
from tests.loop.test_collector_chaos import TOTAL, Chaos, end, spooled, turn, until
from tests.unit.probe.lan import closed_port

from frisket.cli.support.gateways import Where, opened_gateway
from frisket.net.web import Web, own_trust
from frisket.store.inventory import Inventory
from frisket.store.tables.collector import SPOOL
from frisket.store.tables.sample import GAP, LATEST, READING
from frisket.telemetry.batch import Kind as Told
from frisket.telemetry.batch import Record, frame, pack
from frisket.telemetry.collector.exchange import Exchange, GatewayRefused, enrol, over_https
from frisket.telemetry.collector.identity import Identity
from frisket.telemetry.collector.moments import Moments
from frisket.telemetry.envelope import Kind, seal
from frisket.telemetry.gateway.metrics import Metrics, unpacked
from frisket.telemetry.gateway.service import Gateway

NAME = "counter.total-2"


@dataclass
class Real(Chaos):
    """The same two processes, with the product's gateway."""

    kept: Gateway | None = None
    mailbox: Path | None = None

    async def start_gateway(self, deaf: float = 0.0) -> None:
        self.gateway = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "frisket.cli", "gateway"),
            *("--data", str(self.folder), "--port", str(self.port)),
            *(("--mailbox", str(self.mailbox)) if self.mailbox else ()),
            stdin=DEVNULL,
            stdout=PIPE,
        )
        assert self.gateway.stdout
        async with asyncio.timeout(60):
            assert b"The gateway: https://" in await self.gateway.stdout.readline()

    def rows(self, query: Any) -> list[Any]:
        assert self.kept
        with self.kept.database.read() as connection:
            return list(connection.execute(query).all())

    def named(self, octets: bytes) -> dict[str, Any]:
        assert self.kept
        metrics = Metrics(self.kept.database)
        metrics.load()
        return dict(metrics.named(unpacked(octets)))

    def latest(self) -> list[int]:
        found = [self.named(row.values) for row in self.rows(select(LATEST))]
        return sorted(int(values.get(NAME, -1)) for values in found)


@asynccontextmanager
async def real(folder: Path, orders: dict[str, object]) -> AsyncIterator[Real]:
    """Make a gateway's folder with one site, whose collector is told `orders`."""
    now = datetime.now(UTC)
    with opened_gateway(Where(folder), make=True) as kept:
        Inventory(kept.database).add_site("here", ["127.0.0.0/8"], now)
        kept.order("here", orders, now)
        (folder / "token").write_text(str(kept.offer("here", now)))
        made = Real(folder, closed_port(), random.Random(9), kept=kept)
        try:
            yield made
        finally:
            await end(made.collector, signal.SIGKILL)
            await end(made.gateway, signal.SIGKILL)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("rounds", [4, pytest.param(30, marks=pytest.mark.nightly)])
async def test_both_killed_nothing_is_lost_or_twice(tmp_path: Path, rounds: int) -> None:
    async with (
        running_device(services=["snmp"], serial="BBB00001") as (one, _),
        running_device(services=["snmp"], serial="BBB00002") as (two, _),
        real(tmp_path, {"devices": [one.address, two.address], "every": 1}) as made,
    ):
        turning = asyncio.create_task(turn([one, two]))
        await made.start_gateway()
        await made.start_collector()
        await until(lambda: len(made.latest()) == 2)
        for round_ in range(rounds):
            await asyncio.sleep(made.source.uniform(0.5, 2.5))
            if round_ % 2:
                await made.kill_gateway()
                await asyncio.sleep(made.source.uniform(0, 2))
            await made.kill_collector()
            await made.start_collector()
            if made.gateway is None:
                await made.start_gateway()
        turning.cancel()
        await asyncio.gather(turning, return_exceptions=True)
        final = sorted(device.counters.values[TOTAL] for device in (one, two))
        await until(lambda: made.latest() == final, 60)
        await end(made.collector, signal.SIGTERM)
        assert spooled(made.data) == {}
        values: dict[int, list[int]] = {}
        for row in made.rows(select(READING).order_by(READING.c.device_id, READING.c.number)):
            if (total := made.named(row.values).get(NAME)) is not None:
                values.setdefault(row.device_id, []).append(total)
        for told in values.values():
            assert told == sorted(set(told)), "in order, and none twice"
        (spool,) = made.rows(select(SPOOL))
        assert spool.acknowledged >= max(made.owed, default=0)
        spans = [(row.began, row.ended) for row in made.rows(select(GAP))]
        for death in made.deaths:
            assert any(began - 1 <= death <= ended + 1 for began, ended in spans)


async def _enrolled(made: Real, folder: Path) -> Exchange:
    assert made.kept
    moments = Moments()
    now = datetime.now(UTC)
    token = made.kept.offer("here", now)
    url = f"https://localhost:{made.port}"
    identity = await enrol(folder, url, "here", token, moments=moments)
    return Exchange(folder, identity, over_https()(identity.papers), moments)


def _batch(collector: str, number: int = 1) -> bytes:
    record = Record(number, "S1", time.time(), Told.FULL, {"address": "127.0.0.9", NAME: 7})
    return pack(collector, "spool", number, [frame(record)])


async def test_a_stolen_certificate_reports_for_nobody(tmp_path: Path) -> None:
    async with real(tmp_path, {}) as made:
        assert made.kept
        await made.start_gateway()
        victim = await _enrolled(made, tmp_path / "a")
        thief = await _enrolled(made, tmp_path / "b")
        name = victim.identity.papers.collector
        # With the victim's certificate, but not its key.
        posing = Exchange(
            tmp_path, Identity(thief.identity.key, victim.identity.papers), thief.carrier,
            thief.moments,
        )  # fmt: skip
        with pytest.raises(GatewayRefused, match="forged"):
            await posing.ask("batches", Kind.BATCH, _batch(name))
        # With its own certificate, in the victim's name.
        with pytest.raises(GatewayRefused, match="forged"):
            await thief.ask("batches", Kind.BATCH, _batch(name))
        # With everything stolen, key too, but for a site that is not the certificate's.
        papers = msgspec.structs.replace(victim.identity.papers, site="elsewhere")
        posing.identity = replace(victim.identity, papers=papers)
        await posing.ask("batches", Kind.BATCH, _batch(name))
        sites = {collector.site for collector in made.kept.collectors.all()}
        assert sites == {"here"}, "what is reported is the site's that the certificate names"
        made.kept.collectors.revoke(name)
        with pytest.raises(GatewayRefused, match="revoked"):
            await victim.ask("batches", Kind.BATCH, _batch(name, 2))
        for exchange in (victim, thief):
            await exchange.carrier.close()


async def test_an_envelope_for_another_gateway_goes_astray(tmp_path: Path) -> None:
    async with real(tmp_path, {}) as made:
        await made.start_gateway()
        exchange = await _enrolled(made, tmp_path / "a")
        papers = exchange.identity.papers
        octets = seal(
            Kind.BATCH,
            _batch(papers.collector),
            audience="x" * 43,
            certificate=exchange.identity.certificate,
            key=exchange.identity.key,
            sent=time.time(),
        )
        web = Web(papers.url, own_trust(papers.authority))
        answer = await web.post("gateway/v1/batches", octets, "application/vnd.frisket.envelope")
        assert (answer.status, json.loads(answer.body)["error"]) == (401, "astray")
        await web.close()
        await exchange.carrier.close()
