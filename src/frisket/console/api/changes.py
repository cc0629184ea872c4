"""`/api/v1/changes`: changes of devices planned, decided, made in waves, watched and put back.

Rules are those of the pages: who proposed never approves, and no token approves at all. A person's
login must be fresh for what writes; a token's scope `run-changes` begins only what a second person
approved.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, Any

from fastapi import Depends, Query
from pydantic import Field
from starlette.responses import Response, StreamingResponse

from frisket.console.api.access import Needs
from frisket.console.api.change_models import (
    ChangeDeviceOut,
    ChangeHead,
    ChangeOrder,
    LeftOut,
    PlanOut,
    RefusalOut,
    Retried,
    RolloutOut,
    StageOut,
    StepOut,
    Typed,
    WaveOut,
    WaysOut,
    WorkOut,
)
from frisket.console.api.following import STREAM, followed
from frisket.console.api.resource import (
    Listed,
    Number,
    OrderKey,
    Paged,
    Proposed,
    Sees,
    Words,
    after,
    filled,
    once,
    proposed_as,
    resources,
)
from frisket.console.faults import NotFound
from frisket.console.page import Visit
from frisket.console.pages.changes import found, keeper, meant, standing
from frisket.console.pages.devices import sites_of
from frisket.drivers.plan import DevicePlan, Refusal
from frisket.errors import UsageError
from frisket.fleet.changes import unpacked_plan
from frisket.fleet.changing import with_accepted
from frisket.fleet.roles import Permission
from frisket.fleet.rollout import RolloutState
from frisket.store.changes import Changes
from frisket.store.devicelist import DeviceList
from frisket.store.inventory import Inventory

ROUTER = resources("changes")
Plans = Annotated[Visit, Depends(Needs(Permission.PLAN_CHANGES))]
Types = Annotated[Visit, Depends(Needs(Permission.PLAN_CHANGES, fresh=True, person=True))]
Runs = Annotated[Visit, Depends(Needs(Permission.RUN_CHANGES, fresh=True))]
_OVER = {RolloutState.DONE.value, RolloutState.UNDONE.value, RolloutState.CANCELLED.value}


class WhichChanges(Paged):
    """Which changes: in which states."""

    state: list[Words] = Field(default=[], max_length=20)


class WhichRecord(Paged):
    """Of the change, or of putting it back."""

    undoing: bool = False


def _head(row: Any, counts: dict[str, int]) -> dict[str, Any]:
    return {
        "id": row.id,
        "title": row.title,
        "source": str(row.source.get("kind", "")),
        "name": str(row.source.get("baseline", "")),
        "sites": list(row.sites),
        "state": row.state,
        "why": row.why,
        "made": row.made,
        "made_by": row.made_by,
        "began": row.began,
        "ended": row.ended,
        "approval": row.proposal_id,
        "counts": counts,
    }


def _shown(visit: Visit) -> RolloutOut:
    """Return the change of the path as it stands now. Raises `NotFound`."""
    row = found(visit)
    stands = standing(visit, row)
    counts = Changes(visit.services.database).counts([row.id]).get(row.id, {})
    return RolloutOut(
        **_head(row, counts),
        devices=stands["part"],
        settings=stands["settings"],
        refused=len(stands["refused"]),
        missed=len(stands["missed"]),
        same=stands["same"],
        takes_two=stands["two"],
        approval_state=stands["proposal_state"],
        ready=stands["ready"],
        acts=stands["acts"],
        waves=[WaveOut.model_validate(wave) for wave in stands["waves"]],
    )


def _answer(visit: Visit, status: int = 202) -> Response:
    body = _shown(visit)
    return Response(body.model_dump_json(), status, media_type="application/json")


@ROUTER.get("")
def changes(visit: Sees, asked: Annotated[WhichChanges, Query()]) -> Listed[ChangeHead]:
    """List the changes whose sites you may all see, the newest first."""
    where, stored = visit.reach(Permission.SEE_FLEET), Changes(visit.services.database)

    def fits(row: Any) -> bool:
        seen = all(site in where for site in row.sites)
        return seen and (not asked.state or row.state in asked.state)

    rows, more = filled(lambda last, size: stored.listed(size, last), fits, asked)
    counts = stored.counts([row.id for row in rows])
    shown = [ChangeHead.model_validate(_head(row, counts.get(row.id, {}))) for row in rows]
    return Listed(items=shown, next=more)


def _rows(visit: Visit, order: ChangeOrder) -> Iterator[Any]:
    """Yield the devices that are meant, of sites that the asker may change."""
    where, database = visit.reach(Permission.PLAN_CHANGES), visit.services.database
    if order.condition is None:
        for number in dict.fromkeys(order.devices or ()):
            row = Inventory(database).device(number)
            if row is not None and row.site_id in where:
                yield row
        return
    named = None if order.devices is None else frozenset(order.devices)
    rows = DeviceList(database).each(order.condition.condition(), visit.now, sites_of(where))
    yield from (row for row in rows if named is None or row.id in named)


@ROUTER.post("", status_code=202, response_model=RolloutOut)
def plan(visit: Plans, order: ChangeOrder, key: OrderKey = None) -> Response:
    """Have a change planned: every device is asked, nothing is written. Answers with the change."""
    if order.condition is None and order.devices is None:
        raise UsageError("name devices or a condition", hint="nothing means the whole fleet")
    source = order.source.source(visit)
    condition, ids, at = meant(_rows(visit, order))
    if not ids:
        raise UsageError("no device is meant", hint="look at GET /api/v1/devices with this filter")
    number = once(
        visit,
        key,
        order,
        "changes",
        lambda: keeper(visit).make(source, condition, at, visit.person.name),
    )
    visit.services.jobs.start("plan", f"plan:{number}", number)
    visit.request.path_params["id"] = str(number)
    answer = _answer(visit)
    answer.headers["location"] = f"/api/v1/changes/{number}"
    return answer


@ROUTER.get("/{id}")
def change(visit: Sees, id: Number) -> RolloutOut:  # noqa: A002
    """Return a change with how far it is, by wave."""
    del id
    return _shown(visit)


@ROUTER.get("/{id}/events", response_class=StreamingResponse, responses={200: {"content": STREAM}})
def events(visit: Sees, id: Number) -> StreamingResponse:  # noqa: A002
    """Follow a change: an event `state` with the change at once and whenever it moves on."""
    del id
    found(visit)
    return followed(visit, _shown, lambda body: body.state in _OVER)


@ROUTER.get("/{id}/devices")
def devices(visit: Sees, id: Number, asked: Annotated[Paged, Query()]) -> Listed[ChangeDeviceOut]:  # noqa: A002
    """List the devices of a change with how each stands, in the order of their ids."""
    found(visit)
    everything = sorted(Changes(visit.services.database).devices(id), key=lambda d: d.device_id)
    last = after(asked)
    rows = [row for row in everything if row.device_id > last]
    page = rows[: asked.limit]
    shown = [
        ChangeDeviceOut(
            device_id=row.device_id,
            name=row.name,
            site=row.site,
            address=row.address,
            model=row.model,
            settings=row.settings,
            wave=row.wave + 1 if row.wave >= 0 else None,
            step=row.step,
            outcome=row.outcome,
            health=row.health,
            why=row.why,
            at=row.at,
        )
        for row in page
    ]
    more = str(page[-1].device_id) if len(rows) > len(page) else None
    return Listed(items=shown, next=more)


@ROUTER.get("/{id}/devices/{device}/plan")
def device_plan(visit: Sees, id: Number, device: Number) -> PlanOut:  # noqa: A002
    """Return one device's plan: what changes, its side effects, which ways survive."""
    row = found(visit)
    kept = Changes(visit.services.database).plans(id, [device])
    if not kept:
        raise NotFound("there is no plan for this device")
    whole = with_accepted(
        unpacked_plan(kept[0].plan, visit.services.crew.content.catalog), row.accepted
    )
    [one] = whole.devices
    return _plan_of(device, one, whole.refusals(one))


