"""`/api/v1/groups`: conditions on devices that have a name, for everybody."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Depends, Path
from pydantic import BaseModel, StringConstraints

from frisket.console.api.access import Needs
from frisket.console.api.filters import StrictFilters
from frisket.console.api.resource import Asked, Listed, Sees, resources
from frisket.console.page import Visit
from frisket.console.pages.devices import sites_of
from frisket.console.pages.groups import forgotten, kept
from frisket.errors import UsageError
from frisket.fleet.roles import Permission
from frisket.model.condition import read_condition
from frisket.store.devicelist import DeviceList
from frisket.store.inventory import Inventory

ROUTER = resources("groups")
Edits = Annotated[Visit, Depends(Needs(Permission.EDIT_DEVICES))]
_NAME = r"^[^\x00-\x20\x7f/][^\x00-\x1f\x7f/]*$"


class GroupOut(BaseModel):
    """A group: its condition, and how many devices of it you may see."""

    name: str
    condition: dict[str, Any]
    devices: int


class GroupOrder(Asked):
    """A group to be kept; what a group means never changes."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=_NAME)]
    condition: StrictFilters


@ROUTER.get("")
def groups(visit: Sees) -> Listed[GroupOut]:
    """List the groups."""
    listed = DeviceList(visit.services.database)
    sites = sites_of(visit.reach(Permission.SEE_FLEET))
    found = []
    for one in Inventory(visit.services.database).groups():
        wish = read_condition(one.condition)
        count = listed.count(wish, visit.now, sites)
        found.append(GroupOut(name=one.name, condition=wish.table(), devices=count))
    return Listed(items=found, next=None)


@ROUTER.post("", status_code=201)
def add(visit: Edits, order: GroupOrder) -> GroupOut:
    """Keep a filter as a group. Asks for the right to edit devices everywhere."""
    wanted, name = order.condition.condition(), order.name.strip()
    if not wanted or not name:
        raise UsageError("a group has a name and a condition")
    kept(visit, name, wanted)
    sites = sites_of(visit.reach(Permission.SEE_FLEET))
    count = DeviceList(visit.services.database).count(wanted, visit.now, sites)
    return GroupOut(name=name, condition=wanted.table(), devices=count)


@ROUTER.delete("/{name}", status_code=204)
def drop(
    visit: Edits, name: Annotated[str, Path(min_length=1, max_length=100, pattern=_NAME)]
) -> None:
    """Forget a group. Asks for the right to edit devices everywhere."""
    forgotten(visit, name)
