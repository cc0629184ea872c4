"""Who approves what, through the pages: never beyond their sites, nor what was edited since."""

from __future__ import annotations

import re
from datetime import timedelta

from sqlalchemy import update
from tests.unit.console.test_log_and_acts import digest_on, propose
from tests.web import PASSWORD, Client, Web

from frisket.catalog.load import load_catalog
from frisket.drivers.difference import Step
from frisket.drivers.plan import DevicePlan
from frisket.drivers.plan_file import content_version
from frisket.drivers.ways import Standing
from frisket.fleet.change_source import Source
from frisket.fleet.changes import packed
from frisket.fleet.changing import Changing
from frisket.fleet.roles import Grant, Role
from frisket.model.finding import Severity
from frisket.model.target import Target
from frisket.store.changes import Changes, Planned
from frisket.store.inventory import put_device
from frisket.store.tables.account import ACCOUNT

ADMIN, SECURITY, OPERATOR = Role.ADMINISTRATOR, Role.SECURITY_ADMINISTRATOR, Role.OPERATOR
KEY = "snmp.v1.enabled"


OPEN, SHUT = Standing(("SNMP",), ("SNMP",), ()), Standing((), (), ())


def planned(web: Web, sites: list[int], first: Standing = SHUT) -> int:
    """Keep a change with one planned device a site: `first` is what the first one is left with."""
    services = web.console.services
    now, ids = web.clock(), []
    changing = Changing(services.database, services.log, services.clock, services.crew.content)
    with services.database.write() as connection:
        for site in sites:
            values = {"site_id": site, "key": f"serial:x:{site}", "address": f"10.0.0.{site}"}
            ids.append(put_device(connection, None, values, now))
    number = changing.make(Source("baseline", "small-office"), {"ids": ids}, sites, "ann")
    step = Step(KEY, load_catalog()[KEY].label, "", True, False, ("r",), ("SO",), Severity.HIGH)
    plans = [
        DevicePlan(
            Target(f"10.0.0.{s}"), driver="d", own="SNMP", steps=(step,), before=OPEN, after=after
        )
        for s, after in zip(sites, [first, *[OPEN] * len(sites)], strict=False)
    ]
    kept = [
        Planned(one, plan.address, "m", packed(plan, "b", content_version(), now), 1)
        for one, plan in zip(ids, plans, strict=True)
    ]
    Changes(services.database).put_plans(number, kept)
    changing.planned(number)
    return number


def state_of(web: Web, proposal: int) -> str:
    services = web.console.services
    with services.database.read() as connection:
        row = connection.exec_driver_sql(f"SELECT state FROM proposal WHERE id = {proposal}")
        return str(row.scalar_one())


def approve(client: Client, path: str, digest: str = "") -> int:
    digest = digest or digest_on(client, path)
    return client.post(f"{path}/approve", data={"digest": digest}).status_code


def test_one_site_decides_nothing_that_concerns_all(web: Web) -> None:
    here = web.site("Here")
    ada, sec = web.visitor("ada", ADMIN), web.visitor("sec", SECURITY)
    local = web.visitor("local", Grant(SECURITY, here))
    path = propose(web, ada)
    digest = digest_on(sec, path)
    for way in ("approve", "confirm", "reject"):
        assert local.post(f"{path}/{way}", data={"digest": digest}).status_code in {404, 409}, way
    assert web.console.services.accounts.by_name("new") is None
    # Nor may an administrator of one site shut anybody out, or make sites.
    small = web.visitor("small", Grant(ADMIN, here))
    number = web.account("sec").id
    assert small.post(f"/users/{number}/disable").status_code == 403
    assert web.account("sec").disabled is None
    assert small.post("/sites", data={"name": "All", "scope": "10.0.0.0/8"}).status_code == 403
    assert approve(sec, path, digest) == 200


def test_a_change_is_approved_by_who_may_at_each_of_its_sites(web: Web) -> None:
    one, two = web.site("One"), web.site("Two")
    ann = web.visitor("ann", OPERATOR)
    half = web.visitor("half", Grant(SECURITY, one))
    both = web.visitor("both", Grant(SECURITY, one), Grant(SECURITY, two))
    number = planned(web, [one, two])
    assert ann.post(f"/changes/{number}/propose").status_code == 303
    digest = digest_on(both, "/approvals/1")
    assert approve(half, "/approvals/1", digest) in {404, 409}
    assert state_of(web, 1) == "proposed"
    assert approve(both, "/approvals/1", digest) == 303
    assert state_of(web, 1) == "approved"


