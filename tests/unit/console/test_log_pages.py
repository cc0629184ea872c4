"""The log's pages: who sees which entries, who witnesses it, and where its heads go."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import re
from pathlib import Path

import pytest
from tests.web import Web
from tests.witnessing import Seat, ToDoor, desk_of, enrolled

from frisket.fleet.chain import Act
from frisket.fleet.roles import Grant, Role
from frisket.fleet.verifying import verify
from frisket.store.cosignatures import Dispute, Receivers
from frisket.store.tables.log import LOG_DISPUTE

AUDITOR, ADMIN, SECURITY = Role.AUDITOR, Role.ADMINISTRATOR, Role.SECURITY_ADMINISTRATOR
SECRET = "elsewhere-only"


@pytest.fixture
def sites(web: Web) -> tuple[int, int]:
    """Two sites with entries about each, about both, and about none."""
    here, there = web.site("here"), web.site("there")
    log = web.console.services.log
    log.record(Act("ann", "test.here", "this-printer", site_id=here))
    log.record(Act(SECRET, f"test.{SECRET}", SECRET, site_id=there))
    log.record(Act(SECRET, f"test.{SECRET}", f"{SECRET} all", details={"x": SECRET}))
    return here, there


def test_an_auditor_of_one_site_reads_nothing_of_another(web: Web, sites: tuple[int, int]) -> None:
    here, _ = sites
    client = web.visitor("ann", Grant(AUDITOR, here))
    queries = [
        "",
        "?actor=ann",
        f"?actor={SECRET}",
        f"?about={SECRET}",
        "?below=999",
        "?outcome=done",
    ]
    for path in [f"/log{query}" for query in queries] + [f"/log.csv{query}" for query in queries]:
        answer = client.get(path)
        assert answer.status_code == 200, path
        # What was asked for stands in the form again.
        body = answer.text.replace(f'value="{SECRET}"', "").replace(f"={SECRET}", "")
        assert SECRET not in body, path
    assert "this-printer" in client.get("/log").text
    assert client.get("/log/export").status_code == 403
    assert "The chain holds" in client.get(client.post("/log/verify").headers["location"]).text
    whole = web.visitor("aud", AUDITOR)
    assert SECRET in whole.get("/log").text
    assert verify(whole.get("/log/export").text.splitlines()).size > 3


def test_filters_narrow_the_page_and_the_csv(web: Web, sites: tuple[int, int]) -> None:
    del sites
    client = web.visitor("aud", AUDITOR)

    def rows(query: str) -> list[dict[str, str]]:
        return list(csv.DictReader(io.StringIO(client.get(f"/log.csv?{query}").text)))

    web.console.services.log.record(Act("eve", "refused", "x", "refused"))
    assert [row["actor"] for row in rows("outcome=refused")] == ["eve"]
    assert [row["site"] for row in rows("action=test.here")] == ["here"]
    today = web.clock.now.date().isoformat()
    assert len(rows(f"since={today}&until={today}")) > 3
    assert rows("until=2026-01-01") == []
    assert rows("since=2027-01-01") == []
    assert len(rows("since=nonsense&outcome=nonsense&below=x")) > 3
    page = client.get("/log?outcome=refused").text
    assert "eve" in page
    assert "this-printer" not in page


def test_witnesses_and_what_they_hold_against_the_log_are_shown(web: Web, tmp_path: Path) -> None:
    here = web.site("North")
    services, desk = web.console.services, desk_of(web.console, web.clock.now)
    assert "No witness yet" in web.visitor("aud", AUDITOR).get("/log").text
    services.log.checkpoint()

    async def witness() -> Seat:
        seat = Seat(tmp_path, await enrolled(desk, tmp_path), ToDoor(desk))
        await seat.ask()
        return seat

    collector = asyncio.run(witness()).identity.papers.collector
    near, far = (
        web.visitor("near", Grant(AUDITOR, here)),
        web.visitor("far", Grant(AUDITOR, web.site("x"))),
    )
    assert collector in near.get("/log").text
    assert collector not in far.get("/log").text
    web.clock.pass_(minutes=1)
    services.log.checkpoint()
    web.clock.pass_(minutes=11)
    page = web.visitor("aud").get("/log").text
    assert "silent" in page
    number = services.gateway.collectors.find(collector)
    assert number is not None
    dispute = Dispute(number.id, 7, "forked", True, "", web.clock.now, None)
    with services.database.write() as connection:
        connection.execute(LOG_DISPUTE.insert().values(**dispute._asdict()))
    assert "has seen another log" in web.visitor("near").get("/log").text
    assert "has seen another log" not in web.visitor("far").get("/log").text
    lines = web.visitor("aud").get("/log/export").text.splitlines()
    assert [json.loads(line)["witness"] for line in lines if line.startswith('{"witness"')] == [
        collector
    ]


def test_two_persons_say_where_the_heads_go(web: Web) -> None:
    ada, sec = web.visitor("ada", ADMIN), web.visitor("sec", SECURITY)
    store = Receivers(web.console.services.database)
    for wrong in ({"host": ""}, {"host": "a", "port": "0"}, {"host": "a", "ca": "no PEM"}):
        assert ada.post("/log-receivers", data=wrong).status_code == 400, wrong
    told = {"host": "log.example", "port": "6514", "ca": ""}
    assert sec.post("/log-receivers", data=told).status_code == 403
    path = str(ada.post("/log-receivers", data=told).headers["location"])
    assert store.all() == []
    digest = re.search(r"[0-9a-f]{64}", sec.get(path).text)
    assert digest
    assert "log.example port 6514" in sec.get(path).text
    assert sec.post(f"{path}/approve", data={"digest": digest[0]}).status_code == 200
    [receiver] = store.all()
    assert (receiver.host, receiver.port, receiver.made_by) == ("log.example", 6514, "sec")
    assert "log.example:6514" in ada.get("/log-receivers").text
    path = str(ada.post(f"/log-receivers/{receiver.id}/drop").headers["location"])
    digest = re.search(r"[0-9a-f]{64}", sec.get(path).text)
    assert digest
    sec.post(f"{path}/approve", data={"digest": digest[0]})
    assert store.all() == []
    assert ada.post("/log-receivers/999/drop").status_code == 404
