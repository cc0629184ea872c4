"""The interface: lists narrowed by site, versions, orders that are one, hostile texts as data."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import zstandard
from sqlalchemy import insert
from tests.api import device, token
from tests.web import Client, Web

from frisket.console.api.openapi import operations
from frisket.fleet.proposals import Proposals
from frisket.fleet.roles import HOLDS, PERSONS_ONLY, Grant, Permission, Role
from frisket.store.auditlog import Wanted
from frisket.store.audits import AuditRecord, Audits
from frisket.store.changes import add_change
from frisket.store.inventory import raise_alarm
from frisket.store.people import add_attestation, add_waiver
from frisket.store.questionnaires import add_questionnaire
from frisket.store.tables.audit import DRIFT
from frisket.store.tables.sample import EVENT

ALL = sorted(HOLDS[Role.ADMINISTRATOR] - PERSONS_ONLY)
DIGEST = "0" * 64
HOSTILE = '<script>alert(1)</script>"\u202e=1+1'


@pytest.fixture
def admin(web: Web) -> Client:
    client = web.nobody()
    client.headers |= token(web, "ada", [Role.ADMINISTRATOR], ALL)
    return client


def two_sites(web: Web) -> tuple[int, int]:
    """Fill two sites alike; everything of the other one is marked `there`."""
    sites = web.site("here"), web.site("there")
    now = web.clock()
    for site, name in zip(sites, ("here", "there"), strict=True):
        found = device(web, site, f"10.{site}.0.1", serial=f"{name}-1", name=name)
        with web.console.services.database.write() as connection:
            raise_alarm(connection, found, "kind", f"alarm {name}", now)
            moved = {"key": name, "was": "1", "now": "2", "since": now, "seen": now}
            why = {"cause": "unknown", "state": "open", "device_id": found}
            connection.execute(insert(DRIFT).values(moved | why))
        verdicts = {"SO-01/r": "fail"}
        why = {"verdict": "fail", "consideration": "SO-01", "rule": name, "because": name}
        packed = zstandard.ZstdCompressor().compress(json.dumps([why]).encode())
        record = AuditRecord(
            *(found, "small-office", now, 0.0, 1.0, "high", verdicts, {}, packed, b"")
        )
        Audits(web.console.services.database).keep([record])
        web.console.services.jobs.start("discovery", f"discovery:{site}:{name}", name)
        said_of(web, site, name, found)
    return sites


def said_of(web: Web, site: int, name: str, found: int) -> None:
    """Let people have said, asked and proposed something about a site."""
    services, now = web.console.services, web.clock()
    author = web.account("author", [Role.ADMINISTRATOR])
    scope = {"scope": {"site": site}, "site_id": site}
    waived = {"rule": name, "consideration": "", "owner": "o", "reason": name, **scope}
    agreed = {"proposed_by": "a", "approved_by": "b", "approved": now, "expires": now.date()}
    said = {"key": name, "consideration": "", "answer": True, "who": "w", **scope}
    told = {"looked": now.date(), "evidence": name, "expires": now.date(), "made_by": "a"}
    asked = {"person": name, "baseline": "b", "site_id": site, "questions": [], "made_by": "a"}
    change = {"title": name, "source": {"kind": "accepted"}, "condition": {"ids": [found]}}
    stands = {"sites": [site], "state": "planned", "made_by": "a", "accepted": {}}
    with services.database.write() as connection:
        add_waiver(connection, waived | agreed)
        add_attestation(connection, said | told | {"made": now})
        add_questionnaire(connection, asked | {"made": now, "expires": now})
        add_change(connection, change | stands | {"made": now})
        row = {"device_id": found, "code": "8", "began": 1, "ended": None, "severity": "critical"}
        connection.execute(insert(EVENT).values(**row, text=name, name="tray"))
    keeper = Proposals(services.database, services.log, services.clock)
    keeper.propose("waiver.new", name, {"site_id": site}, author.id, author.name)


def gets(client: Client) -> list[str]:
    """Return every path of the interface that is asked with GET, from its own description."""
    document = client.get("/api/openapi.json").json()
    return [path for method, path, _ in operations(document) if method == "get"]


def test_every_list_holds_the_own_sites_things_only(web: Web) -> None:
    """Every GET without a name in it is asked by someone of one site, and of both."""
    here, _ = two_sites(web)
    one, both = web.nobody(), web.nobody()
    one.headers |= token(web, "one", [Grant(Role.ADMINISTRATOR, here)], ALL)
    both.headers |= token(web, "both", [Role.ADMINISTRATOR], ALL)
    narrowed = set()
    for path in gets(both):
        filled = path.replace("{baseline}", "small-office").replace("{consideration}", "SO-01")
        if "{" in filled or path.startswith(("/api/v1/log", "/probe")):
            continue
        mine, all_ = one.get(f"{filled}{_more(path)}"), both.get(f"{filled}{_more(path)}")
        assert mine.status_code == all_.status_code == 200, (path, mine.text)
        assert "there" not in mine.text, path
        if mine.text != all_.text:
            narrowed.add(path)
    assert narrowed >= {
        "/metrics",
        "/api/v1/http_sd",
        "/api/v1/devices",
        "/api/v1/fleet",
        "/api/v1/sites",
        "/api/v1/alarms",
        "/api/v1/drift",
        "/api/v1/jobs",
        "/api/v1/changes",
        "/api/v1/approvals",
        "/api/v1/waivers",
        "/api/v1/attestations",
        "/api/v1/questionnaires",
        "/api/v1/alerts",
        "/api/v1/audits/results",
        "/api/v1/audits/findings",
        "/api/v1/compliance",
        "/api/v1/compliance/{baseline}/days",
        "/api/v1/compliance/{baseline}/considerations",
        "/api/v1/compliance/{baseline}/failing",
        "/api/v1/compliance/{baseline}/considerations/{consideration}/devices",
    }


def _more(path: str) -> str:
    return "?kind=discovery" if path.endswith("/jobs") else ""


def test_a_thing_of_another_site_is_not_there(web: Web) -> None:
    """Every address of one thing answers 404 for the other site's, as for none at all."""
    here, there = two_sites(web)
    client = web.nobody()
    client.headers |= token(web, "one", [Grant(Role.ADMINISTRATOR, here)], ALL)
    person = web.visitor("per", Grant(Role.ADMINISTRATOR, here))
    document = client.get("/api/openapi.json").json()
    asked = 0
    for method, path, _ in operations(document):
        # Rules of alerts are the whole fleet's; the log is judged below.
        if "{id}" not in path or "/log" in path or "/alert-rules/" in path:
            continue
        number = f"discovery:{there}:there" if "/jobs/" in path else "2"
        filled = path.replace("{id}", number)
        for name, value in NAMES.items():
            filled = filled.replace(f"{{{name}}}", value)
        # What takes a person is asked by one.
        decides = path.endswith(PERSONS)
        who = person if decides else client
        answer = who.request(method.upper(), filled, **_sent(path, method))
        assert answer.status_code == 404, (method, path, answer.text)
        asked += 1
        if decides:
            program = client.request(method.upper(), filled, **_sent(path, method))
            assert program.status_code == 403, path
    assert asked > 50


