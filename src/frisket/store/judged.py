"""What audits found, read for reports: one device after another, never all of them at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, func, select

from frisket.store.database import Database
from frisket.store.tables.audit import RESULT
from frisket.store.tables.device import DEVICE

_AT_ONCE: Final = 40  # devices; a device's findings take some 30 kB as they are kept


@dataclass(frozen=True, slots=True)
class Span:
    """How many devices were judged, and when the first and the last of them."""

    devices: int
    first: datetime | None
    last: datetime | None


@dataclass(frozen=True, slots=True)
class Judged:
    """The newest results by one baseline; of `sites` (None for all), or of one device."""

    database: Database
    baseline: str
    sites: Sequence[int] | None = None
    device: int = 0

    def span(self) -> Span:
        """Return what there is. Raises `StoreFault`."""
        asked = select(func.count(), func.min(RESULT.c.at), func.max(RESULT.c.at))
        asked = asked.select_from(RESULT.join(DEVICE, DEVICE.c.id == RESULT.c.device_id))
        with self.database.read() as connection:
            return Span(*connection.execute(asked.where(*self._where())).one())

    def each(self) -> Iterator[Any]:
        """Yield each device with `at` and its packed `findings`. Raises `StoreFault`."""
        names = ("id", "site_id", "key", "address", "vendor", "model", "serial", "mac")
        columns = [DEVICE.c[name] for name in (*names, "firmware", "name", "location")]
        asked = select(*columns, RESULT.c.at, RESULT.c.findings)
        asked = asked.select_from(RESULT.join(DEVICE, DEVICE.c.id == RESULT.c.device_id))
        asked = asked.where(*self._where()).order_by(DEVICE.c.id).limit(_AT_ONCE)
        last = 0
        while True:
            with self.database.read() as connection:
                rows = connection.execute(asked.where(DEVICE.c.id > last)).all()
            yield from rows
            if len(rows) < _AT_ONCE:
                return
            last = rows[-1].id

    def _where(self) -> list[ColumnElement[bool]]:
        found: list[ColumnElement[bool]] = [RESULT.c.baseline == self.baseline]
        if self.sites is not None:
            found.append(DEVICE.c.site_id.in_(list(self.sites)))
        if self.device:
            found.append(DEVICE.c.id == self.device)
        return found
