"""`/`: where everyone starts."""

from __future__ import annotations

from sqlalchemy import func, select
from starlette.responses import Response

from frisket.console.auth.passkeys import passkeys_of
from frisket.console.page import Menu, Page, Visit
from frisket.fleet.roles import Permission
from frisket.store.tables.device import DEVICE, SITE


def home(visit: Visit) -> Response:
    """Show what there is."""
    where = visit.reach(Permission.SEE_FLEET)
    devices, sites = (
        select(func.count()).select_from(DEVICE),
        select(func.count()).select_from(SITE),
    )
    if not where.everywhere:
        devices = devices.where(DEVICE.c.site_id.in_(where.sites))
        sites = sites.where(SITE.c.id.in_(where.sites))
    with visit.services.database.read() as connection:
        how_many = connection.scalar(devices), connection.scalar(sites)
    account = visit.person.account
    lonely = bool(account.password) and not account.totp
    lonely = lonely and not passkeys_of(visit.services.database, account.id)
    return visit.page("home.html", lonely=lonely, devices=how_many[0], sites=how_many[1])


PAGES = (
    Page("GET", "/", home, Permission.OWN_ACCOUNT, Menu("Overview", "layout-dashboard", 10, "h")),
)
