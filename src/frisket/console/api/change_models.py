"""What the interface takes and answers about changes of devices."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, StringConstraints

from frisket.console.api.filters import StrictFilters
from frisket.console.api.models import Shown
from frisket.console.api.resource import Asked, Id, Words
from frisket.console.page import Visit
from frisket.console.pages.changes import policies
from frisket.errors import UsageError
from frisket.fleet.change_source import Source, read_source, recognise

Key = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[a-z0-9.-]+$")]
_MOST_SETTINGS = 300


class SourceIn(Asked):
    """What devices are to be made like.

    A `baseline` or a `policy` by its name (own ones that were approved, or packaged); the state
    that was `accepted` of each, of all settings or of `keys`; or `settings` with their values.
    """

    kind: Literal["baseline", "policy", "accepted", "settings"]
    name: Words = ""
    keys: list[Key] = Field(default=[], max_length=_MOST_SETTINGS)
    settings: dict[str, Any] = Field(default={}, max_length=_MOST_SETTINGS)

    def source(self, visit: Visit) -> Source:
        """Return what it means. Raises `UsageError`."""
        content = visit.services.crew.content
        if self.kind != "settings":
            if self.settings:
                raise UsageError("settings belong to the kind settings")
            table = {"kind": self.kind, "baseline": self.name, "keys": self.keys}
            return read_source(table, content, policies(visit))
        if not self.settings or self.keys:
            raise UsageError("name settings with their values")
        written = json.dumps({"values": self.settings}).encode()
        return recognise(written, self.name or "settings of an order", content)


class ChangeOrder(Asked):
    """What is to be changed, on the devices of `devices` that also meet `condition`.

    One of them is needed: nothing means the whole fleet by leaving both out.
    """

    source: SourceIn
    condition: StrictFilters | None = None
    devices: list[Id] | None = Field(default=None, min_length=1, max_length=10_000)


class Typed(Asked):
    """That a device is left without a way to manage it or to print: its address, typed."""

    device: Id
    kind: Literal["channel", "print_path"]
    typed: Words


class Retried(Asked):
    """Which failed devices have another turn; all of them without any."""

    devices: list[Id] = Field(default=[], max_length=10_000)


class WaveOut(BaseModel):
    """How far a wave is, and what the network says of its devices once it was asked again."""

    number: int
    count: int
    ended: int
    bad: int
    running: int
    healthy: int
    worse: int
    judged: bool


class ChangeHead(Shown):
    """One change. `state`: planning, planned, waiting, running, paused, halted, done and so on."""

    id: int
    title: str
    source: str
    name: str
    sites: list[int]
    state: str
    why: str
    made: datetime
    made_by: str
    began: datetime | None
    ended: datetime | None
    approval: int | None
    counts: dict[str, int] = Field(description="Devices by how they stand, once it has begun")


class RolloutOut(ChangeHead):
    """One change with how far it is.

    `devices` are changed, by `settings` in all; `refused` need a typed confirmation, `missed` could
    not be asked, `same` are as wanted already. `ready`: it may begin. `acts`: what may follow now.
    """

    devices: int
    settings: int
    refused: int
    missed: int
    same: int
    takes_two: bool
    approval_state: str | None
    ready: bool
    acts: list[str]
    waves: list[WaveOut]


class ChangeDeviceOut(BaseModel):
    """How one device of a change stands; `wave` counts from 1, null for none."""

    device_id: int
    name: str
    site: str
    address: str
    model: str
    settings: int
    wave: int | None
    step: str
    outcome: str
    health: str
    why: str
    at: datetime | None


class StepOut(Shown):
    """One setting that would be changed, who asks for it, and what it costs."""

    key: str
    label: str
    menu: str
    now: Any
    wanted: Any
    rules: list[str]
    rows: list[str]
    severity: str
    breaks: list[str]
    restart: bool
    used_by: list[str]


class StageOut(Shown):
    """Settings that are written together, in this order."""

    phase: str
    keys: list[str]
    restart: bool


class LeftOut(Shown):
    """A setting that this device or driver cannot change."""

    key: str
    label: str
    wanted: Any
    rows: list[str]
    why: str


class WorkOut(Shown):
    """Something only a person can do."""

    rule: str
    title: str
    row: str
    severity: str
    steps: list[str]


class WaysOut(Shown):
    """What is open: all ways, those that manage from afar, and print paths."""

    ways: list[str]
    managing: list[str]
    print_paths: list[str]


class RefusalOut(Shown):
    """What has to be accepted by typing the device's address, by its `kind`."""

    kind: str
    why: str


class PlanOut(BaseModel):
    """One device's plan: the difference, its side effects, and which ways survive it."""

    device_id: int
    address: str
    driver: str
    access: str
    why: str
    restarts: int
    steps: list[StepOut]
    stages: list[StageOut]
    unsupported: list[LeftOut]
    work: list[WorkOut]
    before: WaysOut
    after: WaysOut
    refusals: list[RefusalOut]
