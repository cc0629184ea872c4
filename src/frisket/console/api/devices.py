"""`/api/v1/devices`: the inventory: lists by the console's filters, one device, what people say."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import Depends, Query
from pydantic import Field, StringConstraints
from starlette.responses import Response

from frisket.console.api.access import Needs
from frisket.console.api.filters import FilteredPage, Filters
from frisket.console.api.models import (
    AddressOut,
    AlarmOut,
    ChangeOut,
    DeviceDetail,
    DeviceOut,
    DriftOut,
)
from frisket.console.api.resource import (
    Asked,
    IfMatch,
    Listed,
    Number,
    Outdated,
    Paged,
    Sees,
    after,
    answered,
    below,
    listing,
    matches,
    resources,
    version_of,
)
from frisket.console.faults import NotFound
from frisket.console.page import Visit
from frisket.console.pages.devices import sites_of
from frisket.fleet.roles import Permission
from frisket.store.audits import Audits
from frisket.store.changing import Changing, Seen
from frisket.store.devicelist import DeviceList
from frisket.store.inventory import Inventory

ROUTER = resources("devices")
Edits = Annotated[Visit, Depends(Needs(Permission.EDIT_DEVICES))]
Tag = Annotated[str, StringConstraints(min_length=1, max_length=60, pattern=r"^[^\x00-\x1f\x7f]+$")]
Notes = Annotated[str, StringConstraints(max_length=10_000, pattern=r"^[^\x00]*$")]


class DeviceChange(Asked):
    """What people say of a device; what is left out stays as it is."""

    state: Literal["new", "managed", "retired"] | None = None
    notes: Notes | None = None
    tags: list[Tag] | None = Field(default=None, max_length=50)


def seen(visit: Visit, device_id: int, permission: Permission = Permission.SEE_FLEET) -> Seen:
    """Return a device. Raises `NotFound`, also where the asker may not see it; `Forbidden`."""
    found = Changing(visit.services.database).device(device_id)
    if found is None or not visit.may(Permission.SEE_FLEET, found.row.site_id):
        raise NotFound
    visit.need(permission, found.row.site_id)
    return found


def detail(found: Seen) -> DeviceDetail:
    """Return a device's representation."""
    shown = DeviceDetail.model_validate(found.row)
    return shown.model_copy(update={"tags": list(found.tags)})


def rows_after(visit: Visit, wanted: Filters, last: int, size: int) -> list[Any]:
    """Return devices that are meant and that the asker may see, after the id `last`."""
    sites = sites_of(visit.reach(Permission.SEE_FLEET))
    listed = DeviceList(visit.services.database)
    return list(listed.after(wanted.condition(), visit.now, last, size, sites))


@ROUTER.get("")
def devices(visit: Sees, asked: Annotated[FilteredPage, Query()]) -> Listed[DeviceOut]:
    """List the devices of the sites that you may see, in the order of their ids."""
    rows = rows_after(visit, asked, after(asked), asked.limit)
    tags = Changing(visit.services.database).tags([row.id for row in rows])
    found = [
        DeviceOut.model_validate(row).model_copy(update={"tags": tags.get(row.id, [])})
        for row in rows
    ]
    return listing(found, asked.limit, lambda: rows[-1].id)


@ROUTER.get("/{id}", response_model=DeviceDetail)
def device(visit: Sees, id: Number) -> Response:  # noqa: A002
    """Return one device, with its version in ETag."""
    return answered(visit, detail(seen(visit, id)))


@ROUTER.patch("/{id}", response_model=DeviceDetail)
def change(visit: Edits, id: Number, if_match: IfMatch, change: DeviceChange) -> Response:  # noqa: A002
    """Change a device's state, notes or tags, if it is still the version that you read."""
    before = seen(visit, id, Permission.EDIT_DEVICES)
    sent = change.model_dump(exclude_none=True)
    tags = sent.pop("tags", None)
    told = {**sent, **({"tags": tags} if tags else {})}
    visit.record("device.change", before.row.key, site_id=before.row.site_id, **told)

    def same(found: Seen) -> bool:
        return matches(if_match, version_of(detail(found)))

    if not Changing(visit.services.database).change_device(id, sent, tags, same):
        raise Outdated
    return answered(visit, detail(seen(visit, id)))


@ROUTER.get("/{id}/addresses")
def addresses(visit: Sees, id: Number) -> Listed[AddressOut]:  # noqa: A002
    """List where the device was met, the newest first (the last hundred)."""
    seen(visit, id)
    rows = Inventory(visit.services.database).addresses(id)
    return Listed(items=[AddressOut.model_validate(row) for row in rows], next=None)


@ROUTER.get("/{id}/alarms")
def alarms(visit: Sees, id: Number) -> Listed[AlarmOut]:  # noqa: A002
    """List the alarms that stand about the device (the newest hundred)."""
    seen(visit, id)
    rows = Inventory(visit.services.database).alarms(id)
    return Listed(items=[AlarmOut.model_validate(row) for row in rows], next=None)


@ROUTER.get("/{id}/drift")
def drift(visit: Sees, id: Number, asked: Annotated[Paged, Query()]) -> Listed[DriftOut]:  # noqa: A002
    """List the settings that moved away from the accepted state, the newest first."""
    seen(visit, id)
    store = Changing(visit.services.database)
    rows = store.drifts(below(asked), asked.limit, None, device=id)
    found = [DriftOut.model_validate(row) for row in rows]
    return listing(found, asked.limit, lambda: rows[-1].id)


@ROUTER.get("/{id}/history")
def history(visit: Sees, id: Number) -> Listed[ChangeOut]:  # noqa: A002
    """List the verdicts that became others, the newest first (the last 200)."""
    seen(visit, id)
    rows = Audits(visit.services.database).history(id)
    return Listed(items=[ChangeOut.model_validate(row) for row in rows], next=None)


__all__ = ["ROUTER", "detail", "rows_after", "seen"]
