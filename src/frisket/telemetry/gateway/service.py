"""The gateway itself: who may report, what they reported, what they are to do. Synchronous.

`receive` is the one way in for batches, whatever carried them.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Annotated, Any, Final, Protocol

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from msgspec import Meta

from frisket.errors import FrisketError, UsageError, WireError
from frisket.store.collectors import ACTIVE, Collector, Collectors
from frisket.store.database import Database
from frisket.store.erds import ErdsDevices
from frisket.store.inventory import Inventory
from frisket.store.samples import forget_readings
from frisket.store.spools import overdue
from frisket.telemetry.authority import GRACE, LIFE, Authority, issue
from frisket.telemetry.batch import decode
from frisket.telemetry.enrolment import Enrolled, Token, make_token, read_ask
from frisket.telemetry.envelope import (
    Envelope,
    Kind,
    Sender,
    Untrusted,
    Why,
    open_envelope,
    read_sender,
    sign_reply,
    verify,
)
from frisket.telemetry.gateway.applying import Limits
from frisket.telemetry.gateway.intake import Intake, Receipt
from frisket.telemetry.gateway.metrics import Metrics
from frisket.telemetry.witness import Memory, Offer

TOKEN_LIFE: Final = timedelta(minutes=15)
KEPT: Final = timedelta(days=396)  # readings; closing meters are kept for ever
LONGEST_WAIT: Final = 30
_MOST_SENDERS: Final = 10_000


class Refusal(FrisketError):
    """The gateway knows who asks, and says no. `reason` is one word of the protocol."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class TooFast(FrisketError):
    """A collector sends more than its share."""


@dataclass(slots=True)
class Pace:
    """How many envelopes a collector may send: `burst` at once, `rate` a second in the long run."""

    burst: float = 500.0
    rate: float = 50.0
    left: dict[str, tuple[float, float]] = field(default_factory=dict)

    def take(self, collector: str, now: float) -> None:
        """Count one envelope. Raises `TooFast`."""
        left, at = self.left.get(collector, (self.burst, now))
        left = min(self.burst, left + max(0.0, now - at) * self.rate)
        if left < 1:
            raise TooFast
        self.left[collector] = (left - 1, now)


class Wish(msgspec.Struct, frozen=True):
    """What a collector asks for orders with: newer than `after`, within `wait` seconds.

    `log` is what it remembers of the console's audit log; none where it does not witness.
    """

    after: Annotated[int, Meta(ge=0)] = 0
    wait: Annotated[float, Meta(ge=0, le=LONGEST_WAIT)] = 0.0
    log: Memory | None = None


class Orders(msgspec.Struct, frozen=True):
    """What a site's collectors are to do. `every` is seconds, `quiet` two times in `zone`.

    `log` is a head of the console's audit log to be witnessed; it is no part of the version.
    """

    version: int
    devices: list[str] = []
    networks: list[str] = []
    every: float = 300.0
    quiet: list[str] = []
    zone: str = "UTC"
    log: Offer | None = None


class Heads(Protocol):
    """The audit log whose heads collectors witness (`fleet.cosigning.Cosigning`)."""

    def heard(self, collector: Collector, sender: Sender, certificate: bytes, said: Memory) -> None:
        """Take what a collector says of the log. Raises `Untrusted`, `StoreFault`."""

    def offer(self, said: Memory) -> Offer | None:
        """Return a head that the collector has not seen. Raises `StoreFault`."""


