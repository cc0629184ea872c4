"""What programs do by the interface: plan and begin changes, waive, attest, ask, agree on texts.

The rules are the pages': nobody approves what they proposed, and no token decides at all.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from tests.api import token
from tests.web import Client, Web, web_console

from frisket.audit.capture import Capture
from frisket.audit.session import Session
from frisket.drivers.difference import Step
from frisket.drivers.order import Phase, Stage
from frisket.drivers.plan import DevicePlan
from frisket.drivers.plan_file import content_version
from frisket.drivers.ways import Standing
from frisket.fleet.changes import packed
from frisket.fleet.changing import Changing
from frisket.fleet.inventory import Sighting, take_in
from frisket.fleet.results import record_of
from frisket.fleet.roles import HOLDS, PERSONS_ONLY, Grant, Permission, Role
from frisket.model.finding import Severity
from frisket.model.reading import Known, Readings, Witness
from frisket.model.target import Identity, Target
from frisket.store.audits import Audits
from frisket.store.changes import Changes, Planned
from frisket.store.drifts import Accepted, Drifts
from frisket.store.inventory import Inventory

KEY = "snmp.v1.enabled"
ADMIN = sorted(HOLDS[Role.ADMINISTRATOR] - PERSONS_ONLY)


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    """A console with two sites and two devices at the first, audited; SNMPv1 has moved.

    Opening one takes seconds, so all tests here share it: none counts what others may have made.
    """
    with web_console(tmp_path_factory.mktemp("office") / "data") as web:
        services, now = web.console.services, web.clock()
        content = services.crew.content
        here, _ = web.site("North"), web.site("South")
        for number in (1, 2):
            identity = Identity("Canon", serial=f"S{number}", name=f"print-{number}")
            seen = Sighting(f"10.0.0.{number}", identity)
            take_in(Inventory(services.database), here, seen, now)
            Inventory(services.database).change_state([number], "managed")
            said = Readings.single({KEY: Known(True, Witness.DEVICE, now, "test")})
            capture = Capture(seen.address, identity, said, now)
            judged = Session(content, content.baseline("small-office"), web.clock).judge(capture)
            kept = record_of(number, "small-office", judged, capture, content.catalog)
            Audits(services.database).keep([kept])
        stored = Drifts(services.database)
        stored.accept(1, Accepted({KEY: False}, "1.0", now, "ann"))
        moved = {"key": KEY, "was": "off", "now": "on", "since": now, "seen": now}
        rest = {"cause": "unknown", "explained": "", "state": "open", "flips": 0, "id": 0}
        stored.keep(1, [moved | rest])
        yield web


@pytest.fixture
def robot(office: Web) -> Client:
    """A program with every scope of an administrator."""
    client = office.nobody()
    client.headers |= token(office, "ada", [Role.ADMINISTRATOR], ADMIN)
    return client


def planned(web: Web, change: int, devices: tuple[int, ...]) -> None:
    """Keep plans as the crew would have made them: SNMPv1 off, which leaves the Remote UI."""
    services, now = web.console.services, web.clock()
    step = Step(
        KEY,
        "<Use SNMPv1>",
        "menu",
        now=True,
        wanted=False,
        rules=("snmp.v1-off",),
        rows=("SO-07",),
        severity=Severity.HIGH,
        breaks=("old monitoring",),
        restart=True,
    )
    plans = []
    for number in devices:
        ways = Standing(("SNMPv1", "Remote UI"), ("Remote UI",), ("IPP",))
        left = Standing(("Remote UI",), ("Remote UI",), ("IPP",))
        one = DevicePlan(
            Target(f"10.0.0.{number}"),
            driver="canon",
            access="web",
            steps=(step,),
            stages=(Stage(Phase.OPEN, (KEY,), restart=True),),
            before=ways,
            after=left,
        )
        kept = packed(one, "small-office", content_version(), now)
        plans.append(Planned(number, f"10.0.0.{number}", "C5535", kept, settings=1))
    Changes(services.database).put_plans(change, plans)
    changing = Changing(services.database, services.log, services.clock, services.crew.content)
    changing.planned(change)


def order(client: Client, **more: Any) -> int:
    body = {"source": {"kind": "baseline", "name": "small-office"}, "devices": [1, 2]} | more
    made = client.post("/api/v1/changes", json=body)
    assert made.status_code == 202, made.text
    assert made.headers["location"] == f"/api/v1/changes/{made.json()['id']}"
    return int(made.json()["id"])


def test_a_change_is_planned_read_decided_by_another_and_begun(office: Web, robot: Client) -> None:
    number = order(robot)
    path = f"/api/v1/changes/{number}"
    assert robot.get(path).json()["state"] == "planning"
    assert robot.post(f"{path}/begin").status_code == 409
    planned(office, number, (1, 2))
    body = robot.get(path).json()
    assert (body["devices"], body["takes_two"], body["ready"]) == (2, True, False)
    plan = robot.get(f"{path}/devices/1/plan").json()
    assert plan["steps"][0] | {"key": KEY, "now": True, "wanted": False} == plan["steps"][0]
    assert plan["steps"][0]["breaks"] == ["old monitoring"]
    assert (plan["restarts"], plan["after"]["managing"]) == (1, ["Remote UI"])
    assert robot.post(f"{path}/begin").status_code == 409
    approval = robot.post(f"{path}/propose").json()["approval"]
    seen = robot.get(f"/api/v1/approvals/{approval}").json()
    decision = f"/api/v1/approvals/{approval}/approve"
    said = {"json": {"digest": seen["digest"]}}
    # Neither a token, whoever made it, nor who proposed it.
    scopes = sorted(HOLDS[Role.SECURITY_ADMINISTRATOR])
    guard = office.nobody()
    guard.headers |= token(office, "sec", [Role.SECURITY_ADMINISTRATOR], scopes_of(scopes))
    assert robot.post(decision, **said).status_code == 403
    assert guard.post(decision, **said).status_code == 403
    assert office.visitor("ada", Role.ADMINISTRATOR).post(decision, **said).status_code == 409
    other = {"json": {"digest": "0" * 64}}
    sec = office.visitor("sec")
    assert sec.post(decision, **other).status_code == 409
    assert sec.post(decision, **said).json()["state"] == "approved"
    begun = robot.post(f"{path}/begin")
    assert (begun.status_code, begun.json()["state"]) == (202, "running")
    assert robot.post(f"{path}/pause").json()["state"] == "paused"
    assert robot.post(f"{path}/resume").json()["state"] == "running"
    rows = robot.get(f"{path}/devices").json()["items"]
    assert [(row["device_id"], row["step"]) for row in rows] == [(1, "waiting"), (2, "waiting")]
    assert robot.post(f"{path}/cancel").json()["state"] == "cancelled"
    told = followed(robot, path)
    assert told[0]["state"] == "cancelled"


def scopes_of(wanted: list[Permission]) -> list[Permission]:
    return [one for one in wanted if one not in PERSONS_ONLY]


def followed(client: Client, path: str) -> list[dict[str, Any]]:
    """Return the states that a stream of something that is over tells."""
    answer = client.get(f"{path}/events")
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.text.rstrip().endswith("event: end\ndata: {}")
    events = [part for part in answer.text.split("\n\n") if "event: state" in part]
    return [json.loads(event.partition("data: ")[2]) for event in events]


def test_a_program_begins_nothing_alone(office: Web, robot: Client) -> None:
    """One device takes no second person, but a fresh login, which no token has."""
    number = order(robot, devices=[1])
    planned(office, number, (1,))
    body = robot.get(f"/api/v1/changes/{number}").json()
    assert (body["takes_two"], body["ready"]) == (False, True)
    assert robot.post(f"/api/v1/changes/{number}/begin").status_code == 409
    person = office.visitor("ada")
    office.clock.pass_(minutes=30)
    assert person.post(f"/api/v1/changes/{number}/begin").status_code == 401
    fresh = office.visitor("ada")
    assert fresh.post(f"/api/v1/changes/{number}/begin").status_code == 202


def test_the_same_key_is_one_change(robot: Client) -> None:
    body = {"source": {"kind": "settings", "settings": {KEY: False}}, "devices": [1]}
    key = {"idempotency-key": "x"}
    before = len(robot.get("/api/v1/changes").json()["items"])
    first, second = (robot.post("/api/v1/changes", json=body, headers=key) for _ in range(2))
    number = first.json()["id"]
    assert number == second.json()["id"]
    other = robot.post("/api/v1/changes", json=body | {"devices": [2]}, headers=key)
    assert other.status_code == 409
    assert robot.post("/api/v1/changes", json=body).json()["id"] == number + 1
    # What was refused stands for no key.
    wrong = {"source": {"kind": "settings", "settings": {"no.such": 1}}, "devices": [1]}
    refused = robot.post("/api/v1/changes", json=wrong, headers={"idempotency-key": "y"})
    assert refused.status_code == 400
    assert robot.post("/api/v1/changes", json={"source": body["source"]}).status_code == 400
    assert len(robot.get("/api/v1/changes").json()["items"]) == before + 2


def test_drift_is_accepted_waived_and_put_back(office: Web, robot: Client) -> None:
    assert robot.post("/api/v1/drift/1/waive", json={}).status_code == 400
    again = robot.post("/api/v1/drift/1/re-apply")
    assert again.status_code == 202
    change = robot.get(again.headers["location"]).json()
    assert (change["source"], change["sites"]) == ("accepted", [1])
    for act, state in (("waive", "waived"), ("accept", "accepted")):
        done = robot.post(f"/api/v1/drift/1/{act}", json={"reason": "agreed"})
        assert done.status_code == 204, done.text
        [row] = robot.get(f"/api/v1/drift?state={state}").json()["items"]
        assert row["id"] == 1
    accepted = Drifts(office.console.services.database).accepted(
        1, office.console.services.crew.content.catalog
    )
    assert accepted is not None
    assert accepted.values[KEY] is True
    assert robot.post("/api/v1/drift/devices/1/accept").status_code == 204


def test_a_waiver_holds_once_another_person_agreed(office: Web, robot: Client) -> None:
    asked = {"rule": "snmp.v1-off", "owner": "Ann", "reason": "old", "expires": "2026-06-01"}
    wide = {**asked, "scope": {"fleet": True}}
    both = {**asked, "scope": {"fleet": True, "site": 1}}
    assert robot.post("/api/v1/waivers", json=both).status_code == 400
    assert robot.post("/api/v1/waivers", json={**wide, "expires": "2026-01-01"}).status_code == 400
    near = office.nobody()
    near.headers |= token(office, "nan", [Grant(Role.ADMINISTRATOR, 1)], ADMIN)
    assert near.post("/api/v1/waivers", json=wide).status_code == 403
    made = near.post("/api/v1/waivers", json={**asked, "scope": {"devices": [1]}})
    assert made.status_code == 201
    seen = near.get(made.headers["location"]).json()
    assert (seen["own"], seen["may_decide"], seen["state"]) == (True, False, "proposed")
    sec = office.visitor("sec", Role.SECURITY_ADMINISTRATOR)
    path = f"{made.headers['location']}/approve"
    assert sec.post(path, json={"digest": seen["digest"]}).json()["state"] == "taken"
    [row] = near.get("/api/v1/waivers").json()["items"]
    assert (row["proposed_by"], row["approved_by"], row["standing"]) == ("nan", "sec", "holds")
    assert near.post(f"/api/v1/waivers/{row['id']}/end").status_code == 204
    assert near.get("/api/v1/waivers").json()["items"] == []
    again = near.post("/api/v1/waivers", json={**asked, "scope": {"site": 1}}).headers["location"]
    assert near.post(f"{again}/withdraw").json()["state"] == "withdrawn"


def test_evidence_is_put_to_an_attestation_by_who_said_it(office: Web, robot: Client) -> None:
    said = {"key": "service-mode.password-strong", "answer": True, "who": "Jo", "evidence": "seen"}
    body = {**said, "when": "2026-03-01", "scope": {"devices": [1]}}
    ahead = {**body, "when": "2026-03-09"}
    assert robot.post("/api/v1/attestations", json=ahead).status_code == 400
    made = robot.post("/api/v1/attestations", json=body).json()
    path = f"/api/v1/attestations/{made['id']}/evidence"
    octets = {
        "content": b"%PDF-1.7 proof",
        "headers": {"content-type": "application/octet-stream"},
    }
    first = robot.post(f"{path}?name=proof.pdf", **octets)
    second = robot.post(f"{path}?name=again.pdf", **octets)
    assert first.status_code == second.status_code == 201
    assert first.json() == second.json()
    assert first.json()["type"] == "application/pdf"
    other = office.nobody()
    other.headers |= token(
        office, "olga", [Role.OPERATOR], [Permission.ATTEST, Permission.SEE_FLEET]
    )
    assert other.post(f"{path}?name=x.pdf", **octets).status_code == 403
    got = robot.get(f"{path}/{first.json()['id']}")
    assert got.content == b"%PDF-1.7 proof"
    assert "sandbox" in got.headers["content-security-policy"]
    far = office.nobody()
    far.headers |= token(
        office, "far", [Grant(Role.AUDITOR, 2)], [Permission.SEE_EVIDENCE, Permission.SEE_FLEET]
    )
    assert far.get(f"{path}/{first.json()['id']}").status_code == 404
    large = {**octets, "content": b"x" * ((10 << 20) + (1 << 16) + 1)}
    assert robot.post(f"{path}?name=large", **large).status_code == 413
    assert robot.post(f"/api/v1/attestations/{made['id']}/end").status_code == 204


def test_a_questionnaire_is_sent_and_decided_by_another(office: Web, robot: Client) -> None:
    asked = {"person": "Jo", "scope": {"devices": [1]}, "days": 2}
    made = robot.post("/api/v1/questionnaires", json=asked).json()
    assert made["questions"] > 0
    assert office.nobody().get(made["link"].removeprefix("https://localhost")).status_code == 200
    path = f"/api/v1/questionnaires/{made['id']}"
    assert len(robot.get(path).json()["questions"]) == made["questions"]
    assert robot.post(f"{path}/decision", json={"what": "accept"}).status_code == 403
    done = robot.post(f"{path}/decision", json={"what": "withdraw"})
    assert done.json()["state"] == "withdrawn"


def test_a_policy_follows_the_version_that_was_read(office: Web, robot: Client) -> None:
    packaged = robot.get("/api/v1/policies/security-policy?packaged=true").json()["text"]
    put = {"json": {"text": packaged, "note": "first"}}
    path = "/api/v1/policies/ours"
    assert robot.request("PUT", path, **put).status_code == 412
    new = {"if-none-match": "*"}
    first = robot.request("PUT", path, **put, headers=new)
    assert (first.status_code, first.json()["newest"], first.json()["holding"]) == (201, 1, None)
    assert robot.request("PUT", path, **put, headers=new).status_code == 412
    version = first.headers["etag"]
    more = {"json": {"text": f"# again\n{packaged}"}, "headers": {"if-match": version}}
    assert robot.request("PUT", path, **more).status_code == 200
    assert robot.request("PUT", path, **more).status_code == 412
    assert robot.request("PUT", path, json={"text": "no"}, headers=new).status_code == 412
    assert robot.get(f"{path}/text?version=1").text == packaged
    assert robot.get(f"{path}/diff?version=1&other=own:ours").json()["items"] == []
    assert robot.get(f"{path}/diff?other=packaged:none").json()["items"]
    proposed = robot.post(f"{path}/versions/2/propose")
    where = proposed.headers["location"]
    digest = robot.get(where).json()["digest"]
    sec = office.visitor("sec", Role.SECURITY_ADMINISTRATOR)
    assert sec.post(f"{where}/approve", json={"digest": digest}).json()["state"] == "taken"
    assert robot.get(path).json()["holding"] == 2
    one_site = office.nobody()
    one_site.headers |= token(office, "nan", [Grant(Role.ADMINISTRATOR, 1)], ADMIN)
    other = "/api/v1/baselines/theirs"
    text = robot.get("/api/v1/baselines/small-office?packaged=true").json()["text"]
    refused = one_site.request("PUT", other, json={"text": text}, headers=new)
    assert refused.status_code == 403


def test_rules_groups_and_alerts(office: Web, robot: Client) -> None:
    rule = {"name": "toner", "signal": "supply", "limit": 10, "back": 15}
    made = robot.post("/api/v1/alert-rules", json=rule)
    assert made.status_code == 201
    assert robot.post("/api/v1/alert-rules", json=rule).status_code == 409
    assert robot.post(f"{made.headers['location']}/off").json()["active"] is False
    near = office.nobody()
    near.headers |= token(office, "nan", [Grant(Role.ADMINISTRATOR, 1)], ADMIN)
    assert near.post("/api/v1/alert-rules", json={**rule, "name": "x"}).status_code == 403
    assert near.request("DELETE", made.headers["location"]).status_code == 403
    assert robot.request("DELETE", made.headers["location"]).status_code == 204
    group = {"name": "north", "condition": {"site": ["North"]}}
    assert robot.post("/api/v1/groups", json=group).json()["devices"] == 2
    assert robot.post("/api/v1/groups", json=group).status_code == 409
    assert len(robot.get("/api/v1/devices?group=north").json()["items"]) == 2
    assert near.request("DELETE", "/api/v1/groups/north").status_code == 403
    assert robot.request("DELETE", "/api/v1/groups/north").status_code == 204
    assert robot.post("/api/v1/alerts/acknowledge", json={"alerts": [7]}).status_code == 404


def test_findings_of_the_fleet_are_listed(robot: Client) -> None:
    found = robot.get("/api/v1/audits/findings?verdict=fail&rule=snmp.v1-off").json()["items"]
    assert {one["device_id"] for one in found} == {1, 2}
    assert {one["finding"]["rule"] for one in found} == {"snmp.v1-off"}
    first = robot.get("/api/v1/audits/results?limit=1").json()
    assert [one["device_id"] for one in first["items"]] == [1]
    second = robot.get(f"/api/v1/audits/results?limit=1&cursor={first['next']}").json()
    assert [one["device_id"] for one in second["items"]] == [2]


def test_a_job_is_followed_until_it_is_over(office: Web, robot: Client) -> None:
    job = robot.post("/api/v1/audits", json={"devices": [1]}).headers["location"]
    robot.post(f"{job}/cancel")
    told = followed(robot, job)
    assert [body["state"] for body in told] == ["cancelled"]
    far = office.nobody()
    far.headers |= token(office, "out", [Grant(Role.OPERATOR, 2)], [Permission.SEE_FLEET])
    assert far.get(f"{job}/events").status_code == 404
