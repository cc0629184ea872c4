"""`/api/v1/compliance`: how the fleet stands by a baseline."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated

from fastapi import Path, Query
from pydantic import Field

from frisket.audit.baseline import Baseline
from frisket.console.api.models import (
    BaselineOut,
    ConsiderationOut,
    DayOut,
    FailingDevice,
    FailingOut,
    ScoreOut,
)
from frisket.console.api.resource import Asked, Listed, Sees, resources
from frisket.console.faults import NotFound
from frisket.console.page import Visit
from frisket.console.pages.devices import sites_of
from frisket.fleet.overview import by_consideration, whole
from frisket.fleet.roles import Permission
from frisket.store.audits import Audits, Score

ROUTER = resources("compliance")
Word = Annotated[str, Path(min_length=1, max_length=100, pattern=r"^[!-~]+$")]
_DAYS = timedelta(days=90)


class Since(Asked):
    """From which day on; without it, the last ninety."""

    since: date | None = None


class HowMany(Asked):
    """How many lines at most."""

    limit: int = Field(default=200, ge=1, le=1000)


def _score(score: Score) -> ScoreOut:
    return ScoreOut(
        devices=score.devices,
        compliance=score.compliance,
        coverage=score.coverage,
        verdicts=dict(score.verdicts),
    )


def _baseline(visit: Visit, name: str) -> Baseline:
    found = visit.services.crew.content.baselines.get(name)
    if found is None:
        raise NotFound(f"there is no baseline {name}")
    return found


def _sites(visit: Visit) -> list[int] | None:
    return sites_of(visit.reach(Permission.SEE_FLEET))


@ROUTER.get("")
def baselines(visit: Sees) -> Listed[BaselineOut]:
    """List the baselines with how the sites that you may see stand by each."""
    audits, sites = Audits(visit.services.database), _sites(visit)
    found = [
        BaselineOut(
            id=one.id, title=one.title, score=_score(whole(audits.by_consideration(one.id, sites)))
        )
        for one in visit.services.crew.content.baselines.values()
    ]
    return Listed(items=found, next=None)


@ROUTER.get("/{baseline}/days")
def days(visit: Sees, baseline: Word, asked: Annotated[Since, Query()]) -> Listed[DayOut]:
    """List how the fleet stood at the end of each day on which it was audited."""
    one = _baseline(visit, baseline)
    since = asked.since or (visit.now - _DAYS).date()
    found = Audits(visit.services.database).by_day(one.id, since, _sites(visit))
    shown = [DayOut(day=day, score=_score(score)) for day, score in sorted(found.items())]
    return Listed(items=shown, next=None)


@ROUTER.get("/{baseline}/considerations")
def considerations(visit: Sees, baseline: Word) -> Listed[ConsiderationOut]:
    """List every row of the guide with how the fleet stands by it."""
    one = _baseline(visit, baseline)
    sums = Audits(visit.services.database).by_consideration(one.id, _sites(visit))
    scores = by_consideration(sums)
    shown = [
        ConsiderationOut(id=c.id, feature=c.feature, score=_score(scores.get(c.id, Score())))
        for c in one.considerations
    ]
    return Listed(items=shown, next=None)


@ROUTER.get("/{baseline}/failing")
def failing(visit: Sees, baseline: Word) -> Listed[FailingOut]:
    """List the rules that fail by how many devices fail them, the most first."""
    one = _baseline(visit, baseline)
    rows = Audits(visit.services.database).failing(one.id, _sites(visit))
    shown = [FailingOut(consideration=c, rule=rule, devices=n) for c, rule, n in rows]
    return Listed(items=shown, next=None)


@ROUTER.get("/{baseline}/considerations/{consideration}/devices")
def failing_devices(
    visit: Sees, baseline: Word, consideration: Word, asked: Annotated[HowMany, Query()]
) -> Listed[FailingDevice]:
    """List the devices that fail a consideration, the worst first."""
    one = _baseline(visit, baseline)
    if consideration not in {c.id for c in one.considerations}:
        raise NotFound(f"there is no consideration {consideration}")
    audits = Audits(visit.services.database)
    rows = audits.failing_devices(one.id, consideration, _sites(visit), asked.limit)
    return Listed(items=[FailingDevice.model_validate(row) for row in rows], next=None)
