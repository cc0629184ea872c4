"""`/api/v1/alert-rules`: when people are told of something, and where that goes."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import Depends
from pydantic import BaseModel, Field, StringConstraints
from starlette.responses import Response

from frisket.console.api.access import Needs
from frisket.console.api.resource import (
    NUMBER,
    Asked,
    Id,
    Listed,
    Number,
    OrderKey,
    once,
    resources,
)
from frisket.console.faults import NotFound
from frisket.console.page import Visit
from frisket.console.pages.alert_rules import changed, made
from frisket.fleet.alerting import Signal
from frisket.fleet.roles import Permission
from frisket.store.alerting import Alerting, StoredRule

ROUTER = resources("alert-rules")
Edits = Annotated[Visit, Depends(Needs(Permission.EDIT_ALERTS))]
Limit = Annotated[float, Field(gt=-1e6, lt=1e6), NUMBER]


class RuleOut(BaseModel):
    """A rule; `raised` counts what is across its limit now."""

    id: int
    name: str
    active: bool
    rule: dict[str, Any]
    raised: int


class RuleOrder(Asked):
    """A rule: told once `signal` was across `limit` for `hold` minutes, over once it is `back`."""

    name: Annotated[
        str, StringConstraints(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]+$")
    ]
    signal: Signal
    limit: Limit
    back: Limit
    hold: Annotated[int, Field(ge=0, le=7 * 24 * 60), NUMBER] = 0
    severity: Literal["info", "warning", "critical"] = "warning"
    sites: list[Id] = Field(default=[], max_length=500, description="None: all")
    channels: list[Id] = Field(default=[], max_length=100)


def _shown(one: StoredRule, raised: int) -> RuleOut:
    return RuleOut(
        id=one.id, name=one.name, active=one.active, rule=dict(one.document), raised=raised
    )


def _one(visit: Visit, number: int) -> RuleOut:
    store = Alerting(visit.services.database)
    found = next((one for one in store.rules() if one.id == number), None)
    if found is None:
        raise NotFound
    return _shown(found, store.raised().get(number, 0))


@ROUTER.get("")
def rules(visit: Edits) -> Listed[RuleOut]:
    """List the rules by name."""
    store = Alerting(visit.services.database)
    raised = store.raised()
    return Listed(items=[_shown(one, raised.get(one.id, 0)) for one in store.rules()], next=None)


@ROUTER.post("", status_code=201, response_model=RuleOut)
def add(visit: Edits, order: RuleOrder, key: OrderKey = None) -> Response:
    """Add a rule, in force at once. Asks for the right to edit alerts everywhere."""
    table = order.model_dump(mode="json", exclude={"name"})
    number = once(visit, key, order, "alert-rules", lambda: made(visit, order.name, table))
    headers = {"location": f"/api/v1/alert-rules/{number}"}
    body = _one(visit, number).model_dump_json()
    return Response(body, 201, headers, media_type="application/json")


@ROUTER.get("/{id}")
def rule(visit: Edits, id: Number) -> RuleOut:  # noqa: A002
    """Return one rule."""
    return _one(visit, id)


@ROUTER.post("/{id}/{state}")
def switch(visit: Edits, id: Number, state: Literal["on", "off"]) -> RuleOut:  # noqa: A002
    """Put a rule in force, or out of it."""
    changed(visit, id, state)
    return _one(visit, id)


@ROUTER.delete("/{id}", status_code=204)
def drop(visit: Edits, id: Number) -> None:  # noqa: A002
    """Forget a rule and how things stand by it."""
    changed(visit, id, "drop")
