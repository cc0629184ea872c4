"""Groups and views: a filter with a name, in the list, in bulk acts and in schedules."""

from __future__ import annotations

import pytest
from sqlalchemy import insert
from tests.web import Client, Web

from frisket.errors import UsageError
from frisket.fleet.dispatch import orders_of
from frisket.fleet.roles import Grant, Role
from frisket.store.auditlog import Wanted
from frisket.store.inventory import Inventory, words_of
from frisket.store.schedules import StoredSchedule
from frisket.store.tables.device import DEVICE
from frisket.store.views import MOST, Views


def device(web: Web, number: int, site: int, location: str) -> None:
    now = web.clock()
    values = {
        "id": number,
        "site_id": site,
        "key": f"serial::{number}",
        "name": f"printer-{number}",
        "address": f"10.0.0.{number}",
        "location": location,
        "state": "managed",
        "first_seen": now,
        "last_seen": now,
    }
    with web.console.services.database.write() as connection:
        connection.execute(insert(DEVICE).values({**values, "search": words_of(values)}))


def fleet(web: Web) -> tuple[Client, int, int]:
    here, there = web.site("here"), web.site("there")
    for number, (site, place) in enumerate(
        [(here, "hall"), (here, "cellar"), (there, "hall")], start=1
    ):
        device(web, number, site, place)
    return web.visitor("ann", Role.OPERATOR), here, there


def listed(client: Client, query: str) -> list[str]:
    lines = client.get(f"/devices.csv?{query}").text.splitlines()[1:]
    return [line.partition(",")[0] for line in lines]


def test_a_filter_becomes_a_group_that_filters(web: Web) -> None:
    client, here, _ = fleet(web)
    kept = {"kind": "group", "name": "Halls & more", "q": "hall"}
    assert client.post("/groups", data=kept).status_code == 303
    assert listed(client, "group=Halls+%26+more") == ["printer-1", "printer-3"]
    assert listed(client, "group=Halls+%26+more&site=here") == ["printer-1"]
    assert listed(client, "group=nothing") == []
    # Everybody sees the group; each counts what they may see.
    local = web.visitor("local", Grant(Role.READ_ONLY, here))
    assert listed(local, "group=Halls+%26+more") == ["printer-1"]
    page = client.get("/groups").text
    assert "/devices?group=Halls+%26+more" in page.replace("%20", "+")
    assert 'data-label="Devices">2<' in page
    assert 'data-label="Devices">1<' in local.get("/groups").text
    [entry] = web.console.services.log.store.page(Wanted(action="group.add"))
    assert entry.about == "Halls & more"


def test_what_a_group_means_never_changes_and_it_holds_no_group(web: Web) -> None:
    """Waivers and schedules may name it: what was agreed to stays what it was."""
    client, _, _ = fleet(web)
    kept = {"kind": "group", "name": "Halls", "q": "hall"}
    assert client.post("/groups", data=kept).status_code == 303
    assert client.post("/groups", data={**kept, "q": "cellar"}).status_code == 409
    assert listed(client, "group=Halls") == ["printer-1", "printer-3"]
    nested = {"kind": "group", "name": "More", "group": "Halls"}
    assert client.post("/groups", data=nested).status_code == 400
    gone = {"kind": "group", "name": "Halls"}
    assert client.post("/groups/forget", data=gone).status_code == 303
    assert client.post("/groups/forget", data=gone).status_code == 404


def test_a_bulk_act_means_the_group(web: Web) -> None:
    client, _, _ = fleet(web)
    client.post("/groups", data={"kind": "group", "name": "Halls", "q": "hall"})
    order = {"what": "tag", "label": "lobby", "which": "all", "group": "Halls"}
    assert client.post("/devices", data=order).status_code == 303
    assert listed(client, "tag=lobby") == ["printer-1", "printer-3"]
    [chosen] = web.console.services.crew.chosen({"group": ["Halls"], "site": ["here"]})
    assert chosen == [1]


def test_a_schedule_may_mean_a_group_of_its_site(web: Web) -> None:
    client, here, _ = fleet(web)
    client.post("/groups", data={"kind": "group", "name": "Halls", "q": "hall"})
    document = {"at": ["12:00"], "groups": ["Halls"]}
    stored = StoredSchedule(here, "here", "UTC", "audit", document, None)
    [order] = orders_of(stored, web.clock())
    assert web.console.services.crew.chosen(order.given[1]) == [[1]]


@pytest.mark.parametrize("role", [Role.READ_ONLY, Role.AUDITOR])
def test_who_may_not_edit_devices_keeps_views_only(web: Web, role: Role) -> None:
    fleet(web)
    client = web.visitor("bob", role)
    kept = {"kind": "group", "name": "Halls", "q": "hall"}
    assert client.post("/groups", data=kept).status_code == 403
    assert client.post("/groups", data={**kept, "kind": "view"}).status_code == 303
    assert "Halls" in client.get("/groups").text
    assert "Halls" not in web.visitor("carl", role).get("/groups").text
    assert Inventory(web.console.services.database).groups() == []
    assert client.post("/views/forget", data={"name": "Halls"}).status_code == 303
    assert "Halls" not in client.get("/groups").text


def test_an_operator_of_one_site_makes_no_group_for_all(web: Web) -> None:
    _, here, _ = fleet(web)
    client = web.visitor("local", Grant(Role.OPERATOR, here))
    kept = {"kind": "group", "name": "Halls", "q": "hall"}
    assert client.post("/groups", data=kept).status_code == 403


def test_nobody_keeps_views_without_end(web: Web) -> None:
    views = Views(web.console.services.database)
    number = web.account("ann").id
    for n in range(MOST):
        views.save(number, f"v{n}", "q=x")
    views.save(number, "v0", "q=y")
    with pytest.raises(UsageError, match="more than"):
        views.save(number, "one more", "q=x")
    assert len(views.of(number)) == MOST
