"""`/api/v1/sites/{id}/devices`: devices taken into a site's inventory, as JSON or as CSV."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

from fastapi import Body
from pydantic import BaseModel, Field

from frisket.console.api.resource import Asked, LongBody, Number, Words, resources
from frisket.console.api.sites import Edits, site_seen
from frisket.console.page import Visit
from frisket.errors import UsageError
from frisket.fleet.asked import listed, marked
from frisket.fleet.inventory import NoMark, Sighting, take_in
from frisket.fleet.roles import Permission
from frisket.model.target import Identity
from frisket.store.inventory import Inventory

ROUTER = resources("sites", LongBody)


class DeviceIn(Asked):
    """One device: an address, a serial number or a hardware address at least."""

    address: Words = ""
    vendor: Words = ""
    model: Words = ""
    serial: Words = ""
    mac: Words = ""
    firmware: Words = ""
    name: Words = ""
    location: Words = ""


class DevicesIn(Asked):
    """Devices of one site."""

    devices: list[DeviceIn] = Field(min_length=1, max_length=10_000)


class Took(BaseModel):
    """How many devices were taken in, and how many of them were not known."""

    taken: int
    new: int


@ROUTER.put("/{id}/devices")
def put(visit: Edits, id: Number, devices: DevicesIn) -> Took:  # noqa: A002
    """Take devices into a site's inventory; sending the same again changes nothing."""
    rows = [_row(one) for one in devices.devices]
    if not all(marked(*row) for row in rows):
        raise NoMark("a device has neither address nor a serial number or MAC that is one")
    return _take(visit, id, rows)


def _row(device: DeviceIn) -> tuple[str, Identity]:
    told = device.model_dump()
    return told.pop("address"), Identity(**told)


@ROUTER.put("/{id}/devices.csv")
def put_csv(
    visit: Edits,
    id: Number,  # noqa: A002
    body: Annotated[bytes, Body(media_type="text/csv", min_length=1)],
) -> Took:
    """Take in a CSV whose first line names columns: address, serial, mac, vendor and so on."""
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UsageError("the list is no UTF-8 text") from None
    return _take(visit, id, listed(text))


def _take(visit: Visit, site_id: int, rows: Iterable[tuple[str, Identity]]) -> Took:
    found = site_seen(visit, site_id, Permission.EDIT_SITES)
    sightings = [Sighting(address[:100], identity) for address, identity in rows]
    visit.record("devices.import", found.name, site_id=found.id, devices=len(sightings))
    inventory = Inventory(visit.services.database)
    new = sum(take_in(inventory, site_id, one, visit.now).new for one in sightings)
    return Took(taken=len(sightings), new=new)