@dataclass(frozen=True, slots=True)
class Gateway:
    """One gateway. Several threads may use it, and several processes one database.

    `heads`: the audit log beside it, where there is one.
    """

    database: Database
    authority: Authority
    intake: Intake
    collectors: Collectors
    pace: Pace = field(default_factory=Pace)
    senders: dict[bytes, Sender] = field(default_factory=dict)
    heads: Heads | None = None

    def offer(self, site: str, now: datetime, life: timedelta = TOKEN_LIFE) -> Token:
        """Return a fresh one-time token for a site. Raises `UsageError`, `StoreFault`."""
        found = Inventory(self.database).site(site)
        if found is None:
            raise UsageError(f"there is no site {site!r}")
        token = make_token(self.authority.identifier)
        self.collectors.offer(token.public, found.id, now, now + life)
        return token

    def enrol(self, body: bytes, now: datetime) -> bytes:
        """Return the answer to an enrolment. Raises `WireError`, `Refusal`, `StoreFault`."""
        asked = read_ask(body)
        name = f"c-{secrets.token_hex(8)}"
        certificate, key = issue(self.authority, asked.csr, name, asked.site, now)
        kept = self.collectors.enrol(
            asked.token, asked.site, name=name, key=key, now=now, until=now + LIFE
        )
        if kept is None:
            raise Refusal("token", "the token is used, expired, unknown, or for another site")
        if kept != name:
            certificate, _ = issue(self.authority, asked.csr, kept, asked.site, now)
        return self._enrolled(kept, certificate)

    def renew(self, octets: bytes, now: datetime) -> bytes:
        """Return the answer to a renewal. Raises `WireError`, `Refusal`, `StoreFault`."""
        envelope = open_envelope(octets)
        collector, sender = self._believed(envelope, Kind.RENEW, now)
        if now > sender.not_after + GRACE:
            raise Untrusted(Why.EXPIRED, "the certificate expired too long ago: enrol anew")
        request = envelope.body.decode(errors="replace")
        certificate, key = issue(self.authority, request, collector.name, collector.site, now)
        self.collectors.renewed(collector.name, key, now + LIFE)
        return self._enrolled(collector.name, certificate)

    def receive(self, octets: bytes, now: datetime, lateness: int = 0) -> Receipt:
        """Take an envelope with a batch in, by whatever way; return once it is on disk.

        `lateness` is how many seconds this way may take: `intake.MAIL_LATENESS`. Raises
        `WireError`, `Refusal`, `Forked` and `StoreFault`; then nothing was kept.
        """
        envelope = open_envelope(octets)
        collector, sender = self._believed(envelope, Kind.BATCH, now)
        batch = decode(envelope.body)
        if batch.collector != sender.collector:
            raise Untrusted(Why.FORGED, "the batch is another collector's")
        return self.intake.take(
            collector, batch, envelope.body, sent=envelope.sent, now=now, lateness=lateness
        )

    def wish(self, octets: bytes, now: datetime) -> tuple[Collector, Wish]:
        """Return who asks for orders, and how. Raises `WireError`, `Refusal`, `StoreFault`."""
        envelope = open_envelope(octets)
        collector, sender = self._believed(envelope, Kind.ORDERS, now)
        try:
            wish = msgspec.json.decode(envelope.body, type=Wish)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as fault:
            raise WireError(f"no wish for orders: {fault}") from fault
        if self.heads is not None and wish.log is not None:
            self.heads.heard(collector, sender, envelope.certificate, wish.log)
        return collector, wish

    def head(self, wish: Wish) -> Offer | None:
        """Return a head of the audit log that whoever asks has not seen. Raises `StoreFault`."""
        if self.heads is None or wish.log is None:
            return None
        return self.heads.offer(wish.log)

    def orders(self, collector: Collector) -> Orders:
        """Return the orders of a collector's site; its networks, where nobody gave any."""
        version, document = self.collectors.orders(collector.site_id)
        known: Mapping[str, Any] = {"networks": list(collector.scope), "zone": collector.zone}
        return msgspec.convert({**known, **document, "version": version}, Orders)

    def order(self, site: str, document: Mapping[str, Any], now: datetime) -> int:
        """Give a site's collectors new orders. Raises `UsageError`, `StoreFault`."""
        found = Inventory(self.database).site(site)
        if found is None:
            raise UsageError(f"there is no site {site!r}")
        try:
            msgspec.convert({**document, "version": 0}, Orders)
        except msgspec.ValidationError as fault:
            raise UsageError(f"these are no orders: {fault}") from fault
        return self.collectors.order(found.id, document, now)

    def sign(self, request: bytes, body: bytes) -> str:
        """Return the signature that goes with an answer."""
        return sign_reply(self.authority.key, request, body)

    def tidy(self, now: datetime) -> int:
        """Apply what has waited too long, forget what is too old; return how much was forgotten.

        To be called every hour or so. Raises `StoreFault`.
        """
        return tidy(self.intake, now)

    def _believed(self, envelope: Envelope, kind: Kind, now: datetime) -> tuple[Collector, Sender]:
        """Return whose envelope this is. Raises `Untrusted`, `Refusal`, `StoreFault`."""
        sender = self.senders.get(envelope.certificate)
        if sender is None:
            sender = read_sender(envelope.certificate, self.authority.certificate)
            if len(self.senders) >= _MOST_SENDERS:
                self.senders.clear()
            self.senders[envelope.certificate] = sender
        grace = kind is Kind.RENEW
        audience = self.authority.identifier
        verify(envelope, sender, kind=kind, audience=audience, now=now, grace=grace)
        found = self.collectors.find(sender.collector)
        if found is None or found.state != ACTIVE:
            raise Refusal("revoked", "this collector is not known any more")
        if found.site != sender.site:
            raise Refusal("site", "this collector belongs to another site now")
        # Only here: whoever merely copies a certificate must not use up its owner's share.
        self.pace.take(sender.collector, now.timestamp())
        return found, sender

    def _enrolled(self, name: str, certificate: bytes) -> bytes:
        pem = x509.load_der_x509_certificate(certificate).public_bytes(Encoding.PEM).decode()
        after = int(LIFE.total_seconds() / 3)
        answer = Enrolled(name, self.authority.identifier, pem, self.authority.pem, after)
        return msgspec.json.encode(answer)


def tidy(intake: Intake, now: datetime) -> int:
    """Apply what has waited too long, forget what is too old; return how much was forgotten.

    Raises `StoreFault`.
    """
    before = int(now.timestamp()) - intake.limits.patience
    known = {collector.id: collector for collector in Collectors(intake.database).all()}
    for number, spool in overdue(intake.database, before):
        intake.give_up_waiting(known[number], spool, now)
    ErdsDevices(intake.database).forget(now - KEPT)
    return forget_readings(intake.database, int((now - KEPT).timestamp()))


def open_gateway(
    database: Database, authority: Authority, limits: Limits, heads: Heads | None = None
) -> Gateway:
    """Return a gateway over a database whose tables are there. Raises `StoreFault`."""
    metrics = Metrics(database)
    metrics.load()
    intake = Intake(database, metrics, limits)
    return Gateway(database, authority, intake, Collectors(database), heads=heads)
