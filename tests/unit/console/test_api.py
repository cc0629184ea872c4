"""The interface: lists narrowed by site, versions, orders that are one, hostile texts as data."""

from __future__ import annotations

import re
from typing import Any

import pytest
from sqlalchemy import insert
from tests.api import device, token
from tests.web import Client, Web

from frisket.console.api.openapi import operations
from frisket.fleet.roles import Grant, Permission, Role
from frisket.store.auditlog import Wanted
from frisket.store.audits import AuditRecord, Audits
from frisket.store.inventory import raise_alarm
from frisket.store.tables.audit import DRIFT

ALL = [Permission.SEE_FLEET, Permission.RUN_AUDIT, Permission.EDIT_DEVICES, Permission.EDIT_SITES]
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
        record = AuditRecord(
            *(found, "small-office", now, 0.0, 1.0, "high", verdicts, {}, b"", b"")
        )
        Audits(web.console.services.database).keep([record])
        web.console.services.jobs.start("discovery", f"discovery:{site}:{name}", name)
    return sites


def gets(client: Client) -> list[str]:
    """Return every path of the interface that is asked with GET, from its own description."""
    document = client.get("/api/openapi.json").json()
    return [path for method, path, _ in operations(document) if method == "get"]


def test_every_list_holds_the_own_sites_things_only(web: Web) -> None:
    """Every GET without a name in it is asked by someone of one site, and of both."""
    here, _ = two_sites(web)
    one, both = web.nobody(), web.nobody()
    one.headers |= token(web, "one", [Grant(Role.OPERATOR, here)], [Permission.SEE_FLEET])
    both.headers |= token(web, "both", [Role.OPERATOR], [Permission.SEE_FLEET])
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
    document = client.get("/api/openapi.json").json()
    asked = 0
    for method, path, _ in operations(document):
        if "{id}" not in path or "/log" in path:
            continue
        number = f"discovery:{there}:there" if "/jobs/" in path else "2"
        filled = path.replace("{id}", number).replace("{month}", "2026-01")
        answer = client.request(
            method.upper(), filled.replace("{task}", "audit"), **_sent(path, method)
        )
        assert answer.status_code == 404, (method, path, answer.text)
        asked += 1
    assert asked > 20


def _sent(path: str, method: str) -> dict[str, Any]:
    if path.endswith(".csv"):
        return {"content": b"serial\nX1\n", "headers": {"content-type": "text/csv"}}
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
    assert client.get("/api/v1/log").status_code == 403
    client.headers |= token(web, "aud", [Role.AUDITOR], scopes)
    assert client.get("/api/v1/log").json()["items"]
    lines = client.get("/api/v1/log/export").text.splitlines()
    assert len(lines) > 1


def test_what_is_too_long_is_told_so(admin: Client) -> None:
    long = admin.post("/api/v1/audits", content=b"x" * (1 << 20) + b"x")
    assert long.status_code == 413
    assert re.match("application/problem", long.headers["content-type"])
