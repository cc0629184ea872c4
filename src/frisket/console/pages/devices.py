"""`/devices`: the fleet as a list."""

from __future__ import annotations

from sqlalchemy import func, select
from starlette.responses import Response

from frisket.console.page import Menu, Page, Visit
from frisket.fleet.roles import Permission
from frisket.store.tables.device import DEVICE

_PAGE = 50


def devices(visit: Visit) -> Response:
    """Show the devices of the sites that the visitor may see."""
    where = visit.reach(Permission.SEE_FLEET)
    asked = select(DEVICE).order_by(DEVICE.c.name, DEVICE.c.id).limit(_PAGE)
    count = select(func.count()).select_from(DEVICE)
    if not where.everywhere:
        asked = asked.where(DEVICE.c.site_id.in_(where.sites))
        count = count.where(DEVICE.c.site_id.in_(where.sites))
    with visit.services.database.read() as connection:
        rows = connection.execute(asked).all()
        total = connection.scalar(count)
    return visit.page("devices.html", rows=rows, total=total)


PAGES = (
    Page("GET", "/devices", devices, Permission.SEE_FLEET, Menu("Devices", "printer", 20, "d")),
)
