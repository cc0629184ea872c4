"""`/api/v1/telemetry`: what devices reported: newest sample, supplies, counters, statements."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any

from fastapi import Path, Query
from pydantic import BaseModel, Field

from frisket.console.api.devices import rows_after, seen
from frisket.console.api.filters import FilteredPage
from frisket.console.api.models import Shown
from frisket.console.api.resource import Listed, Number, Sees, after, resources
from frisket.console.faults import NotFound
from frisket.console.page import Visit
from frisket.store.inventory import Inventory
from frisket.store.reported import Reported, Who
from frisket.telemetry.gateway.metrics import Metrics
from frisket.telemetry.gateway.view import Now, Remaining, Views

ROUTER = resources("telemetry")
_MONTH = r"^20[0-9]{2}-(0[1-9]|1[0-2])$"
MonthWord = Annotated[str, Path(pattern=_MONTH, description="Year and month: 2026-03")]


class LevelOut(Shown):
    """How much is left: a state, and an amount where the device gives one."""

    state: str
    amount: int | None
    capacity: int | None
    unit: str
    percent: int | None


class SupplyOut(Shown):
    """One supply. For a receptacle (waste) the level is the room left."""

    index: str
    name: str
    kind: str
    color: str
    receptacle: bool
    level: LevelOut


class TrayOut(Shown):
    """One paper input."""

    index: str
    name: str
    media: str
    level: LevelOut


class CounterOut(Shown):
    """A count that only rises; `number` is Canon's counter number."""

    name: str
    label: str
    value: int
    unit: str
    number: int | None


class AlertOut(Shown):
    """One row of the device's alert table."""

    index: str
    severity: str
    group: str
    member: int
    code: int
    text: str


class StatusOut(Shown):
    """How the device is: words of RFC 2790, what is wrong, what its display says."""

    printer: str
    device: str
    problems: list[str]
    display: list[str]


class SampleOut(BaseModel):
    """What a device reported last, and when it was seen."""

    device_id: int
    seen: datetime
    status: StatusOut
    alerts: list[AlertOut]
    supplies: list[SupplyOut]
    trays: list[TrayOut]
    counters: list[CounterOut]
    notes: list[str]


class ForecastOut(Shown):
    """Days from the last reading until empty; null but for a forecast, and `why` says it."""

    outcome: str
    why: str
    at: datetime | None
    percent: int | None
    days: float | None
    low: float | None
    high: float | None


class RemainingOut(BaseModel):
    """One supply of one device, and when it will be empty."""

    device_id: int
    site: str
    supply: SupplyOut
    forecast: ForecastOut


class StatementOut(BaseModel):
    """A month's counters of one device; nothing in it is estimated."""

    version: int
    device: dict[str, str]
    month: str
    zone: str
    made: str
    readings: int
    complete: bool
    lines: list[dict[str, Any]]
    silences: list[list[str]] = Field(description="Begin, end and reason of each")
    notes: list[str]


def _views(visit: Visit) -> Views:
    database = visit.services.database
    return Views(Reported(database), Metrics(database))


def _who(visit: Visit, rows: Sequence[Any]) -> list[Who]:
    zones = {site.id: site.zone for site in Inventory(visit.services.database).sites()}
    return [
        Who(
            id=row.id,
            site_id=row.site_id,
            site=row.site,
            zone=zones.get(row.site_id, "UTC"),
            key=row.key,
            serial=row.serial,
            model=row.model,
            name=row.name,
            address=row.address,
        )
        for row in rows
    ]


def _now(visit: Visit, device_id: int) -> Now:
    """Return a device as it is now. Raises `NotFound`, also where it never reported."""
    [now] = _views(visit).now(_who(visit, [seen(visit, device_id).row]))
    if now.sample is None:
        raise NotFound("the device has not reported yet")
    return now


@ROUTER.get("/devices/{id}/sample")
def sample(visit: Sees, id: Number) -> SampleOut:  # noqa: A002
    """Return what a device reported last."""
    now = _now(visit, id)
    assert now.sample is not None
    assert now.seen is not None
    shown = now.sample
    return SampleOut(
        device_id=id,
        seen=now.seen,
        status=StatusOut.model_validate(shown.status),
        alerts=[AlertOut.model_validate(one) for one in shown.alerts],
        supplies=[SupplyOut.model_validate(one) for one in shown.supplies],
        trays=[TrayOut.model_validate(one) for one in shown.trays],
        counters=[CounterOut.model_validate(one) for one in shown.counters],
        notes=list(shown.notes),
    )


@ROUTER.get("/devices/{id}/counters")
def counters(visit: Sees, id: Number) -> Listed[CounterOut]:  # noqa: A002
    """List a device's counters as they were last."""
    now = _now(visit, id)
    assert now.sample is not None
    return Listed(items=[CounterOut.model_validate(one) for one in now.sample.counters], next=None)


@ROUTER.get("/devices/{id}/supplies")
def supplies(visit: Sees, id: Number) -> Listed[RemainingOut]:  # noqa: A002
    """List a device's supplies with forecasts, what ends first before the others."""
    who = _who(visit, [seen(visit, id).row])
    found = _views(visit).supplies(who, visit.now)
    return Listed(items=[_remaining(one) for one in found], next=None)


def _remaining(one: Remaining) -> RemainingOut:
    return RemainingOut(
        device_id=one.who.id,
        site=one.who.site,
        supply=SupplyOut.model_validate(one.supply),
        forecast=ForecastOut.model_validate(one.forecast),
    )


@ROUTER.get("/supplies")
def all_supplies(visit: Sees, asked: Annotated[FilteredPage, Query()]) -> Listed[RemainingOut]:
    """List the supplies of the devices that are meant; a page is of so many devices.

    Within a page, what ends first comes before the others.
    """
    rows = rows_after(visit, asked, after(asked), asked.limit)
    found = _views(visit).supplies(_who(visit, rows), visit.now)
    more = str(rows[-1].id) if len(rows) >= asked.limit else None
    return Listed(items=[_remaining(one) for one in found], next=more)


@ROUTER.get("/devices/{id}/statements/{month}")
def statement(visit: Sees, id: Number, month: MonthWord) -> StatementOut:  # noqa: A002
    """Return a device's billing statement of a month, in its site's time zone."""
    [who] = _who(visit, [seen(visit, id).row])
    year, number = (int(part) for part in re.split("-", month))
    stated = _views(visit).statement(who, (year, number), visit.now)
    return StatementOut.model_validate(asdict(stated))
