"""`/api/v1/http_sd`: the devices as Prometheus finds its targets (HTTP service discovery)."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from pydantic import BaseModel

from frisket.console.api.filters import Filters
from frisket.console.api.resource import Sees, resources
from frisket.console.pages.devices import sites_of
from frisket.fleet.roles import Permission
from frisket.report.escape import visible
from frisket.store.devicelist import DeviceList

ROUTER = resources("http_sd")
_LABELS = ("id", "key", "site", "vendor", "model", "serial", "name", "location", "state")


class TargetGroup(BaseModel):
    """One device: its address, and what relabelling may use, as `__meta_frisket_…`."""

    targets: list[str]
    labels: dict[str, str]


@ROUTER.get("")
def targets(visit: Sees, asked: Annotated[Filters, Query()]) -> list[TargetGroup]:
    """List the devices that are meant, that have an address and are not retired."""
    sites = sites_of(visit.reach(Permission.SEE_FLEET))
    rows = DeviceList(visit.services.database).each(asked.condition(), visit.now, sites)
    return [
        TargetGroup(
            targets=[row.address],
            labels={f"__meta_frisket_{n}": visible(str(getattr(row, n))) for n in _LABELS},
        )
        for row in rows
        if row.address and row.state != "retired"
    ]
