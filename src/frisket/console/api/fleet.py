"""`/api/v1/fleet`: how many devices are meant, by site, state, status and severity."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query

from frisket.console.api.filters import Filters
from frisket.console.api.models import Counts
from frisket.console.api.resource import Sees, resources
from frisket.console.pages.devices import sites_of
from frisket.fleet.roles import Permission
from frisket.store.devicelist import DeviceList

ROUTER = resources("fleet")


@ROUTER.get("")
def counts(visit: Sees, asked: Annotated[Filters, Query()]) -> Counts:
    """Count the devices that are meant, by site, state, status and worst failing severity."""
    sites = sites_of(visit.reach(Permission.SEE_FLEET))
    listed = DeviceList(visit.services.database)
    page = listed.page(asked.condition(), visit.now, size=1, sites=sites)
    return Counts(total=page.total, counts={name: dict(n) for name, n in page.counts.items()})