NAMES = {
    "month": "2026-01",
    "task": "audit",
    "device": "2",
    "file": "1",
}
PERSONS = ("/approve", "/confirm", "/carry-out", "/reject", "changes/{id}/accept")


def _sent(path: str, method: str) -> dict[str, Any]:
    if path.endswith(".csv"):
        return {"content": b"serial\nX1\n", "headers": {"content-type": "text/csv"}}
    posted = {
        "/approve": {"digest": DIGEST},
        "/confirm": {"digest": DIGEST},
        "/reject": {},
        "changes/{id}/accept": {"device": 2, "kind": "channel", "typed": "x"},
        "/retry": {},
        "/decision": {"what": "withdraw"},
        "drift/{id}/accept": {},
        "drift/{id}/waive": {"reason": "x"},
    }
    if path.endswith("/evidence"):
        octets = {"content-type": "application/octet-stream"}
        return {"content": b"x", "headers": octets, "params": {"name": "a"}}
    if method == "post":
        return next(({"json": body} for end, body in posted.items() if path.endswith(end)), {})
    bodies = {
        "{id}/devices": {"devices": [{"serial": "X1"}]},
        "{task}": {"every": 600},
        "/v1/sites/{id}": {"name": "x"},
        "/v1/devices/{id}": {"notes": "x"},
    }
    if method in {"put", "patch"}:
        body = next(body for end, body in bodies.items() if path.endswith(end))
        return {"json": body, "headers": {"if-match": "*"}}
    return {}


