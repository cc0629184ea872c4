"""`/api/v1/audits`: audits started, and what they found of each device."""

from __future__ import annotations

from collections import Counter
from typing import Annotated, Any

from fastapi import Depends, Query
from pydantic import Field
from starlette.responses import Response

from frisket.console.api.access import Needs
from frisket.console.api.devices import seen
from frisket.console.api.filters import StrictFilters
from frisket.console.api.jobs import job_of, place_of
from frisket.console.api.models import Findings, JobOut, ResultOut
from frisket.console.api.resource import (
    NUMBER,
    Asked,
    Listed,
    Number,
    OrderKey,
    Sees,
    Words,
    asker,
    resources,
)
from frisket.console.faults import NotFound
from frisket.console.page import Visit
from frisket.console.pages.devices import sites_of
from frisket.errors import UsageError
from frisket.fleet.asked import start_audit
from frisket.fleet.results import unpacked
from frisket.fleet.roles import Permission
from frisket.store.audits import Audits
from frisket.store.devicelist import DeviceList

ROUTER = resources("audits")
Runs = Annotated[Visit, Depends(Needs(Permission.RUN_AUDIT))]
Id = Annotated[int, Field(ge=1, le=1 << 53), NUMBER]


class AuditOrder(Asked):
    """Which devices are audited: those of `devices` that also meet `condition`.

    An order without either means every device that you may audit; retired ones never.
    """

    baseline: Words = "small-office"
    condition: StrictFilters = Field(default_factory=StrictFilters)
    devices: list[Id] | None = Field(default=None, min_length=1, max_length=10_000)


class WhichBaseline(Asked):
    """By which baseline; without it, the first one that there is a result of."""

    baseline: Words = ""


@ROUTER.post("", status_code=202, response_model=JobOut)
def start(visit: Runs, order: AuditOrder, key: OrderKey = None) -> Response:
    """Start an audit of a condition; it writes to no device. Answers with the job."""
    visit.services.crew.content.baseline(order.baseline)
    wanted = order.condition.condition()
    sites = sites_of(visit.reach(Permission.RUN_AUDIT))
    listed = DeviceList(visit.services.database)
    if order.devices is None:
        wanted_ids = [
            row.id for row in listed.each(wanted, visit.now, sites) if row.state != "retired"
        ]
    else:
        named = set(order.devices)
        wanted_ids = [one for one in listed.ids(wanted, visit.now, sites) if one in named]
    if not wanted_ids:
        raise UsageError("no device is meant", hint="look at GET /api/v1/devices with this filter")
    who = asker(visit, key, order, "audits")
    visit.record("audit.start", f"{len(wanted_ids)} devices", baseline=order.baseline)
    return place_of(visit, start_audit(visit.services.jobs, who, order.baseline, wanted_ids))


@ROUTER.get("/devices/{id}")
def results(visit: Sees, id: Number) -> Listed[ResultOut]:  # noqa: A002
    """List the newest result of a device by each baseline."""
    seen(visit, id)
    rows = Audits(visit.services.database).results(id)
    return Listed(items=[_result(row) for row in rows], next=None)


def _result(row: Any) -> ResultOut:
    return ResultOut(
        baseline=row.baseline,
        at=row.at,
        compliance=row.compliance,
        coverage=row.coverage,
        verdicts=dict(Counter(row.verdicts.values())),
    )


@ROUTER.get("/devices/{id}/findings")
def findings(visit: Sees, id: Number, asked: Annotated[WhichBaseline, Query()]) -> Findings:  # noqa: A002
    """Return every finding of a device's newest result, with evidence and fix."""
    seen(visit, id)
    rows = Audits(visit.services.database).results(id)
    row = next((r for r in rows if asked.baseline in {"", r.baseline}), None)
    if row is None:
        raise NotFound("the device has no such result")
    return Findings(
        device_id=id,
        baseline=row.baseline,
        at=row.at,
        compliance=row.compliance,
        coverage=row.coverage,
        findings=unpacked(row.findings),
    )


__all__ = ["ROUTER", "job_of"]