def _plan_of(number: int, one: DevicePlan, refusals: Sequence[Refusal]) -> PlanOut:
    return PlanOut(
        device_id=number,
        address=one.address,
        driver=one.driver,
        access=one.access,
        why=one.why,
        restarts=one.restarts,
        steps=[StepOut.model_validate(step) for step in one.steps],
        stages=[StageOut.model_validate(stage) for stage in one.stages],
        unsupported=[LeftOut.model_validate(left) for left in one.unsupported],
        work=[WorkOut.model_validate(work) for work in one.work],
        before=WaysOut.model_validate(one.before),
        after=WaysOut.model_validate(one.after),
        refusals=[RefusalOut.model_validate(refusal) for refusal in refusals],
    )


@ROUTER.get("/{id}/devices/{device}/record")
def record(
    visit: Sees,
    id: Number,  # noqa: A002
    device: Number,
    which: Annotated[WhichRecord, Query()],
) -> Listed[dict[str, Any]]:
    """List what was meant before each write to a device, and what came of it, in order."""
    found(visit)
    rows = Changes(visit.services.database).records(id, device, undoing=which.undoing)
    start = after(which)
    more = start + which.limit
    return Listed(items=rows[start:more], next=str(more) if more < len(rows) else None)


@ROUTER.post("/{id}/accept", response_model=RolloutOut)
def accept(visit: Types, id: Number, typed: Typed) -> Response:  # noqa: A002
    """Take upon yourself what a plan cuts off; it voids an approval. No token may."""
    found(visit, Permission.PLAN_CHANGES)
    keeper(visit).accept(id, typed.device, typed.kind, typed.typed, visit.person.name)
    return _answer(visit, 200)