def test_pages_of_a_list_follow_each_other(web: Web, admin: Client) -> None:
    site = web.site("here")
    ids = [device(web, site, f"10.0.0.{n}", serial=f"S{n}") for n in range(1, 8)]
    seen: list[int] = []
    cursor = ""
    for _ in range(10):
        page = admin.get(f"/api/v1/devices?limit=3{cursor}").json()
        seen += [one["id"] for one in page["items"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert seen == ids


def test_a_filter_that_is_not_known_is_refused(admin: Client) -> None:
    """A misspelt name would else mean the whole fleet."""
    assert admin.get("/api/v1/devices?stat=retired").status_code == 422
    order = {"condition": {"sites": ["here"]}}
    assert admin.post("/api/v1/audits", json=order).status_code == 422


def test_filters_mean_what_they_mean_on_the_page(web: Web, admin: Client) -> None:
    site = web.site("here")
    device(web, site, "10.0.0.1", serial="S1", model="A")
    wanted = device(web, site, "10.0.0.2", serial="S2", model="B")
    for query in ("model=B", "q=s2", "site=here&model=B", "model=B&model=C"):
        found = admin.get(f"/api/v1/devices?{query}").json()["items"]
        assert [one["id"] for one in found] == [wanted], query
    assert admin.get("/api/v1/devices?score_below=50").json()["items"] == []


def test_a_change_holds_only_for_the_version_that_was_read(web: Web, admin: Client) -> None:
    path = f"/api/v1/devices/{device(web, web.site('here'), '10.0.0.1', serial='S1')}"
    version = admin.get(path).headers["etag"]
    assert admin.get(path, headers={"if-none-match": version}).status_code == 304
    change = {"state": "managed", "tags": ["floor 2", "b"], "notes": "x\ny"}
    assert admin.request("PATCH", path, json=change).status_code == 422
    done = admin.request("PATCH", path, json=change, headers={"if-match": version})
    assert done.status_code == 200
    assert (done.json()["state"], done.json()["tags"]) == ("managed", ["b", "floor 2"])
    again = admin.request("PATCH", path, json={"state": "new"}, headers={"if-match": version})
    assert again.status_code == 412
    assert again.headers["content-type"] == "application/problem+json"
    newest = done.headers["etag"]
    assert admin.get(path).headers["etag"] == newest
    assert admin.get(path).json()["state"] == "managed"
    logged = web.console.services.log.store.page(Wanted(action="device.change"))
    assert len(logged) == 2


def test_a_site_is_made_changed_and_scheduled(admin: Client) -> None:
    made = admin.post("/api/v1/sites", json={"name": "HQ", "scope": ["10.1.2.3/16"]})
    assert made.status_code == 201
    assert made.json()["scope"] == ["10.1.0.0/16"]
    path = made.headers["location"]
    assert admin.post("/api/v1/sites", json={"name": "HQ"}).status_code == 409
    assert admin.post("/api/v1/sites", json={"name": "X", "scope": ["all"]}).status_code == 400
    version = made.headers["etag"]
    changed = {"name": "HQ", "scope": ["10.2.0.0/16"], "zone": "Europe/Berlin"}
    first = admin.request("PUT", path, json=changed, headers={"if-match": version})
    second = admin.request("PUT", path, json=changed, headers={"if-match": version})
    assert (first.status_code, second.status_code) == (200, 412)
    plan = {"at": ["02:30"], "days": ["mon"], "baselines": ["enterprise"]}
    assert admin.request("PUT", f"{path}/schedules/audit", json=plan).status_code == 200
    [kept] = admin.get(f"{path}/schedules").json()["items"]
    assert kept["at"] == ["02:30"]
    assert kept["baselines"] == ["enterprise"]
    assert kept["following"] == "2026-03-09T01:30:00Z"
    assert admin.request("DELETE", f"{path}/schedules/audit").status_code == 204
    assert admin.get(f"{path}/schedules").json()["items"] == []


def test_the_same_key_is_one_order(web: Web, admin: Client) -> None:
    one = device(web, web.site("here"), "10.0.0.1", serial="S1")
    key = {"idempotency-key": "night-run-1"}
    order = {"devices": [one]}
    first = admin.post("/api/v1/audits", json=order, headers=key)
    second = admin.post("/api/v1/audits", json=order, headers=key)
    assert first.status_code == second.status_code == 202
    assert first.headers["location"] == second.headers["location"]
    other = admin.post("/api/v1/audits", json={"baseline": "enterprise"}, headers=key)
    assert other.status_code == 409
    unkeyed = admin.post("/api/v1/audits", json=order)
    assert unkeyed.headers["location"] != first.headers["location"]
    listed = admin.get("/api/v1/jobs").json()["items"]
    assert len(listed) == 2
    job = admin.get(first.headers["location"]).json()
    assert (job["kind"], job["state"]) == ("audit", "waiting")
    stopped = admin.post(f"{first.headers['location']}/cancel")
    assert stopped.json()["state"] == "cancelled"
    retire = {"json": {"state": "retired"}, "headers": {"if-match": "*"}}
    assert admin.request("PATCH", f"/api/v1/devices/{one}", **retire).status_code == 200
    assert admin.post("/api/v1/audits", json=order).status_code == 400


def test_lists_are_taken_in_and_twice_is_once(web: Web, admin: Client) -> None:
    path = f"/api/v1/sites/{web.site('here')}/devices"
    rows = {"devices": [{"serial": "S1", "name": HOSTILE}, {"mac": "00:1e:8f:00:00:01"}]}
    assert admin.request("PUT", path, json=rows).json() == {"taken": 2, "new": 2}
    assert admin.request("PUT", path, json=rows).json() == {"taken": 2, "new": 0}
    text = b"\xef\xbb\xbfSerial,Model\nS1,\nS2,B\n,\n"
    csv = {"content": text, "headers": {"content-type": "text/csv"}}
    assert admin.request("PUT", f"{path}.csv", **csv).json() == {"taken": 2, "new": 1}
    nobody = {"devices": [{"mac": "00"}]}
    assert admin.request("PUT", path, json=nobody).status_code == 422


def test_hostile_texts_are_data(web: Web, admin: Client) -> None:
    device(web, web.site("here"), "10.0.0.1", serial="S1", name=HOSTILE)
    answer = admin.get("/api/v1/devices")
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-content-type-options"] == "nosniff"
    [found] = answer.json()["items"]
    assert found["name"] == HOSTILE.replace("\u202e", "")


def test_the_log_belongs_to_no_site(web: Web) -> None:
    here = web.site("here")
    client = web.nobody()
    scopes = [Permission.SEE_LOG]
    client.headers |= token(web, "eve", [Grant(Role.AUDITOR, here)], scopes)
    assert client.get("/api/v1/log/export").status_code == 403
    client.headers |= token(web, "aud", [Role.AUDITOR], scopes)
    assert client.get("/api/v1/log").json()["items"]
    lines = client.get("/api/v1/log/export").text.splitlines()
    assert len(lines) > 1


def test_what_is_too_long_is_told_so(admin: Client) -> None:
    long = admin.post("/api/v1/audits", content=b"x" * (1 << 20) + b"x")
    assert long.status_code == 413
    assert re.match("application/problem", long.headers["content-type"])
