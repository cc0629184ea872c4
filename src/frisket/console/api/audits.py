"""`/api/v1/audits`: audits started, and what they found of each device."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Any

from fastapi import Depends, Query
from pydantic import Field
from starlette.responses import Response

from frisket.console.api.access import Needs
from frisket.console.api.devices import rows_after, seen
from frisket.console.api.filters import FilteredPage, StrictFilters
from frisket.console.api.jobs import job_of, place_of
from frisket.console.api.models import DeviceFinding, DeviceResult, Findings, JobOut, ResultOut
from frisket.console.api.resource import (
    Asked,
    Id,
    Listed,
    Number,
    OrderKey,
    Sees,
    Words,
    after,
    asker,
    resources,
)
from frisket.console.faults import NotFound
from frisket.console.page import Visit
from frisket.console.pages.devices import sites_of
from frisket.errors import UsageError
from frisket.fleet.asked import start_audit
from frisket.fleet.life import IN_USE, is_asked
from frisket.fleet.results import unpacked
from frisket.fleet.roles import Permission
from frisket.model.finding import Verdict
from frisket.store.audits import Audits
from frisket.store.devicelist import DeviceList
from frisket.store.results import Results

ROUTER = resources("audits")
Runs = Annotated[Visit, Depends(Needs(Permission.RUN_AUDIT))]


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
    asked = tuple(state for state in wanted.state or IN_USE if is_asked(state))
    sites = sites_of(visit.reach(Permission.RUN_AUDIT))
    listed = DeviceList(visit.services.database)
    found = listed.ids(replace(wanted, state=asked), visit.now, sites) if asked else ()
    named = None if order.devices is None else frozenset(order.devices)
    wanted_ids = [one for one in found if named is None or one in named]
    if not wanted_ids:
        raise UsageError("no device is meant", hint="look at GET /api/v1/devices with this filter")
    who = asker(visit, key, order, "audits")
    visit.record("audit.start", f"{len(wanted_ids)} devices", baseline=order.baseline)
    return place_of(visit, start_audit(visit.services.jobs, who, order.baseline, wanted_ids))


class WhichResults(FilteredPage):
    """By which baseline, of which devices; a page is of so many devices."""

    baseline: Words = "small-office"


class WhichFindings(WhichResults):
    """Which findings: with which verdicts, and of which consideration or rule."""

    verdict: list[Verdict] = Field(default=[Verdict.FAIL], max_length=len(Verdict))
    consideration: Words = ""
    rule: Words = ""
    limit: int = Field(default=100, ge=1, le=200, description="Devices of a page")


def _rows(visit: Visit, asked: WhichResults) -> tuple[Sequence[Any], str | None]:
    """Return the results of a page's devices, and the next cursor."""
    rows = rows_after(visit, asked, after(asked), asked.limit)
    more = str(rows[-1].id) if len(rows) >= asked.limit else None
    ids = [row.id for row in rows]
    return Results(visit.services.database).of(ids, asked.baseline), more


@ROUTER.get("/results")
def all_results(visit: Sees, asked: Annotated[WhichResults, Query()]) -> Listed[DeviceResult]:
    """List the newest results of the devices that are meant, in the order of their ids."""
    rows, more = _rows(visit, asked)
    shown = [DeviceResult(device_id=row.device_id, **_result(row).model_dump()) for row in rows]
    return Listed(items=shown, next=more)


@ROUTER.get("/findings")
def all_findings(visit: Sees, asked: Annotated[WhichFindings, Query()]) -> Listed[DeviceFinding]:
    """List findings of the devices that are meant: what fails, where nothing else is asked."""
    rows, more = _rows(visit, asked)
    wanted = {verdict.value for verdict in asked.verdict}
    found = [
        DeviceFinding(device_id=row.device_id, finding=one)
        for row in rows
        for one in unpacked(row.findings)
        if one["verdict"] in wanted
        and asked.consideration in {"", one["consideration"]}
        and asked.rule in {"", one["rule"]}
    ]
    return Listed(items=found, next=more)


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
