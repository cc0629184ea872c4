"""`/`: where everyone starts."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from frisket.console.auth.passkeys import passkeys_of
from frisket.console.deciding import seen
from frisket.console.page import Menu, Page, Visit
from frisket.console.pages.devices import sites_of
from frisket.fleet.approval import State, at
from frisket.fleet.kinds import find_acts
from frisket.fleet.life import IN_USE
from frisket.fleet.overview import whole
from frisket.fleet.proposals import proposal_of
from frisket.fleet.roles import Permission
from frisket.model.condition import Condition
from frisket.model.finding import Severity
from frisket.store.audits import Audits
from frisket.store.devicelist import DeviceList
from frisket.store.drifts import Drifts
from frisket.store.inventory import Inventory
from frisket.store.proposals import proposals

_FAILS: Final = Condition(worst=tuple(one.value for one in Severity), state=IN_USE)


def home(visit: Visit) -> Response:
    """Show what there is, and what somebody should look at."""
    database = visit.services.database
    where = visit.reach(Permission.SEE_FLEET)
    sites = sites_of(where)
    listed, audits, inventory = DeviceList(database), Audits(database), Inventory(database)
    account = visit.person.account
    lonely = bool(account.password) and not account.totp
    lonely = lonely and not passkeys_of(database, account.id)
    shown = [site for site in inventory.sites() if site.id in where]
    marks = inventory.alarms_at([site.id for site in shown])
    return visit.page(
        "home.html",
        lonely=lonely,
        devices=listed.count(Condition(state=IN_USE), visit.now, sites),
        sites=len(shown),
        scores={b: whole(audits.by_consideration(b, sites)) for b in audits.baselines()},
        unaudited=listed.count(Condition(unaudited=True, state=IN_USE), visit.now, sites),
        low=listed.count(Condition(toner_below=15, state=IN_USE), visit.now, sites),
        high=listed.count(Condition(worst=("high",), state=IN_USE), visit.now, sites),
        alarms=marks[:8],
        waiting=_waiting(visit),
        drifted=sum(Drifts(database).counts(sites).values()),
        worst=listed.first(_FAILS, visit.now, sort="compliance", size=5, sites=sites),
        newest=listed.first(Condition(state=("new",)), visit.now, sort="name", size=5, sites=sites),
    )


def _waiting(visit: Visit) -> int:
    """Return how many decisions wait that the visitor may know of."""
    acts = find_acts()
    undecided = (State.PROPOSED, State.WAITING)
    return sum(
        row.kind in acts
        and seen(visit, row, acts[row.kind])
        and at(proposal_of(row), visit.now).state in undecided
        for row in proposals(visit.services.database, states=undecided)
    )


PAGES = (
    Page("GET", "/", home, Permission.OWN_ACCOUNT, Menu("Overview", "layout-dashboard", 10, "h")),
)
