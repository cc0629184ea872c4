"""The gateway over HTTP: every fault has its name and status, and nothing is kept by halves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
import zstandard
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding
from sqlalchemy import event, func, select, text
from tests.unit.telemetry.gateway.bench import NOON, T0, record

from frisket.errors import UsageError
from frisket.store.database import Database, open_database
from frisket.store.inventory import Inventory
from frisket.store.tables.sample import READING
from frisket.telemetry.authority import GRACE, LIFE, issue, make_request, new_authority
from frisket.telemetry.batch import Batch, Kind, Record, encode
from frisket.telemetry.enrolment import Token, ask
from frisket.telemetry.envelope import (
    MEDIA_TYPE,
    SIGNATURE_HEADER,
    Untrusted,
    check_reply,
    seal,
)
from frisket.telemetry.envelope import Kind as Carried
from frisket.telemetry.gateway.applying import Limits
from frisket.telemetry.gateway.service import Gateway, open_gateway
from frisket.telemetry.gateway.web import Bounds, Door, gateway_app

JSON = "application/json"
FULL = {"counter.total": 7}


@dataclass
class Site:
    """A gateway over HTTP, and one collector with its key."""

    gateway: Gateway
    door: Door
    client: httpx.AsyncClient
    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    certificate: bytes = b""
    collector: str = ""
    clock: list[Any] = field(default_factory=lambda: [NOON])

    async def post(self, path: str, body: bytes, kind: str = MEDIA_TYPE) -> httpx.Response:
        headers = {"Content-Type": kind}
        answer = await self.client.post(f"/gateway/v1/{path}", content=body, headers=headers)
        if answer.status_code == 200:
            signature = answer.headers[SIGNATURE_HEADER]
            check_reply(self.gateway.authority.certificate, body, answer.content, signature)
        return answer

    async def enrol(self, token: Token | None = None, site: str = "North") -> httpx.Response:
        token = token or self.gateway.offer("North", self.clock[0])
        answer = await self.post("enrol", ask(token, site, make_request(self.key)), JSON)
        if answer.status_code == 200:
            self.keep(answer)
        return answer

    def keep(self, answer: httpx.Response) -> None:
        pem = x509.load_pem_x509_certificate(answer.json()["certificate"].encode())
        self.certificate = pem.public_bytes(Encoding.DER)
        self.collector = answer.json()["collector"]

    def sealed(self, kind: Carried, body: bytes, **changed: Any) -> bytes:
        given: dict[str, Any] = {
            "audience": self.gateway.authority.identifier,
            "certificate": self.certificate,
            "key": self.key,
            "sent": self.clock[0].timestamp(),
        }
        return seal(kind, body, **(given | changed))

    def batch(self, *records: Record, **changed: Any) -> bytes:
        who = changed.pop("collector", self.collector)
        body = encode(Batch(who, "s", records[0].seq, 1, records))
        return self.sealed(Carried.BATCH, body, **changed)

    def count(self) -> int:
        with self.gateway.database.read() as connection:
            return int(connection.scalar(select(func.count()).select_from(READING)) or 0)


async def opened(database: Database, bounds: Bounds | None = None) -> Site:
    gateway = open_gateway(database, new_authority(NOON), Limits())
    Inventory(database).add_site("North", [], NOON)
    clock = [NOON]
    door = Door(gateway, bounds=bounds, clock=lambda: clock[0])
    transport = httpx.ASGITransport(gateway_app(door, database.answers))
    client = httpx.AsyncClient(transport=transport, base_url="http://gateway")
    site = Site(gateway, door, client, clock=clock)
    await site.enrol()
    return site


@pytest.fixture
async def site(both: Database) -> AsyncIterator[Site]:
    made = await opened(both)
    yield made
    await made.client.aclose()
    made.door.close()


def said(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json().get("error", "")


async def test_a_batch_is_acknowledged_and_signed(site: Site) -> None:
    answer = await site.post("batches", site.batch(record(1, Kind.FULL, FULL)))
    assert answer.json() == {"acknowledged": 1, "full": [], "refused": {}}
    answer = await site.post("batches", site.batch(record(2, Kind.SEEN, device="S9")))
    assert answer.json() == {"acknowledged": 2, "full": ["S9"], "refused": {}}


async def test_a_token_works_once_for_its_site_and_in_time(site: Site) -> None:
    token = site.gateway.offer("North", NOON)
    assert said(await site.enrol(token, "South")) == (403, "token")
    assert (await site.enrol(token)).status_code == 200
    key, site.key = site.key, Ed25519PrivateKey.generate()
    assert said(await site.enrol(token)) == (403, "token")
    site.key = key
    late = site.gateway.offer("North", NOON)
    site.clock[0] += timedelta(minutes=16)
    assert said(await site.enrol(late)) == (403, "token")
    with pytest.raises(UsageError):
        site.gateway.offer("South", NOON)


async def test_a_lost_answer_to_an_enrolment_is_given_again(site: Site) -> None:
    token = site.gateway.offer("North", NOON)
    assert (await site.enrol(token)).status_code == 200
    name = site.collector
    assert (await site.enrol(token)).status_code == 200
    assert site.collector == name
    names = [one.name for one in site.gateway.collectors.all()]
    assert names.count(name) == 1
    assert len(names) == 2, "only the fixture's own and this one"
    assert (await site.post("batches", site.batch(record(1, Kind.FULL, FULL)))).status_code == 200
    site.gateway.collectors.revoke(name)
    assert said(await site.enrol(token)) == (403, "token")
    site.clock[0] += timedelta(minutes=16)
    assert said(await site.enrol(token)) == (403, "token")


async def test_what_is_malformed_is_told(site: Site) -> None:
    for path, kind in (("batches", MEDIA_TYPE), ("renew", MEDIA_TYPE), ("enrol", JSON)):
        assert said(await site.post(path, b"x", kind)) == (400, "malformed")
    assert said(await site.post("batches", site.batch(record(1, Kind.FULL)), JSON)) == (415, "type")
    no_batch = site.sealed(Carried.BATCH, b"no batch")
    assert said(await site.post("batches", no_batch)) == (400, "malformed")


async def test_a_bomb_costs_nothing(site: Site) -> None:
    bomb = zstandard.ZstdCompressor(level=19).compress(bytes(1 << 29))
    assert said(await site.post("batches", site.sealed(Carried.BATCH, bomb))) == (400, "malformed")


async def test_a_forged_envelope_is_not_believed(site: Site) -> None:
    told = record(1, Kind.FULL, FULL)
    other = Ed25519PrivateKey.generate()
    foreign, _ = issue(new_authority(NOON), make_request(other), "c-1", "North", NOON)
    for envelope in (
        site.batch(told, key=other),
        site.batch(told, key=other, certificate=foreign),
        site.batch(told, collector="c-0000000000000000"),
        site.batch(told, certificate=b"no certificate"),
    ):
        assert said(await site.post("batches", envelope)) == (401, "forged")
    elsewhere = site.batch(told, audience="x" * 43)
    assert said(await site.post("batches", elsewhere)) == (401, "astray")
    renewal = site.sealed(Carried.RENEW, make_request(site.key).encode())
    assert said(await site.post("batches", renewal)) == (401, "kind")
    assert site.count() == 0


async def test_an_expired_certificate_is_renewed_and_not_for_ever(site: Site) -> None:
    site.clock[0] += LIFE + timedelta(seconds=1)
    told = record(1, Kind.FULL, FULL)
    assert said(await site.post("batches", site.batch(told))) == (401, "expired")
    renewal = site.sealed(Carried.RENEW, make_request(site.key).encode())
    renewed = await site.post("renew", renewal)
    assert renewed.json()["collector"] == site.collector
    assert renewed.json()["renew_after"] < LIFE.total_seconds()
    site.keep(renewed)
    assert (await site.post("batches", site.batch(told))).status_code == 200
    site.clock[0] += LIFE + GRACE + timedelta(seconds=1)
    renewal = site.sealed(Carried.RENEW, make_request(site.key).encode())
    assert said(await site.post("renew", renewal)) == (401, "expired")


async def test_a_revoked_collector_is_shut_out_at_once(site: Site) -> None:
    assert (await site.post("batches", site.batch(record(1, Kind.FULL, FULL)))).is_success
    site.gateway.collectors.revoke(site.collector)
    for path, envelope in (
        ("batches", site.batch(record(2, Kind.SEEN))),
        ("renew", site.sealed(Carried.RENEW, make_request(site.key).encode())),
        ("orders", site.sealed(Carried.ORDERS, b"{}")),
    ):
        assert said(await site.post(path, envelope)) == (403, "revoked")


@pytest.mark.parametrize("years", [-1, 1])
async def test_a_clock_a_year_off_is_served(site: Site, years: int) -> None:
    off = 366 * 86_400 * years
    told = record(1, Kind.FULL, FULL, at=off)
    answer = await site.post("batches", site.batch(told, sent=T0 + off))
    assert answer.status_code == 200
    with site.gateway.database.read() as connection:
        assert connection.execute(select(READING.c.at, READING.c.skew)).one() == (T0, off)


async def test_two_copies_of_a_collector_are_told_apart(site: Site) -> None:
    await site.post("batches", site.batch(record(1, Kind.FULL, FULL)))
    other = site.batch(record(1, Kind.FULL, {"counter.total": 8}))
    assert said(await site.post("batches", other)) == (409, "forked")


async def test_too_large_and_too_slow(both: Database) -> None:
    site = await opened(both, Bounds(octets=2000, patience=0.05))
    large = site.batch(
        *(record(n, Kind.FULL, {f"x{i}": n * i for i in range(99)}) for n in range(1, 40))
    )
    assert said(await site.post("batches", large)) == (413, "size")

    async def endless() -> AsyncIterator[bytes]:
        for _ in range(9):
            yield b"x" * 999
        raise AssertionError("read on beyond the bound")

    async def dripping() -> AsyncIterator[bytes]:
        yield b"x"
        await asyncio.sleep(9)

    headers = {"Content-Type": MEDIA_TYPE}
    url = "/gateway/v1/batches"
    answer = await site.client.post(url, content=endless(), headers=headers)
    assert said(answer) == (413, "size")
    answer = await site.client.post(url, content=dripping(), headers=headers)
    assert said(answer) == (408, "slow")
    await site.client.aclose()
    site.door.close()


async def test_too_many_at_a_time_are_told_to_come_again(both: Database) -> None:
    site = await opened(both, Bounds(requests=0))
    site.collector = "c"  # it could not even enrol
    answer = await site.post("batches", site.batch(record(1, Kind.SEEN)))
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")
    await site.client.aclose()
    site.door.close()


async def test_one_collector_cannot_take_everything(site: Site) -> None:
    site.gateway.pace.left[site.collector] = (1.0, NOON.timestamp())
    assert (await site.post("batches", site.batch(record(1, Kind.FULL, FULL)))).is_success
    answer = await site.post("batches", site.batch(record(2, Kind.SEEN)))
    assert (*said(answer), answer.headers["Retry-After"]) == (429, "rate", "1")
    # Whoever only copies the certificate uses nothing of its owner's share.
    site.gateway.pace.left.clear()
    bad = site.batch(record(2, Kind.SEEN), key=Ed25519PrivateKey.generate())
    assert said(await site.post("batches", bad)) == (401, "forged")
    assert not site.gateway.pace.left
    assert (await site.post("batches", site.batch(record(2, Kind.SEEN)))).is_success


async def test_while_the_database_is_away_nothing_is_acknowledged(both: Database) -> None:
    site = await opened(both)
    with both.write() as connection:
        connection.execute(text("ALTER TABLE reading RENAME TO reading_away"))
    envelope = site.batch(record(1, Kind.FULL, FULL))
    answer = await site.post("batches", envelope)
    assert (*said(answer), answer.headers["Retry-After"]) == (503, "database", "10")
    assert "reading" not in answer.text
    with both.write() as connection:
        connection.execute(text("ALTER TABLE reading_away RENAME TO reading"))
    assert (await site.post("batches", envelope)).json()["acknowledged"] == 1
    assert site.count() == 1
    await site.client.aclose()
    site.door.close()


async def test_on_a_full_disk_nothing_is_acknowledged(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path / 'full.db'}")
    database.upgrade()
    site = await opened(database)
    pages: list[int] = [0]

    def bound(connection: Any, _: object) -> None:
        connection.execute(f"PRAGMA max_page_count = {pages[0] or 1 << 30}")

    event.listen(database.engine, "connect", bound)
    with database.read() as connection:
        pages[0] = int(connection.execute(text("PRAGMA page_count")).scalar_one())
    database.engine.dispose()
    told = [
        record(n, Kind.FULL, {f"x.{i}": f"{n}-{i}" * 40 for i in range(99)}, device=f"D{n}")
        for n in range(1, 40)
    ]
    assert said(await site.post("batches", site.batch(*told))) == (503, "database")
    assert site.count() == 0
    pages[0] = 0
    database.engine.dispose()
    answer = await site.post("batches", site.batch(*told))
    assert answer.json()["acknowledged"] == 39
    assert site.count() == 39
    await site.client.aclose()
    site.door.close()
    database.close()


async def test_orders_come_as_soon_as_there_are_any(site: Site) -> None:
    wish = msgspec.json.encode({"after": 0, "wait": 0})
    first = (await site.post("orders", site.sealed(Carried.ORDERS, wish))).json()
    assert (first["version"], first["every"], first["zone"]) == (1, 300.0, "UTC")
    wish = msgspec.json.encode({"after": 1, "wait": 30})
    waiting = asyncio.create_task(site.post("orders", site.sealed(Carried.ORDERS, wish)))
    while not site.door.polls:
        await asyncio.sleep(0)
    site.gateway.order("North", {"every": 600.0, "devices": ["10.0.0.1"]}, NOON)
    async with asyncio.timeout(10):
        told = (await waiting).json()
    assert (told["version"], told["every"], told["devices"]) == (2, 600.0, ["10.0.0.1"])
    assert site.door.polls == 0
    with pytest.raises(UsageError):
        site.gateway.order("North", {"every": "often"}, NOON)


async def test_an_answer_cannot_be_put_before_another_question(site: Site) -> None:
    one = site.batch(record(1, Kind.FULL, FULL))
    answer = await site.post("batches", one)
    other = site.batch(record(1, Kind.FULL, FULL), record(2, Kind.SEEN))
    signature = answer.headers[SIGNATURE_HEADER]
    with pytest.raises(Untrusted):
        check_reply(site.gateway.authority.certificate, other, answer.content, signature)


async def test_the_gateway_says_how_it_is(site: Site) -> None:
    assert (await site.client.get("/healthz")).status_code == 200
    assert (await site.client.get("/readyz")).status_code == 200
    away = open_database("postgresql://nobody@127.0.0.1:1/none")
    app = gateway_app(site.door, away.answers)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as client:
        assert (await client.get("/readyz")).status_code == 503
        assert (await client.get("/healthz")).status_code == 200
    away.close()
