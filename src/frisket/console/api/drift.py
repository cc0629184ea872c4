"""`/api/v1/drift`: settings that moved away from the accepted state, and what is decided."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Depends, Query
from pydantic import BaseModel, Field
from starlette.responses import Response

from frisket.console.api.access import Needs
from frisket.console.api.devices import seen
from frisket.console.api.models import DriftOut
from frisket.console.api.resource import (
    Listed,
    Number,
    OrderKey,
    Paged,
    Reason,
    Sees,
    below,
    listing,
    once,
    resources,
)
from frisket.console.faults import NotFound
from frisket.console.page import Visit
from frisket.console.pages.changes import keeper
from frisket.console.pages.devices import sites_of
from frisket.fleet.drift import DriftState
from frisket.fleet.roles import Permission
from frisket.fleet.settling import Settling
from frisket.store.changing import Changing
from frisket.store.drifts import Drifts

ROUTER = resources("drift")
Plans = Annotated[Visit, Depends(Needs(Permission.PLAN_CHANGES))]


class WhichDrift(Paged):
    """Which drifts are listed; only an open one asks for a decision."""

    state: list[DriftState] = Field(default=[DriftState.OPEN], max_length=5)


class Planned(BaseModel):
    """The change that is planned now: `/api/v1/changes/{change}`."""

    change: int


@ROUTER.get("")
def drift(visit: Sees, asked: Annotated[WhichDrift, Query()]) -> Listed[DriftOut]:
    """List drifted settings at the sites that you may see, the newest first."""
    sites = sites_of(visit.reach(Permission.SEE_FLEET))
    states = [state.value for state in asked.state]
    store = Changing(visit.services.database)
    rows = store.drifts(below(asked), asked.limit, sites, states=states)
    shown = [DriftOut.model_validate(row) for row in rows]
    return listing(shown, asked.limit, lambda: rows[-1].id)


def _found(visit: Visit, number: int) -> Any:
    row = Drifts(visit.services.database).find(number)
    if row is None or not visit.may(Permission.SEE_FLEET, row.site_id):
        raise NotFound
    visit.need(Permission.PLAN_CHANGES, row.site_id)
    return row


def _settling(visit: Visit) -> Settling:
    return Settling(visit.services.database, visit.services.crew.content.catalog)


def _told(row: Any) -> dict[str, str]:
    return {"key": row.key, "was": row.was, "now": row.now}


@ROUTER.post("/{id}/accept", status_code=204)
def accept(visit: Plans, id: Number, why: Reason) -> None:  # noqa: A002
    """Take the value that the last audit read as the accepted one."""
    row = _found(visit, id)
    visit.record(
        "drift.accept", row.device_key, site_id=row.site_id, reason=why.reason, **_told(row)
    )
    _settling(visit).accept(row, visit.person.name)


@ROUTER.post("/{id}/waive", status_code=204)
def waive(visit: Plans, id: Number, why: Reason) -> None:  # noqa: A002
    """Let it stay so, for a reason."""
    row = _found(visit, id)
    visit.record(
        "drift.waive", row.device_key, site_id=row.site_id, reason=why.reason, **_told(row)
    )
    _settling(visit).waive(row, why.reason, visit.person.name)


@ROUTER.post("/{id}/re-apply", status_code=202, response_model=Planned)
def reapply(visit: Plans, id: Number, key: OrderKey = None) -> Response:  # noqa: A002
    """Have the way back to the accepted value planned; nothing is written before it is begun."""
    row = _found(visit, id)

    def make() -> int:
        visit.record("drift.re-apply", row.device_key, site_id=row.site_id, **_told(row))
        return _settling(visit).reapply(row, keeper(visit), visit.person.name)

    number = once(visit, key, None, f"drift {id}", make)
    visit.services.jobs.start("plan", f"plan:{number}", number)
    headers = {"location": f"/api/v1/changes/{number}"}
    body = Planned(change=number).model_dump_json()
    return Response(body, 202, headers, media_type="application/json")


@ROUTER.post("/devices/{id}/accept", status_code=204)
def accept_all(visit: Plans, id: Number) -> None:  # noqa: A002
    """Take all that the last audit read of a device as its accepted state."""
    device = seen(visit, id, Permission.PLAN_CHANGES).row
    visit.record("drift.accept-all", device.key, site_id=device.site_id)
    _settling(visit).accept_all(device, visit.person.name, visit.now)
