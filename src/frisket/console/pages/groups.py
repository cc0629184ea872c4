"""`/groups`: conditions on devices that have a name, for everybody or for oneself."""

from __future__ import annotations

from starlette.responses import Response

from frisket.console.faults import Forbidden, NotFound, Stale
from frisket.console.page import Menu, Page, Visit
from frisket.console.pages.devices import condition_of, query_of, sites_of
from frisket.errors import UsageError
from frisket.fleet.roles import Permission
from frisket.model.condition import Condition, read_condition
from frisket.store.devicelist import DeviceList
from frisket.store.inventory import Inventory
from frisket.store.views import Views

_LONG = 100


def groups(visit: Visit) -> Response:
    """Show groups with how many devices the visitor sees in each, and the visitor's own views."""
    database, wanted = visit.services.database, condition_of(visit.form)
    sites = sites_of(visit.reach(Permission.SEE_FLEET))
    listed = DeviceList(database)
    found = [(one, read_condition(one.condition)) for one in Inventory(database).groups()]
    return visit.page(
        "groups.html",
        groups=[
            (one, wish.table(), listed.page(wish, visit.now, size=1, sites=sites).total)
            for one, wish in found
        ],
        views=Views(database).of(visit.person.account.id),
        wanted=wanted.table(),
        query=query_of(wanted),
        edits=_edits(visit),
    )


def save(visit: Visit) -> Response:
    """Keep the filter as a group, which everybody sees, or as a view of one's own."""
    name, wanted = visit.form.one("name")[:_LONG], condition_of(visit.form)
    if not name or not wanted:
        raise UsageError("a name and a filter are needed", hint="filter the devices first")
    if visit.form.one("kind") == "view":
        Views(visit.services.database).save(visit.person.account.id, name, query_of(wanted))
        return visit.go("/groups", visit.text("The view is kept."))
    kept(visit, name, wanted)
    return visit.go("/groups", visit.text("The group is kept."))


def kept(visit: Visit, name: str, wanted: Condition) -> None:
    """Keep a group. Raises `Forbidden`, and `Stale` where there is one of this name."""
    if not _edits(visit):
        raise Forbidden
    visit.record("group.add", name, condition=wanted.table())
    inventory = Inventory(visit.services.database)
    if not inventory.save_group(name, wanted.table(), visit.person.name, visit.now):
        raise Stale("a group of this name is there already; what a group means never changes")


def forget(visit: Visit) -> Response:
    """Forget a group."""
    forgotten(visit, visit.form.one("name"))
    return visit.go("/groups", visit.text("Done."))


def forgotten(visit: Visit, name: str) -> None:
    """Forget a group by its name. Raises `Forbidden`, `NotFound`."""
    if not _edits(visit):
        raise Forbidden
    visit.record("group.forget", name)
    if not Inventory(visit.services.database).drop_group(name):
        raise NotFound


def forget_view(visit: Visit) -> Response:
    """Forget a view of one's own."""
    Views(visit.services.database).drop(visit.person.account.id, visit.form.one("name"))
    return visit.go("/groups", visit.text("Done."))


def _edits(visit: Visit) -> bool:
    """Say whether the visitor may make groups: they hold at every site, so only who may there."""
    return visit.reach(Permission.EDIT_DEVICES).everywhere


PAGES = (
    Page("GET", "/groups", groups, Permission.SEE_FLEET, Menu("Groups and views", "tags", 25)),
    Page("POST", "/groups", save, Permission.SEE_FLEET),
    Page("POST", "/groups/forget", forget, Permission.EDIT_DEVICES),
    Page("POST", "/views/forget", forget_view, Permission.SEE_FLEET),
)
