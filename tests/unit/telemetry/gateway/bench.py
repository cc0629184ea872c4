"""A gateway's intake over a database, with a collector that speaks to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select

from frisket.store.collectors import Collector, Collectors
from frisket.store.database import Database
from frisket.store.inventory import Inventory
from frisket.store.tables.device import DEVICE
from frisket.store.tables.sample import EVENT, GAP, LATEST, READING, READING_DAY
from frisket.telemetry.batch import Batch, Kind, Record, decode, encode
from frisket.telemetry.gateway.applying import Limits
from frisket.telemetry.gateway.intake import Intake, Receipt
from frisket.telemetry.gateway.metrics import Metrics, unpacked

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
T0 = int(NOON.timestamp())
WHO = {"identity.serial": "S1", "identity.model": "iR-ADV", "address": "10.0.0.7"}


def record(
    seq: int,
    kind: Kind,
    values: Mapping[str, Any] | None = None,
    *,
    device: str = "S1",
    at: float = 0,
) -> Record:
    return Record(seq, device, T0 + at, kind, dict(values or {}))


@dataclass
class Bench:
    database: Database
    limits: Limits = field(default_factory=Limits)
    now: datetime = NOON

    def __post_init__(self) -> None:
        self.intake = Intake(self.database, Metrics(self.database), self.limits)
        self.collectors = Collectors(self.database)
        self.north = self.collectors.find("c-North") or self.enrol("North")

    def enrol(self, site: str, scope: tuple[str, ...] = (), zone: str = "UTC") -> Collector:
        inventory = Inventory(self.database)
        found = inventory.site(site)
        number = found.id if found else inventory.add_site(site, scope, NOON, zone)
        token = site.ljust(43, "-")
        self.collectors.offer(token, number, NOON, NOON + timedelta(minutes=15))
        name = f"c-{site}"
        assert self.collectors.enrol(
            token, site, name=name, key=b"k", now=NOON, until=NOON + timedelta(days=7)
        )
        made = self.collectors.find(name)
        assert made is not None
        return made

    def send(
        self,
        *records: Record,
        spool: str = "s",
        oldest: int = 1,
        who: Collector | None = None,
        sent: float | None = None,
        lateness: int = 0,
    ) -> Receipt:
        octets = encode(Batch("c", spool, records[0].seq, oldest, records))
        return self.intake.take(
            who or self.north,
            decode(octets),
            octets,
            sent=self.now.timestamp() if sent is None else sent,
            now=self.now,
            lateness=lateness,
        )

    def rows(self, table: Any, *columns: str) -> list[tuple[Any, ...]]:
        """Return rows in the order of the primary key, values unpacked and named."""
        wanted = [table.c[name] for name in columns] if columns else list(table.columns)
        with self.database.read() as connection:
            found = connection.execute(select(*wanted).order_by(*table.primary_key)).all()
        metrics = self.intake.metrics
        return [
            tuple(metrics.named(unpacked(v)) if isinstance(v, bytes) else v for v in row)
            for row in found
        ]

    @property
    def readings(self) -> list[tuple[Any, ...]]:
        return self.rows(READING, "at", "number", "values")

    @property
    def latest(self) -> dict[str, Any]:
        ((values,),) = self.rows(LATEST, "values")
        return dict(values)

    @property
    def devices(self) -> list[tuple[Any, ...]]:
        return self.rows(DEVICE, "key", "serial", "address")

    @property
    def gaps(self) -> list[tuple[Any, ...]]:
        return self.rows(GAP, "device_id", "began", "ended", "why")

    @property
    def events(self) -> list[tuple[Any, ...]]:
        return self.rows(EVENT, "name", "began", "ended", "severity", "code", "text")

    @property
    def days(self) -> list[tuple[Any, ...]]:
        return self.rows(READING_DAY, "day", "seen", "values")
