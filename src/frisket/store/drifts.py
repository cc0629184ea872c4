"""The state that was accepted for each device, and how devices moved away from it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import zstandard
from sqlalchemy import Select, func, insert, select, update

from frisket.catalog.load import Catalog
from frisket.errors import SettingRefused
from frisket.model.reading import Value
from frisket.store.database import Database
from frisket.store.tables.audit import ACCEPTED, DRIFT
from frisket.store.tables.device import DEVICE, SITE

_MOST: Final = 4 << 20
SETTLED: Final = "accepted"


@dataclass(frozen=True, slots=True)
class Accepted:
    """What a person accepted of a device: values by key, and its firmware then."""

    values: Mapping[str, Value]
    firmware: str
    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class Drifts:
    """The repository of accepted states and drifts."""

    database: Database

    def accepted(self, device_id: int, catalog: Catalog) -> Accepted | None:
        """Return what was accepted; keys that the catalogue knows no longer are left out."""
        asked = select(ACCEPTED).where(ACCEPTED.c.device_id == device_id)
        with self.database.read() as connection:
            row = connection.execute(asked).one_or_none()
        if row is None:
            return None
        raw = zstandard.ZstdDecompressor().decompress(row.values, max_output_size=_MOST)
        body = json.loads(raw)
        return Accepted(_values(body["values"], catalog), body["firmware"], row.at, row.accepted_by)

    def accept(self, device_id: int, accepted: Accepted) -> None:
        """Keep what is accepted from now on."""
        body = {"values": dict(accepted.values), "firmware": accepted.firmware}
        text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
        values = {
            "at": accepted.at,
            "accepted_by": accepted.by,
            "values": zstandard.ZstdCompressor(level=3).compress(text.encode()),
        }
        row = self.database.insert(ACCEPTED).values(device_id=device_id, **values)
        with self.database.write() as connection:
            connection.execute(row.on_conflict_do_update(index_elements=["device_id"], set_=values))

    def of_device(self, device_id: int, *, settled: bool = False) -> Sequence[Any]:
        """Return a device's drifts, with those that became its accepted state where asked."""
        asked = select(DRIFT).where(DRIFT.c.device_id == device_id)
        if not settled:
            asked = asked.where(DRIFT.c.state != SETTLED)
        with self.database.read() as connection:
            return connection.execute(asked.order_by(DRIFT.c.seen.desc(), DRIFT.c.id)).all()

    def keep(self, device_id: int, rows: Iterable[Mapping[str, Any]]) -> None:
        """Keep a device's drifts; those with `id` 0 are new."""
        listed = list(rows)
        if not listed:
            return
        with self.database.write() as connection:
            for row in listed:
                values = {name: value for name, value in row.items() if name != "id"}
                if row["id"]:
                    asked = update(DRIFT).where(DRIFT.c.id == row["id"])
                    connection.execute(asked.values(values))
                else:
                    connection.execute(insert(DRIFT).values(device_id=device_id, **values))

    def find(self, drift_id: int) -> Any | None:
        """Return one drift with its device's site."""
        with self.database.read() as connection:
            return connection.execute(_listed().where(DRIFT.c.id == drift_id)).one_or_none()

    def settle(self, drift_id: int, state: str, who: str) -> None:
        """Keep what a person decided on a drift."""
        asked = update(DRIFT).where(DRIFT.c.id == drift_id)
        with self.database.write() as connection:
            connection.execute(asked.values(state=state, settled_by=who))

    def open(
        self,
        sites: Sequence[int] | None = None,
        *,
        state: str = "open",
        cause: str = "",
        flips: int = 0,
        limit: int = 200,
    ) -> Sequence[Any]:
        """Return drifts of a state, the newest first; of one cause, or with so many flips."""
        asked = _listed().where(DRIFT.c.state == state, DRIFT.c.flips >= flips)
        if cause:
            asked = asked.where(DRIFT.c.cause == cause)
        if sites is not None:
            asked = asked.where(DEVICE.c.site_id.in_(list(sites)))
        asked = asked.order_by(DRIFT.c.since.desc(), DRIFT.c.id).limit(limit)
        with self.database.read() as connection:
            return connection.execute(asked).all()

    def counts(self, sites: Sequence[int] | None = None) -> dict[str, int]:
        """Return how many open drifts there are by cause."""
        asked = (
            select(DRIFT.c.cause, func.count().label("n"))
            .join(DEVICE, DEVICE.c.id == DRIFT.c.device_id)
            .where(DRIFT.c.state == "open")
            .group_by(DRIFT.c.cause)
        )
        if sites is not None:
            asked = asked.where(DEVICE.c.site_id.in_(list(sites)))
        with self.database.read() as connection:
            return {row.cause: row.n for row in connection.execute(asked)}


def _listed() -> Select[Any]:
    device = (DEVICE.c.name, DEVICE.c.address, DEVICE.c.model, DEVICE.c.site_id)
    key = DEVICE.c.key.label("device_key")
    return (
        select(DRIFT, *device, key, SITE.c.name.label("site"))
        .join(DEVICE, DEVICE.c.id == DRIFT.c.device_id)
        .join(SITE, SITE.c.id == DEVICE.c.site_id)
    )


def _values(table: Mapping[str, Any], catalog: Catalog) -> dict[str, Value]:
    found: dict[str, Value] = {}
    for key, value in table.items():
        try:
            if key in catalog:
                found[key] = catalog[key].check(value)
        except SettingRefused:
            continue  # its range became narrower since
    return found
