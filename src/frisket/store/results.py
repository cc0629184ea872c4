"""The newest results of many devices at once, for lists that programs read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from frisket.store.database import Database
from frisket.store.tables.audit import RESULT


@dataclass(frozen=True, slots=True)
class Results:
    """The repository of newest results by device and baseline."""

    database: Database

    def of(self, device_ids: Sequence[int], baseline: str) -> Sequence[Any]:
        """Return the results of up to a thousand devices, in the order of their ids."""
        asked = select(RESULT).where(
            RESULT.c.device_id.in_(list(device_ids)), RESULT.c.baseline == baseline
        )
        with self.database.read() as connection:
            return connection.execute(asked.order_by(RESULT.c.device_id)).all()