def test_what_nobody_could_log_in_to_is_taken_on_by_typing_the_address(web: Web) -> None:
    """A way is left, but none that there is a login for: the page asks, as for no way at all."""
    site = web.site("One")
    ann = web.visitor("ann", OPERATOR)
    number = planned(web, [site], Standing(("HTTPS",), ("HTTPS",), ()))
    page = ann.get(f"/changes/{number}").text
    assert "SNMP would be closed, and no login is given for what is left (HTTPS)" in page
    assert 'name="kind" value="channel"' in page
    assert "--accept" not in page, "what the command line calls it"
    device = Changes(web.console.services.database).devices(number)[0].device_id
    typed = {"device": str(device), "kind": "channel", "typed": f"10.0.0.{site}"}
    assert ann.post(f"/changes/{number}/accept", data=typed).status_code == 303
    assert 'name="kind"' not in ann.get(f"/changes/{number}").text


def test_any_edit_voids_what_was_approved(web: Web) -> None:
    site = web.site("One")
    ann, sec = web.visitor("ann", OPERATOR), web.visitor("sec", SECURITY)
    number = planned(web, [site])
    assert ann.post(f"/changes/{number}/propose").status_code == 303
    assert approve(sec, "/approvals/1") == 303
    device = Changes(web.console.services.database).devices(number)[0].device_id
    typed = {"device": str(device), "kind": "channel", "typed": f"10.0.0.{site}"}
    assert ann.post(f"/changes/{number}/accept", data=typed).status_code == 303
    assert state_of(web, 1) == "withdrawn"
    assert "the change was edited" in sec.get("/approvals/1").text
    assert ann.post(f"/changes/{number}/run").status_code == 409
    change = Changes(web.console.services.database).find(number)
    assert change is not None
    assert change.state == "planned"
    # What is proposed anew says what was typed, and takes a decision of its own.
    assert ann.post(f"/changes/{number}/propose").status_code == 303
    assert "as was typed" in sec.get("/approvals/2").text
    assert approve(sec, "/approvals/2") == 303
    assert ann.post(f"/changes/{number}/run").status_code == 303
    assert state_of(web, 2) == "taken"


def test_who_got_more_rights_approves_no_change_for_a_day(web: Web) -> None:
    site = web.site("One")
    ann, fresh = web.visitor("ann", OPERATOR), web.visitor("fresh", SECURITY)
    number = planned(web, [site])
    ann.post(f"/changes/{number}/propose")
    raised = web.clock() - timedelta(hours=23, minutes=59)
    with web.console.services.database.write() as connection:
        mine = ACCOUNT.c.name == "fresh"
        connection.execute(update(ACCOUNT).where(mine).values(elevated=raised))
    assert approve(fresh, "/approvals/1") == 409
    assert state_of(web, 1) == "proposed"
    web.clock.pass_(minutes=2)
    assert approve(fresh, "/approvals/1") == 303


def test_an_office_of_one_logs_in_again_and_waits_for_its_own_change(web: Web) -> None:
    site = web.site("One")
    one = web.visitor("one", OPERATOR, SECURITY)
    number = planned(web, [site])
    device = Changes(web.console.services.database).devices(number)[0].device_id
    typed = {"device": str(device), "kind": "channel", "typed": f"10.0.0.{site}"}
    one.post(f"/changes/{number}/accept", data=typed)
    one.post(f"/changes/{number}/propose")
    digest = digest_on(one, "/approvals/1")
    assert approve(one, "/approvals/1", digest) == 409, "not one's own"
    web.clock.pass_(minutes=6)
    answer = one.post("/approvals/1/confirm", data={"digest": digest})
    assert answer.status_code == 409
    assert "log in again" in answer.text
    assert one.post("/confirm", data={"password": PASSWORD}).status_code == 303
    assert one.post("/approvals/1/confirm", data={"digest": digest}).status_code == 303
    assert one.post(f"/changes/{number}/run").status_code == 409, "not before the delay"
    web.clock.pass_(minutes=8)
    one.get("/")
    web.clock.pass_(minutes=8)
    answer = one.post(f"/changes/{number}/run")
    assert re.search("/confirm", answer.headers.get("location", "")), "and not without a login"
    one.post("/confirm", data={"password": PASSWORD})
    assert one.post(f"/changes/{number}/run").status_code == 303
    change = Changes(web.console.services.database).find(number)
    assert change is not None
    assert change.state == "running"
