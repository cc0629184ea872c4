"""`/api/v1/jobs`: long work as resources: audits and discoveries that were started."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from urllib.parse import quote

from fastapi import Depends, Path, Query
from starlette.responses import Response, StreamingResponse

from frisket.console.api.access import Needs
from frisket.console.api.following import STREAM, followed
from frisket.console.api.models import JobOut, ProgressOut
from frisket.console.api.resource import Asked, Listed, Sees, resources
from frisket.console.faults import NotFound
from frisket.console.page import Visit
from frisket.fleet.asked import asked_by, site_of_job
from frisket.fleet.progress import progress_of
from frisket.fleet.roles import Permission
from frisket.jobs.port import FlowInfo, FlowState

ROUTER = resources("jobs")
Runs = Annotated[Visit, Depends(Needs(Permission.RUN_AUDIT))]
JobId = Annotated[str, Path(min_length=1, max_length=300, pattern=r"^[!-~]+$")]
_AT_ONCE = 200
_OVER = {FlowState.DONE.value, FlowState.FAILED.value, FlowState.CANCELLED.value}


class WhichJobs(Asked):
    """Which jobs are listed."""

    kind: Literal["audit", "discovery", "poll"] = "audit"


def _moment(seconds: float) -> datetime | None:
    return datetime.fromtimestamp(seconds, UTC) if seconds else None


def job_of(info: FlowInfo, result: Any = None) -> JobOut:
    """Return a job's representation."""
    return JobOut(
        id=info.id,
        kind=info.flow,
        state=info.state.value,
        made=_moment(info.made),
        changed=_moment(info.changed),
        error=info.error[:2000],
        result=result if isinstance(result, dict) else None,
    )


def place_of(visit: Visit, flow_id: str) -> Response:
    """Answer 202 with where the work that was started can be watched."""
    body = job_of(visit.services.jobs.info(flow_id))
    headers = {"location": f"/api/v1/jobs/{quote(flow_id, safe=':')}"}
    return Response(body.model_dump_json(), 202, headers, media_type="application/json")


def _seen(visit: Visit, flow_id: str, permission: Permission) -> bool:
    where = visit.reach(permission)
    site = site_of_job(flow_id)
    if site is not None:
        return site in where
    return where.everywhere or asked_by(flow_id, visit.person.name)


def _found(visit: Visit, flow_id: str, permission: Permission = Permission.SEE_FLEET) -> FlowInfo:
    if not _seen(visit, flow_id, permission):
        raise NotFound
    info = visit.services.jobs.info(flow_id)
    if info.state is FlowState.ABSENT:
        raise NotFound
    return info


@ROUTER.get("")
def jobs(visit: Sees, asked: Annotated[WhichJobs, Query()]) -> Listed[JobOut]:
    """List the newest work of a kind at the sites that you may see, and what you asked for."""
    listed = visit.services.jobs.listed(prefix=f"{asked.kind}:", limit=_AT_ONCE)
    mine = [job_of(one) for one in listed if _seen(visit, one.id, Permission.SEE_FLEET)]
    return Listed(items=mine, next=None)


@ROUTER.get("/{id}")
def job(visit: Sees, id: JobId) -> JobOut:  # noqa: A002
    """Return how a job stands: waiting, running, done, failed or cancelled."""
    return _whole(visit, id)


def _whole(visit: Visit, flow_id: str) -> JobOut:
    """Return a job with how far it is, and its result. Raises `NotFound`."""
    info, jobs = _found(visit, flow_id), visit.services.jobs
    if info.state is FlowState.WAITING:
        return job_of(info)
    far = progress_of(jobs.steps(flow_id))
    done = info.state is FlowState.DONE
    body = job_of(info, jobs.result(flow_id) if done else None)
    shown = None if far is None else ProgressOut.model_validate(far)
    return body.model_copy(update={"progress": shown})


@ROUTER.get("/{id}/events", response_class=StreamingResponse, responses={200: {"content": STREAM}})
def events(visit: Sees, id: JobId) -> StreamingResponse:  # noqa: A002
    """Follow a job: an event `state` with it at once and whenever it moves on; `end` when over."""
    _found(visit, id)
    return followed(visit, lambda asking: _whole(asking, id), lambda body: body.state in _OVER)


@ROUTER.post("/{id}/cancel", status_code=202, response_model=JobOut)
def cancel(visit: Runs, id: JobId) -> Response:  # noqa: A002
    """Stop a job before its next step; what is under way on a device is finished first."""
    info = _found(visit, id, Permission.RUN_AUDIT)
    visit.record("job.cancel", info.id)
    if info.state in {FlowState.WAITING, FlowState.RUNNING}:
        visit.services.jobs.cancel(id)
    return place_of(visit, id)
