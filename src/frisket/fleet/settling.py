"""What a person decides on a drift: it is accepted or waived, or the accepted value put back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from frisket.audit.capture import read_capture
from frisket.catalog.load import Catalog
from frisket.errors import UsageError
from frisket.fleet.change_source import Source
from frisket.fleet.changing import Changing
from frisket.fleet.drift import DriftState
from frisket.fleet.drifting import Drifting
from frisket.fleet.results import text_of
from frisket.model.reading import Readings
from frisket.store.audits import Audits
from frisket.store.database import Database
from frisket.store.drifts import Drifts


@dataclass(frozen=True, slots=True)
class Settling:
    """Keeps decisions on drifts; the audit log was told before. Rows are as of `Drifts.find`."""

    database: Database
    catalog: Catalog

    def readings(self, device_id: int) -> Readings:
        """Return what the last audit read of a device. Raises `UsageError`."""
        results = Audits(self.database).results(device_id)
        if not results:
            raise UsageError("it was not audited yet", hint="audit it first")
        newest = max(results, key=lambda result: result.at)
        return read_capture(text_of(newest.readings), "the last audit", self.catalog).readings

    def accept(self, row: Any, who: str) -> None:
        """Take the present value as the accepted one. Raises `UsageError`."""
        readings = self.readings(row.device_id)
        Drifting(self.database, self.catalog).accept(row.device_id, readings, row.key, who)

    def accept_all(self, device: Any, who: str, now: datetime) -> None:
        """Take all that the last audit read of a device as accepted. Raises `UsageError`."""
        readings = self.readings(device.id)
        drifting = Drifting(self.database, self.catalog)
        drifting.accept_all(device.id, readings, device.firmware, who, now)

    def waive(self, row: Any, reason: str, who: str) -> None:
        """Let it stay so. Raises `UsageError` without a reason."""
        if not reason.strip():
            raise UsageError("say why it may stay so")
        Drifts(self.database).settle(row.id, DriftState.WAIVED.value, who)

    def reapply(self, row: Any, changing: Changing, who: str) -> int:
        """Have the way back to the accepted value planned; return the number of the change."""
        source = Source("accepted", "", (row.key,))
        number = changing.make(source, {"ids": [row.device_id]}, [row.site_id], who)
        Drifts(self.database).settle(row.id, DriftState.REAPPLIED.value, who)
        return number
