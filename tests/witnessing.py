"""A console's log, its gateway and a collector that witnesses it, in one process."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from frisket.console.build import Console
from frisket.fleet.chain import Act
from frisket.fleet.cosigning import Cosigning
from frisket.fleet.log import AuditLog
from frisket.net.web import Answer
from frisket.store.auditlog import LogStore
from frisket.store.database import Database
from frisket.store.inventory import Inventory
from frisket.telemetry.authority import Authority, make_request, new_authority
from frisket.telemetry.collector.backoff import Backoff
from frisket.telemetry.collector.exchange import Exchange
from frisket.telemetry.collector.identity import Identity, Papers, keep_papers, own_key
from frisket.telemetry.collector.moments import Moments
from frisket.telemetry.collector.orders import Orders, OrdersLine
from frisket.telemetry.collector.witness import LogWitness
from frisket.telemetry.enrolment import Enrolled, ask
from frisket.telemetry.envelope import SIGNATURE_HEADER
from frisket.telemetry.gateway.applying import Limits
from frisket.telemetry.gateway.service import Gateway, open_gateway
from frisket.telemetry.gateway.web import Door

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@dataclass
class Desk:
    """A console's side: its database, log and gateway. `now` moves by hand."""

    database: Database
    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    authority: Authority = field(default_factory=lambda: new_authority(NOON))
    now: datetime = NOON
    witnessed: bool = True

    def __post_init__(self) -> None:
        if Inventory(self.database).site("North") is None:
            Inventory(self.database).add_site("North", [], NOON)
        self.open()

    def open(self) -> None:
        """Begin as a fresh process does."""
        self.log = AuditLog(LogStore(self.database), self.key, lambda: self.now)
        self.cosigning = Cosigning(self.log, self.database, self.authority)
        heads = self.cosigning if self.witnessed else None
        self.gateway: Gateway = open_gateway(self.database, self.authority, Limits(), heads)
        self.door = Door(self.gateway, clock=lambda: self.now)

    def write(self, count: int, word: str = "test") -> int:
        """Append entries and sign the head; return its size."""
        for number in range(count):
            self.log.record(Act("ann", word, str(number), site_id=1 if number % 2 else None))
        point = self.log.checkpoint()
        assert point is not None
        return point.size

    def later(self, **time: float) -> None:
        """Let time pass."""
        self.now += timedelta(**time)


def desk_of(console: Console, now: datetime) -> Desk:
    """Return a console's own log and gateway as a desk that collectors come to."""
    services, desk = console.services, Desk.__new__(Desk)
    desk.database, desk.authority, desk.now = services.database, services.gateway.authority, now
    desk.gateway, desk.door, desk.log = services.gateway, console.door, services.log
    return desk


@dataclass
class ToDoor:
    """A carrier straight to a gateway's door; `desk` may be exchanged on the way."""

    desk: Desk
    sent: list[bytes] = field(default_factory=list)

    async def post(self, path: str, body: bytes, kind: str, *, timeout: float = 60.0) -> Answer:
        """Return the door's answer."""
        del kind, timeout
        self.sent.append(body)
        door = self.desk.door
        ways = {"orders": door.orders, "renew": door.renew, "enrol": door.enrol}
        reply = await ways[path.rpartition("/")[2]](body)
        headers = {SIGNATURE_HEADER.lower(): reply.signature}
        return Answer(reply.status, headers, reply.body)

    async def close(self) -> None:
        """Close."""


async def enrolled(desk: Desk, folder: Path) -> Identity:
    """Return a collector's identity, enrolled at a gateway and kept in its folder."""
    key = own_key(folder)
    body = ask(desk.gateway.offer("North", desk.now), "North", make_request(key))
    reply = await desk.door.enrol(body)
    assert reply.status == 200, reply.body
    got = msgspec.json.decode(reply.body, type=Enrolled)
    words = ("https://gateway", "North", got.collector, got.gateway, got.certificate, got.authority)
    papers = Papers(*words, system=False, renew_at=1 << 60)
    keep_papers(folder, papers)
    return Identity(key, papers)


@dataclass
class Seat:
    """A collector that only asks for orders, and witnesses."""

    folder: Path
    identity: Identity
    carrier: ToDoor
    said: list[str] = field(default_factory=list)
    taken: list[Orders] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.begin()

    def _seconds(self) -> float:
        return self.carrier.desk.now.timestamp()

    def begin(self) -> None:
        """Begin as a fresh process does."""
        self.witness = LogWitness(
            self.folder,
            lambda: self.identity,
            self._seconds,
            self.said.append,
        )
        self.witness.begin()
        exchange = Exchange(self.folder, self.identity, self.carrier, Moments())

        async def take(orders: Orders) -> None:
            self.taken.append(orders)

        backoff = Backoff(random.Random(1))
        self.line = OrdersLine(exchange, backoff, take, witness=self.witness)

    async def ask(self) -> Orders:
        """Ask for orders once, without waiting."""
        return await self.line.once(wait=0)


async def seat(desk: Desk, folder: Path) -> Seat:
    """Return a collector that is enrolled at a desk."""
    return Seat(folder, await enrolled(desk, folder), ToDoor(desk))


def export_lines(desk: Desk) -> list[str]:
    """Return the whole export."""
    return list(desk.cosigning.export())


def without(lines: list[str], *kinds: str) -> list[str]:
    """Return an export without lines of these kinds, as somebody would who has to hide them."""
    return [line for line in lines if not any(f'"{kind}":' in line[:20] for kind in kinds)]
