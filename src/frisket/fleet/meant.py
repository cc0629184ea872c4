"""Says in words which devices a scope means, and in which one site they lie."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, select

from frisket.errors import UsageError
from frisket.fleet.naming import called
from frisket.fleet.scope import Scope
from frisket.store.tables.device import DEVICE, SITE

_NAMED: Final = 3  # devices that are named; the others are counted


def site_of(connection: Connection, scope: Scope) -> int | None:
    """Return the one site that a scope lies within, None where it reaches over sites.

    Raises `UsageError` where it names what is not there.
    """
    if scope.site is not None:
        if connection.scalar(select(SITE.c.id).where(SITE.c.id == scope.site)) is None:
            raise UsageError("there is no such site")
        return scope.site
    if scope.devices:
        asked = select(DEVICE.c.id, DEVICE.c.site_id).where(DEVICE.c.id.in_(scope.devices))
        rows = connection.execute(asked).all()
        if len(rows) != len(scope.devices):
            raise UsageError("there is no such device")
        sites = {row.site_id for row in rows}
        return sites.pop() if len(sites) == 1 else None
    names = scope.condition.get("site", ())
    if len(names) == 1:
        found = connection.scalar(select(SITE.c.id).where(SITE.c.name == names[0]))
        if found is None:
            raise UsageError("there is no such site")
        return int(found)
    return None


def in_words(connection: Connection, scope: Scope) -> str:
    """Return a scope for people: names of devices, of a site, or the condition."""
    if scope.devices:
        columns = select(DEVICE.c.name, DEVICE.c.address, DEVICE.c.key)
        rows = connection.execute(columns.where(DEVICE.c.id.in_(scope.devices[:_NAMED])))
        names = [called(row) for row in rows] or ["a device that is gone"]
        more = len(scope.devices) - _NAMED
        return ", ".join(names) + (f" and {more} more" if more > 0 else "")
    if scope.site is not None:
        name = connection.scalar(select(SITE.c.name).where(SITE.c.id == scope.site))
        return f"site {name or 'that is gone'}"
    if scope.condition:
        parts = (f"{name} {' or '.join(values)}" for name, values in scope.condition.items())
        return ", ".join(parts)
    return "the whole fleet"