@ROUTER.post("/{id}/propose", status_code=201, response_model=Proposed)
def propose(visit: Plans, id: Number, key: OrderKey = None) -> Response:  # noqa: A002
    """Ask a second person: exactly these plans are what is approved."""
    found(visit, Permission.PLAN_CHANGES)

    def make() -> int:
        return keeper(visit).propose(id, visit.person.account.id, visit.person.name)

    return proposed_as(once(visit, key, None, f"change {id} proposed", make))


@ROUTER.post("/{id}/begin", status_code=202, response_model=RolloutOut)
def begin(visit: Runs, id: Number) -> Response:  # noqa: A002
    """Set it going. A token begins only what a second person approved, of whatever size."""
    found(visit, Permission.RUN_CHANGES)
    person = visit.person
    flow = keeper(visit).begin(id, person.name, alone=person.session is not None)
    visit.services.jobs.start("change", flow, id)
    return _answer(visit)


@ROUTER.post("/{id}/retry", status_code=202, response_model=RolloutOut)
def retry(visit: Runs, id: Number, which: Retried) -> Response:  # noqa: A002
    """Give failed devices another turn, as approved."""
    found(visit, Permission.RUN_CHANGES)
    flow = keeper(visit).retry(id, which.devices, visit.person.name)
    visit.services.jobs.start("change", flow, id)
    return _answer(visit)


@ROUTER.post("/{id}/pause", status_code=202, response_model=RolloutOut)
def pause(visit: Runs, id: Number) -> Response:  # noqa: A002
    """Begin no more devices; those under way are finished."""
    found(visit, Permission.RUN_CHANGES)
    keeper(visit).pause(id, visit.person.name)
    return _answer(visit)


@ROUTER.post("/{id}/cancel", status_code=202, response_model=RolloutOut)
def cancel(visit: Runs, id: Number) -> Response:  # noqa: A002
    """End it where it stands; those under way are finished."""
    found(visit, Permission.RUN_CHANGES)
    keeper(visit).cancel(id, visit.person.name)
    return _answer(visit)


@ROUTER.post("/{id}/resume", status_code=202, response_model=RolloutOut)
def resume(visit: Runs, id: Number) -> Response:  # noqa: A002
    """Let it go on after a pause or a halt; what failed so far is let pass."""
    found(visit, Permission.RUN_CHANGES)
    visit.services.jobs.start("change", keeper(visit).resume(id, visit.person.name), id)
    return _answer(visit)


@ROUTER.post("/{id}/undo", status_code=202, response_model=RolloutOut)
def undo(visit: Runs, id: Number) -> Response:  # noqa: A002
    """Put back what was done."""
    found(visit, Permission.RUN_CHANGES)
    visit.services.jobs.start("change", keeper(visit).undo(id, visit.person.name), id)
    return _answer(visit)
