"""`/api/v1/waivers`: what is not fixed on purpose; each is agreed to by two persons."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

from fastapi import Depends, Query
from starlette.responses import Response

from frisket.console.api.access import Needs
from frisket.console.api.models import Shown
from frisket.console.api.resource import (
    Asked,
    Day,
    Listed,
    Number,
    OrderKey,
    Paged,
    Proposed,
    Sees,
    Text,
    Words,
    below,
    listing,
    once,
    proposed_as,
    resources,
)
from frisket.console.api.scopes import ScopeIn
from frisket.console.page import Visit
from frisket.console.pages.devices import sites_of
from frisket.console.pages.waivers import proposed, seen, taken_back
from frisket.fleet.roles import Permission
from frisket.fleet.waiving import standing
from frisket.store.people import People, WaiverRow

ROUTER = resources("waivers")
Proposes = Annotated[Visit, Depends(Needs(Permission.PROPOSE_WAIVER))]


class WaiverOut(Shown):
    """One waiver that was agreed to. `site_id` is null where it reaches over sites."""

    id: int
    rule: str
    consideration: str
    scope: dict[str, Any]
    site_id: int | None
    owner: str
    reason: str
    expires: date
    standing: str
    proposed_by: str
    approved_by: str
    approved: datetime
    ended: datetime | None
    ended_by: str


class WaiverOrder(Asked):
    """What shall be waived: either one rule or a whole consideration, for a year at most."""

    rule: Words = ""
    consideration: Words = ""
    scope: ScopeIn
    owner: Words
    reason: Text
    expires: Day


class WhichWaivers(Paged):
    """Which waivers: those that stand, or those that were taken back."""

    ended: bool = False


def _shown(visit: Visit, row: WaiverRow) -> WaiverOut:
    stands = standing(row.expires, visit.now.date()).value
    values = {name: getattr(row, name) for name in WaiverRow.__slots__}
    return WaiverOut(**values, standing=stands)


@ROUTER.get("")
def waivers(visit: Sees, asked: Annotated[WhichWaivers, Query()]) -> Listed[WaiverOut]:
    """List the waivers that concern the sites that you may see, the newest first."""
    sites = sites_of(visit.reach(Permission.SEE_FLEET))
    rows = People(visit.services.database).waivers(sites, ended=asked.ended)
    last = below(asked)
    newest = sorted((r for r in rows if last is None or r.id < last), key=lambda row: -row.id)
    page = newest[: asked.limit]
    return listing([_shown(visit, row) for row in page], asked.limit, lambda: page[-1].id)


@ROUTER.get("/{id}")
def waiver(visit: Sees, id: Number) -> WaiverOut:  # noqa: A002
    """Return one waiver."""
    return _shown(visit, seen(visit, id))


@ROUTER.post("", status_code=201, response_model=Proposed)
def propose(visit: Proposes, order: WaiverOrder, key: OrderKey = None) -> Response:
    """Propose a waiver; it holds once a second person has approved it."""
    scope, site = order.scope.where(visit, Permission.PROPOSE_WAIVER)
    fields = order.model_dump(exclude={"scope"})
    fields["reason"] = " ".join(order.reason.split())
    number = once(visit, key, order, "waivers", lambda: proposed(visit, fields, scope, site))
    return proposed_as(number)


@ROUTER.post("/{id}/end", status_code=204)
def end(visit: Proposes, id: Number) -> None:  # noqa: A002
    """Take a waiver back: from the next audit on the failure counts again."""
    taken_back(visit, id)
