"""`/api/v1/sites`: places with their written scope, schedules, and what is begun there."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import Depends
from pydantic import Field, StringConstraints
from starlette.responses import Response

from frisket.console.api.access import Needs
from frisket.console.api.jobs import place_of
from frisket.console.api.models import JobOut, ScheduleOut, SiteCount, SiteOut
from frisket.console.api.resource import (
    NUMBER,
    Asked,
    IfMatch,
    Listed,
    Number,
    OrderKey,
    Outdated,
    Sees,
    answered,
    asker,
    matches,
    resources,
    version_of,
)
from frisket.console.faults import Forbidden, NotFound, Stale
from frisket.console.page import Visit
from frisket.errors import UsageError
from frisket.fleet.asked import start_discovery
from frisket.fleet.inventory import check_scope
from frisket.fleet.roles import Permission
from frisket.fleet.schedule import Task, following, read_schedule, zone_of
from frisket.store.changing import Changing
from frisket.store.inventory import Inventory, Site
from frisket.store.schedules import Schedules, StoredSchedule

ROUTER = resources("sites")
Edits = Annotated[Visit, Depends(Needs(Permission.EDIT_SITES))]
Name = Annotated[
    str,
    StringConstraints(min_length=1, max_length=100, pattern=r"^[^\x00-\x20\x7f][^\x00-\x1f\x7f]*$"),
]
Hour = Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
Plain = Annotated[str, StringConstraints(max_length=64, pattern=r"^[^\x00-\x1f\x7f]*$")]


class Limits(Asked):
    """How gently a site's devices are asked."""

    packets_per_second: Annotated[int, Field(ge=0, le=1000), NUMBER] = 10
    parallel: Annotated[int, Field(ge=1, le=1000), NUMBER] = 100


class SiteChange(Asked):
    """A site as it shall be. `scope`: networks, such as 10.1.0.0/16."""

    name: Name
    scope: list[Plain] = Field(default=[], max_length=200)
    zone: Plain = "UTC"
    limits: Limits = Field(default_factory=Limits)

    def values(self) -> dict[str, Any]:
        """Return the columns that it means. Raises `UsageError`."""
        if not self.name.isprintable():
            raise UsageError("a site needs a name that can be shown")
        zone_of(self.zone)
        return {
            "name": self.name,
            "scope": list(check_scope(self.scope)),
            "zone": self.zone,
            "limits": self.limits.model_dump(),
        }


class ScheduleChange(Asked):
    """When a task is done: every so many seconds, or at hours of the site's days."""

    every: Annotated[int, Field(ge=60, le=31 * 86_400), NUMBER] | None = None
    at: list[Hour] = Field(default=[], max_length=48)
    days: list[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]] = Field(
        default=[], max_length=7
    )
    quiet: list[Hour] = Field(
        default=[], max_length=2, description="Begin and end of the quiet hours"
    )
    baselines: list[Plain] = Field(default=[], max_length=20, description="Of the task audit")


def site_seen(visit: Visit, site_id: int, permission: Permission = Permission.SEE_FLEET) -> Site:
    """Return a site. Raises `NotFound`, also where the asker may not see it; `Forbidden`."""
    sites = Inventory(visit.services.database).sites()
    found = next((site for site in sites if site.id == site_id), None)
    if found is None or not visit.may(Permission.SEE_FLEET, site_id):
        raise NotFound
    visit.need(permission, site_id)
    return found


def _shown(row: Any) -> SiteOut:
    return SiteOut.model_validate(
        {
            "id": row.id,
            "name": row.name,
            "scope": list(row.scope),
            "zone": row.zone,
            "limits": dict(row.limits or {}),
        }
    )


@ROUTER.get("")
def sites(visit: Sees) -> Listed[SiteCount]:
    """List the sites that you may see, by name."""
    where = visit.reach(Permission.SEE_FLEET)
    inventory = Inventory(visit.services.database)
    devices = inventory.count_by_site()
    found = [
        SiteCount(**_shown(site).model_dump(), devices=devices.get(site.id, 0))
        for site in inventory.sites()
        if site.id in where
    ]
    return Listed(items=found, next=None)


