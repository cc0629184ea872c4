"""The choice of devices that forms for waivers, attestations and questionnaires share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from frisket.console.faults import Forbidden, NotFound
from frisket.console.page import Visit
from frisket.errors import UsageError
from frisket.fleet.meant import in_words, site_of
from frisket.fleet.naming import called
from frisket.fleet.roles import Permission, Reach
from frisket.fleet.scope import Scope, read_scope
from frisket.fleet.words import about
from frisket.store.devicelist import DeviceList
from frisket.store.inventory import Inventory

FLEET: Final = "fleet"
_MODELS: Final = 100
# A heading and the choices under it: value and words.
Choices = Mapping[str, list[tuple[str, str]]]


def choices(visit: Visit, permission: Permission) -> Choices:
    """Return for which devices a visitor may speak: what is asked for first, then all there is."""
    where = visit.reach(permission)
    inventory = Inventory(visit.services.database)
    found: dict[str, list[tuple[str, str]]] = {}
    if row := asked_device(visit):
        word = called(row)
        found[visit.text("Device")] = [(f"device:{row.id}", f"{word} ({row.site})")]
    sites = [(f"site:{s.id}", s.name) for s in inventory.sites() if s.id in where]
    if sites:
        found[visit.text("Site")] = sites
    if where.everywhere:
        groups = [(f"group:{g.id}", g.name) for g in inventory.groups()]
        models = DeviceList(visit.services.database).values("model", _MODELS)
        found |= {visit.text("Group"): groups} if groups else {}
        found |= (
            {visit.text("Model"): [(f"model:{name}", name) for name, _ in models]} if models else {}
        )
        found[visit.text("Everything")] = [(FLEET, visit.text("the whole fleet"))]
    return found


def asked_device(visit: Visit) -> Any | None:
    """Return the device that the address names, None for none. Raises `NotFound`."""
    number = visit.form.number("device")
    if not number:
        return None
    row = Inventory(visit.services.database).device(number)
    if row is None or not visit.may(Permission.SEE_FLEET, row.site_id):
        raise NotFound
    return row


def chosen(visit: Visit, permission: Permission) -> tuple[Scope, int | None]:
    """Return the chosen scope and the one site it lies in. Raises `UsageError`, `Forbidden`."""
    return placed(visit, _scope(visit, visit.form.one("for")), permission)


def placed(visit: Visit, scope: Scope, permission: Permission) -> tuple[Scope, int | None]:
    """Return a scope and the one site it lies in. Raises `UsageError`, `Forbidden`."""
    with visit.services.database.read() as connection:
        site = site_of(connection, scope)
    allow(visit.reach(permission), site)
    return scope, site


def allow(where: Reach, site: int | None) -> None:
    """Go on only where a permission holds at a site, or (for None) everywhere."""
    if not (where.everywhere if site is None else site in where):
        raise Forbidden


def _scope(visit: Visit, text: str) -> Scope:
    kind, _, value = text.partition(":")
    number = int(value) if value.isascii() and value.isdigit() and len(value) < 16 else 0
    match kind:
        case "device" if number:
            return read_scope({"devices": [number]})
        case "site" if number:
            return read_scope({"site": number})
        case "group" if number:
            groups = Inventory(visit.services.database).groups()
            group = next((one for one in groups if one.id == number), None)
            if group is not None:
                return read_scope({"condition": dict(group.condition)})
        case "model" if value:
            return read_scope({"condition": {"model": [value]}})
        case "fleet":
            return Scope()
    raise UsageError("say for which devices it holds")


def words(visit: Visit, tables: Mapping[int, Mapping[str, Any]]) -> dict[int, str]:
    """Return scopes for people, by the number of what they belong to."""
    with visit.services.database.read() as connection:
        return {number: in_words(connection, read_scope(table)) for number, table in tables.items()}


def of_device(visit: Visit, tables: Mapping[int, Mapping[str, Any]]) -> tuple[Any | None, set[int]]:
    """Return the device that the address names, and which scopes mean it; without one all do."""
    row = asked_device(visit)
    if row is None:
        return None, set(tables)
    return row, about(visit.services.database, visit.now, row.id, tables)
