"""`/`: where everyone starts."""

from __future__ import annotations

from starlette.responses import Response

from frisket.console.auth.passkeys import passkeys_of
from frisket.console.page import Menu, Page, Visit
from frisket.console.pages.devices import sites_of
from frisket.fleet.life import IN_USE
from frisket.fleet.overview import whole
from frisket.fleet.roles import Permission
from frisket.model.condition import Condition
from frisket.store.audits import Audits
from frisket.store.devicelist import DeviceList
from frisket.store.inventory import Inventory


def home(visit: Visit) -> Response:
    """Show what there is, and what somebody should look at."""
    database = visit.services.database
    where = visit.reach(Permission.SEE_FLEET)
    sites = sites_of(where)
    listed, audits, inventory = DeviceList(database), Audits(database), Inventory(database)
    account = visit.person.account
    lonely = bool(account.password) and not account.totp
    lonely = lonely and not passkeys_of(database, account.id)
    seen = [site for site in inventory.sites() if site.id in where]
    marks = inventory.alarms_at([site.id for site in seen])
    return visit.page(
        "home.html",
        lonely=lonely,
        devices=listed.count(Condition(state=IN_USE), visit.now, sites),
        sites=len(seen),
        scores={b: whole(audits.by_consideration(b, sites)) for b in audits.baselines()},
        unaudited=listed.count(Condition(unaudited=True, state=IN_USE), visit.now, sites),
        low=listed.count(Condition(toner_below=15, state=IN_USE), visit.now, sites),
        high=listed.count(Condition(worst=("high",), state=IN_USE), visit.now, sites),
        alarms=marks[:8],
        newest=listed.first(Condition(state=("new",)), visit.now, sort="name", size=5, sites=sites),
    )


PAGES = (
    Page("GET", "/", home, Permission.OWN_ACCOUNT, Menu("Overview", "layout-dashboard", 10, "h")),
)