@ROUTER.post("", status_code=201, response_model=SiteOut)
def add(visit: Edits, site: SiteChange) -> Response:
    """Add a site. Asks for the right to edit sites everywhere: it belongs to none yet."""
    if not visit.reach(Permission.EDIT_SITES).everywhere:
        raise Forbidden
    values = site.values()
    visit.record("site.add", site.name, scope=values["scope"])
    inventory = Inventory(visit.services.database)
    if inventory.site(site.name) is not None:
        raise Stale(f"there is a site {site.name} already")
    number = inventory.add_site(site.name, values["scope"], visit.now, site.zone)
    inventory.change_site(number, {"limits": values["limits"]})
    answer = answered(visit, _shown(site_seen(visit, number)), 201)
    answer.headers["location"] = f"/api/v1/sites/{number}"
    return answer


@ROUTER.get("/{id}", response_model=SiteOut)
def site(visit: Sees, id: Number) -> Response:  # noqa: A002
    """Return one site, with its version in ETag."""
    return answered(visit, _shown(site_seen(visit, id)))


@ROUTER.put("/{id}", response_model=SiteOut)
def change(visit: Edits, id: Number, if_match: IfMatch, site: SiteChange) -> Response:  # noqa: A002
    """Change a site, if it is still the version that you read."""
    before = site_seen(visit, id, Permission.EDIT_SITES)
    values = site.values()
    other = Inventory(visit.services.database).site(site.name)
    if other is not None and other.id != id:
        raise Stale(f"there is a site {site.name} already")
    visit.record("site.change", before.name, site_id=id, **values)

    def same(row: Any) -> bool:
        return matches(if_match, version_of(_shown(row)))

    if not Changing(visit.services.database).change_site(id, values, same):
        raise Outdated
    return answered(visit, _shown(site_seen(visit, id)))


@ROUTER.get("/{id}/schedules")
def schedules(visit: Sees, id: Number) -> Listed[ScheduleOut]:  # noqa: A002
    """List what is done at a site by schedule."""
    site_seen(visit, id)
    found = [
        _plan(visit, one) for one in Schedules(visit.services.database).all() if one.site_id == id
    ]
    return Listed(items=found, next=None)


def _plan(visit: Visit, stored: StoredSchedule) -> ScheduleOut:
    document = dict(stored.document)
    when = {name: value for name, value in document.items() if name != "baselines"}
    try:
        next_ = following(read_schedule(Task(stored.task), when, stored.zone), visit.now)
    except (UsageError, ValueError):
        next_ = None  # an older version wrote what this one cannot read; it is shown all the same
    if "every" in document:
        document["every"] = int(document["every"])
    return ScheduleOut(task=stored.task, last=stored.last, following=next_, **document)


@ROUTER.put("/{id}/schedules/{task}")
def plan(visit: Edits, id: Number, task: Task, schedule: ScheduleChange) -> ScheduleOut:  # noqa: A002
    """Do a task by schedule, in the place of the schedule it had."""
    found = site_seen(visit, id, Permission.EDIT_SITES)
    document = schedule.model_dump(exclude_none=True, exclude_defaults=True)
    baselines = document.pop("baselines", [])
    read_schedule(task, document, found.zone)
    if task is Task.AUDIT:
        for name in baselines:
            visit.services.crew.content.baseline(name)
        document["baselines"] = baselines or ["small-office"]
    visit.record("schedule.change", found.name, site_id=id, task=task.value, **document)
    store = Schedules(visit.services.database)
    store.save(id, task.value, document)
    kept = next(one for one in store.all() if one.site_id == id and one.task == task.value)
    return _plan(visit, kept)


@ROUTER.delete("/{id}/schedules/{task}", status_code=204)
def unplan(visit: Edits, id: Number, task: Task) -> None:  # noqa: A002
    """Do a task by schedule no more."""
    found = site_seen(visit, id, Permission.EDIT_SITES)
    visit.record("schedule.drop", found.name, site_id=id, task=task.value)
    Schedules(visit.services.database).drop(id, task.value)


@ROUTER.post("/{id}/discovery", status_code=202, response_model=JobOut)
def discover(visit: Edits, id: Number, key: OrderKey = None) -> Response:  # noqa: A002
    """Look through a site's scope for printers; answers with the job."""
    found = site_seen(visit, id, Permission.EDIT_SITES)
    who = asker(visit, key, None, f"discovery of {id}")
    visit.record("discovery.start", found.name, site_id=id)
    return place_of(visit, start_discovery(visit.services.jobs, who, id, found.name))
