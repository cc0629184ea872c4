"""Where devices stand: each by the baseline that it meets least, and those that stand worst."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, bindparam, select, update

from frisket.model.finding import Severity
from frisket.store.database import Database
from frisket.store.tables.audit import RESULT
from frisket.store.tables.device import DEVICE, SITE


def restate(connection: Connection, device_ids: Sequence[int]) -> None:
    """Bring devices in step with their newest results, one by each baseline.

    A device that two baselines judge shows the lower score with its coverage, and the gravest
    finding of both: what one demands does not excuse what the other does.
    """
    names = ("device_id", "compliance", "coverage", "worst", "at")
    asked = select(*(RESULT.c[name] for name in names)).where(RESULT.c.device_id.in_(device_ids))
    rows = connection.execute(asked.order_by(RESULT.c.device_id, RESULT.c.baseline)).all()
    stands = [
        _stands(device_id, list(results))
        for device_id, results in groupby(rows, key=lambda row: row.device_id)
    ]
    if stands:
        connection.execute(update(DEVICE).where(DEVICE.c.id == bindparam("device")), stands)


def _stands(device_id: int, results: Sequence[Any]) -> dict[str, Any]:
    # Where nothing could be judged there is no score to be lower than another.
    least = min(results, key=lambda row: 2.0 if row.compliance is None else row.compliance)
    graves = [Severity(row.worst) for row in results if row.worst]
    last = max(row.at for row in results)
    return {
        "device": device_id,
        "compliance": least.compliance,
        "coverage": least.coverage,
        "worst": max(graves, key=lambda one: one.rank).value if graves else "",
        "audited": last,
        "last_seen": last,
    }


@dataclass(frozen=True, slots=True)
class Standing:
    """Which devices stand worst by one baseline."""

    database: Database

    def worst(
        self, baseline: str, sites: Sequence[int] | None = None, limit: int = 10
    ) -> Sequence[Any]:
        """Return the devices with the lowest scores below 1, with site and that score.

        Raises `StoreFault`.
        """
        asked = (
            select(
                *(DEVICE.c[name] for name in ("id", "key", "name", "address", "model")),
                SITE.c.name.label("site"),
                RESULT.c.compliance,
                RESULT.c.coverage,
            )
            .join(RESULT, RESULT.c.device_id == DEVICE.c.id)
            .join(SITE, SITE.c.id == DEVICE.c.site_id)
            .where(RESULT.c.baseline == baseline, RESULT.c.compliance < 1)
            .where(DEVICE.c.state != "retired")
        )
        if sites is not None:
            asked = asked.where(DEVICE.c.site_id.in_(list(sites)))
        with self.database.read() as connection:
            asked = asked.order_by(RESULT.c.compliance, RESULT.c.device_id).limit(limit)
            return connection.execute(asked).all()
