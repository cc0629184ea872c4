"""`/api/v1/drift`: settings that moved away from the accepted state."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from pydantic import Field

from frisket.console.api.models import DriftOut
from frisket.console.api.resource import Listed, Paged, Sees, below, listing, resources
from frisket.console.pages.devices import sites_of
from frisket.fleet.drift import DriftState
from frisket.fleet.roles import Permission
from frisket.store.changing import Changing

ROUTER = resources("drift")


class WhichDrift(Paged):
    """Which drifts are listed; only an open one asks for a decision."""

    state: list[DriftState] = Field(default=[DriftState.OPEN], max_length=5)


@ROUTER.get("")
def drift(visit: Sees, asked: Annotated[WhichDrift, Query()]) -> Listed[DriftOut]:
    """List drifted settings at the sites that you may see, the newest first."""
    sites = sites_of(visit.reach(Permission.SEE_FLEET))
    states = [state.value for state in asked.state]
    store = Changing(visit.services.database)
    rows = store.drifts(below(asked), asked.limit, sites, states=states)
    shown = [DriftOut.model_validate(row) for row in rows]
    return listing(shown, asked.limit, lambda: rows[-1].id)
