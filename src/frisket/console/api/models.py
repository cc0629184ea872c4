"""What the interface answers: devices, sites, results and what devices reported.

Texts that come from devices stand here as they are: they are data, and whoever shows them escapes
them.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class Shown(BaseModel):
    """A base of answers that are read from rows and values by their names."""

    model_config = ConfigDict(from_attributes=True)


class DeviceOut(Shown):
    """One device of the inventory. Shares are 0 to 1; null is not known."""

    id: int
    key: str = Field(description="Who it is whatever its address: serial number, else MAC, …")
    site_id: int
    site: str
    address: str
    serial: str
    mac: str
    vendor: str
    model: str
    name: str
    location: str
    firmware: str
    state: str
    status: str
    toner: int | None
    pages: int | None
    compliance: float | None
    coverage: float | None
    worst: str
    audited: datetime | None
    polled: datetime | None
    first_seen: datetime
    last_seen: datetime
    tags: list[str] = []


class DeviceDetail(DeviceOut):
    """One device with what people noted."""

    notes: str


class Counts(BaseModel):
    """How many devices are meant, and how many of them have each value of a filter."""

    total: int
    counts: dict[str, dict[str, int]]


class AddressOut(Shown):
    """Where a device was met, from when to when."""

    address: str
    first: datetime
    last: datetime


class AlarmOut(Shown):
    """An alarm that stands."""

    id: int
    device_id: int
    kind: str
    text: str
    at: datetime


class DriftOut(Shown):
    """One setting that is not as it was accepted."""

    id: int
    device_id: int
    key: str
    was: str
    now: str
    since: datetime
    seen: datetime
    cause: str
    explained: str
    state: str
    flips: int


class ResultOut(Shown):
    """The newest audit of a device by one baseline."""

    baseline: str
    at: datetime
    compliance: float | None
    coverage: float | None
    verdicts: dict[str, int] = Field(description="How many findings have each verdict")


class DeviceResult(ResultOut):
    """The newest audit of one of many devices."""

    device_id: int


class DeviceFinding(BaseModel):
    """One finding of one of many devices, as in the JSON of `frisket audit`."""

    device_id: int
    finding: dict[str, Any]


class Findings(BaseModel):
    """Every finding of one result, as in the JSON of `frisket audit`."""

    device_id: int
    baseline: str
    at: datetime
    compliance: float | None
    coverage: float | None
    findings: list[dict[str, Any]]


class ChangeOut(Shown):
    """A verdict that became another."""

    id: int
    baseline: str
    at: datetime
    consideration: str
    rule: str
    was: str
    now: str
    because: str


class SiteOut(Shown):
    """A place; nothing outside the networks of `scope` is ever asked there."""

    id: int
    name: str
    scope: list[str]
    zone: str
    limits: dict[str, Any]


class SiteCount(SiteOut):
    """A place and how many devices it has."""

    devices: int


class ScheduleOut(BaseModel):
    """When a task is done at a site, and when it is due next."""

    task: str
    every: int | None = None
    at: list[str] = []
    days: list[str] = []
    quiet: list[str] = []
    baselines: list[str] = []
    last: datetime | None = None
    following: datetime | None = None


class ScoreOut(BaseModel):
    """Verdicts of devices, summed: `compliance` of what was judged, `coverage` of what applies."""

    devices: int
    compliance: float | None
    coverage: float | None
    verdicts: dict[str, int]


class BaselineOut(BaseModel):
    """A baseline and how the fleet stands by it."""

    id: str
    title: str
    score: ScoreOut


class DayOut(BaseModel):
    """How the fleet stood at the end of a day."""

    day: date
    score: ScoreOut


class ConsiderationOut(BaseModel):
    """One row of the guide and how the fleet stands by it."""

    id: str
    feature: str
    score: ScoreOut


class FailingOut(BaseModel):
    """A rule and how many devices fail it."""

    consideration: str
    rule: str
    devices: int


class FailingDevice(Shown):
    """A device that fails a consideration, and by which rule."""

    id: int
    key: str
    site: str
    name: str
    model: str
    serial: str
    address: str
    compliance: float | None
    rule: str


class ProgressOut(Shown):
    """How many devices (of a discovery: addresses) are done, of how many."""

    done: int
    of: int


class JobOut(BaseModel):
    """A piece of long work. `result` is there once it is done, `error` where it failed.

    `progress` is told of one job, by groups of devices; null in lists and before any was chosen.
    """

    id: str
    kind: str
    state: str
    made: datetime | None
    changed: datetime | None
    error: str = ""
    progress: ProgressOut | None = None
    result: dict[str, Any] | None = None


class LogEntry(BaseModel):
    """One entry of the audit log; `body` is the exact text that `digest` covers."""

    number: int
    at: datetime
    actor: str
    action: str
    about: str
    outcome: str
    body: str
    digest: str
    site_id: int | None = None
