"""A changed identity through the pages: alarm, who may accept it, where, and what is recorded."""

from __future__ import annotations

import re

from tests.web import Client, Web

from frisket.drivers.base import Pin
from frisket.fleet.identity import Alarm
from frisket.fleet.inventory import Sighting, take_in
from frisket.fleet.roles import Grant, Role
from frisket.model.target import Identity
from frisket.store.auditlog import Wanted
from frisket.store.inventory import Inventory
from frisket.store.logins import StoredLogins

ADMIN, OPERATOR = Role.ADMINISTRATOR, Role.OPERATOR


def seen_on(client: Client, path: str) -> str:
    found = re.search(r'name="seen" value="([0-9a-f]{16})"', client.get(path).text)
    assert found
    return found[1]


def meet(web: Web, site: int, address: str, serial: str, engine: str) -> int:
    seen = Sighting(address, Identity(vendor="Canon", serial=serial), engine)
    inventory = Inventory(web.console.services.database)
    return take_in(inventory, site, seen, web.clock()).device_id


def test_another_mark_is_accepted_by_who_may_there_and_once_it_was_seen(web: Web) -> None:
    here, there = web.site("Here"), web.site("There")
    database = web.console.services.database
    one = meet(web, here, "10.0.0.1", "A1", "80aa")
    Inventory(database).change_state([one], "managed")
    pins = StoredLogins(database)
    pins.pin(one, Pin("80aa", "A1", "ffee"), web.clock())
    assert meet(web, here, "10.0.0.1", "A1", "80bb") == one
    path = f"/devices/{one}/identity"
    ada, ann = web.visitor("ada", ADMIN), web.visitor("ann", OPERATOR)
    far = web.visitor("far", Grant(ADMIN, there))
    for page in ("/", "/devices", f"/devices/{one}"):
        assert Alarm.CHANGED.value in ada.get(page).text, page
    seen = seen_on(ada, path)
    form = {"what": "same", "seen": seen, "typed": "A1"}
    assert "Accept it" not in ann.get(path).text
    assert ann.post(path, data=form).status_code == 403
    assert far.get(path).status_code == 404
    assert far.post(path, data=form).status_code == 404
    assert ada.post(path, data=form | {"typed": "B1"}).status_code == 400
    assert pins.pins([one])[one].engine == "80aa"
    # While they looked it became yet another one.
    meet(web, here, "10.0.0.1", "A1", "80cc")
    assert ada.post(path, data=form).status_code == 409
    form["seen"] = seen_on(ada, path)
    web.clock.pass_(minutes=11)
    ada.get("/")
    assert "/confirm" in ada.post(path, data=form).headers["location"], "a fresh login first"
    ada = web.visitor("ada", ADMIN)
    assert ada.post(path, data=form).status_code == 303
    assert pins.pins([one])[one] == Pin("80cc", "A1")
    assert Inventory(database).alarms(one) == []
    [entry] = web.console.services.log.store.page(Wanted(action="identity.accept"))
    assert "80aa became 80cc" in str(entry)


def test_one_that_was_replaced_is_retired_and_the_other_takes_its_place(web: Web) -> None:
    here = web.site("Here")
    inventory = Inventory(web.console.services.database)
    old = meet(web, here, "10.0.0.1", "A1", "80aa")
    inventory.change_state([old], "managed")
    inventory.tag([old], "lobby")
    inventory.change_device(old, {"notes": "second floor"})
    new = meet(web, here, "10.0.0.1", "B2", "80bb")
    assert new != old
    other = meet(web, here, "10.0.0.9", "C3", "80cc")
    ada = web.visitor("ada", ADMIN)
    path = f"/devices/{old}/identity"
    assert Alarm.REPLACED.value in ada.get("/devices").text
    form = {"what": "replaced", "seen": seen_on(ada, path), "other": str(other)}
    assert ada.post(path, data=form).status_code == 400, "it does not stand there"
    assert ada.post(path, data=form | {"other": str(new)}).status_code == 303
    before, after = inventory.device(old), inventory.device(new)
    assert before is not None
    assert after is not None
    assert (before.state, after.state, after.notes) == ("retired", "managed", "second floor")
    assert inventory.tags(new) == ["lobby"]
    assert inventory.alarms() == []
    assert len(inventory.addresses(old)) == 1, "where it was is not forgotten"
    # Where it is met again, somebody hears of it, and it stays retired.
    meet(web, here, "10.0.0.20", "A1", "80aa")
    [alarm] = inventory.alarms(old)
    assert alarm.kind == Alarm.BACK.value
    again = inventory.device(old)
    assert again is not None
    assert again.state == "retired"
