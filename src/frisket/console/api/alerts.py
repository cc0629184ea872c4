"""`/api/v1/alerts`: what devices say is wrong with them, what was, and who has seen it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from fastapi import Depends, Query
from pydantic import BaseModel, Field

from frisket.console.api.access import Needs
from frisket.console.api.resource import Asked, Id, Listed, Sees, Words, resources
from frisket.console.page import Visit
from frisket.console.pages.alerts import acknowledged
from frisket.console.pages.devices import sites_of
from frisket.fleet.roles import Permission
from frisket.store.happened import Happenings
from frisket.telemetry.words import meaning_of

ROUTER = resources("alerts")
Edits = Annotated[Visit, Depends(Needs(Permission.EDIT_DEVICES))]
_MOST = 500


class AlertEvent(BaseModel):
    """Something that a device reported. `ended` is null while it stands."""

    id: int
    device_id: int
    site: str
    device: str
    model: str
    severity: str
    code: str
    text: str
    where: str
    began: datetime
    ended: datetime | None
    seen_by: str
    seen_at: datetime | None
    note: str


class WhichAlerts(Asked):
    """Which alerts: those that stand, or all of the last days."""

    days: int | None = Field(default=None, ge=1, le=396, description="Without it: what stands now")
    device: int | None = Field(default=None, ge=1, le=1 << 53)
    limit: int = Field(default=200, ge=1, le=2000)


class Acknowledged(Asked):
    """Which alerts you have seen and take care of."""

    alerts: list[Id] = Field(min_length=1, max_length=_MOST)
    note: Words = ""


def _shown(row: Any) -> AlertEvent:
    return AlertEvent(
        id=row.id,
        device_id=row.device_id,
        site=row.site,
        device=row.serial or row.key,
        model=row.model,
        severity=row.severity,
        code=row.code,
        text=row.text or meaning_of(row.code),
        where=row.name,
        began=datetime.fromtimestamp(row.began, UTC),
        ended=None if row.ended is None else datetime.fromtimestamp(row.ended, UTC),
        seen_by=row.by or "",
        seen_at=row.seen_at,
        note=row.note or "",
    )


@ROUTER.get("")
def alerts(visit: Sees, asked: Annotated[WhichAlerts, Query()]) -> Listed[AlertEvent]:
    """List alerts at the sites that you may see, the newest first."""
    sites = sites_of(visit.reach(Permission.SEE_FLEET))
    store = Happenings(visit.services.database)
    if asked.days is None:
        rows = store.standing(sites, _MOST)
        rows = [row for row in rows if asked.device in {None, row.device_id}][: asked.limit]
    else:
        since = visit.now - timedelta(days=asked.days)
        rows = list(store.since(since, sites, asked.device, asked.limit))
    return Listed(items=[_shown(row) for row in rows], next=None)


@ROUTER.post("/acknowledge", status_code=204)
def acknowledge(visit: Edits, order: Acknowledged) -> None:
    """Note that you have seen alerts and take care of them; whoever was first stays."""
    acknowledged(visit, sorted(set(order.alerts)), order.note)
