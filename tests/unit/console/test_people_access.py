"""Who may waive, attest, ask and read evidence where; links that work once."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.web import Client, Web, web_console

from frisket.audit.capture import Capture
from frisket.audit.session import Session
from frisket.fleet.inventory import Sighting, take_in
from frisket.fleet.results import record_of
from frisket.fleet.roles import Grant, Role
from frisket.model.reading import Readings
from frisket.model.target import Identity
from frisket.store.audits import Audits
from frisket.store.inventory import Inventory
from frisket.store.people import People
from frisket.store.proposals import proposals
from frisket.store.questionnaires import questionnaires


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Web]:
    """A console with two sites, a device in each, audited."""
    with web_console(tmp_path / "data") as web:
        services = web.console.services
        content = services.crew.content
        for number, name in enumerate(("North", "South"), 1):
            web.site(name)
            identity = Identity("Canon", serial=f"S{number}", name=f"print-{number}")
            seen = Sighting(f"10.0.0.{number}", identity)
            take_in(Inventory(services.database), number, seen, web.clock())
            capture = Capture(seen.address, identity, Readings(), web.clock())
            judged = Session(content, content.baseline("small-office"), web.clock).judge(capture)
            kept = record_of(number, "small-office", judged, capture, content.catalog)
            Audits(services.database).keep([kept])
        yield web


def waiver(who: Client, to: str) -> int:
    fields = {
        "what": "rule:snmp.v1-off",
        "for": to,
        "owner": "Ann",
        "reason": "old",
        "expires": "2026-06-01",
    }
    return who.post("/waivers", data=fields).status_code


def test_nobody_waives_beyond_their_sites(office: Web) -> None:
    north = office.visitor("ann", Grant(Role.ADMINISTRATOR, 1))
    allowed = {
        to: waiver(north, to) for to in ("device:1", "site:1", "device:2", "site:2", "fleet")
    }
    assert allowed == {"device:1": 303, "site:1": 303, "device:2": 403, "site:2": 403, "fleet": 403}
    assert waiver(office.visitor("olga", Role.OPERATOR), "site:1") == 403
    assert waiver(office.visitor("root", Role.ADMINISTRATOR), "fleet") == 303
    database = office.console.services.database
    fleet, site = [one for one in proposals(database) if one.body["scope"] != {"devices": [1]}]
    far = office.visitor("sue", Grant(Role.SECURITY_ADMINISTRATOR, 2))
    for one in (fleet, site):
        how = {"data": {"digest": one.digest}}
        assert far.post(f"/approvals/{one.id}/approve", **how).status_code == 404
    near = office.visitor("sam", Grant(Role.SECURITY_ADMINISTRATOR, 1))
    approved = near.post(f"/approvals/{site.id}/approve", data={"digest": site.digest})
    assert approved.status_code == 200
    [row] = People(database).waivers()
    assert (row.site_id, row.proposed_by, row.approved_by) == (1, "ann", "sam")
    assert far.get("/waivers").text.count("snmp.v1-off") == 0
    assert north.get("/waivers").text.count("snmp.v1-off") > 0
    assert north.get("/waivers?device=1").text.count("snmp.v1-off") > 0
    south = office.visitor("root").get("/waivers?device=2").text
    assert "print-2" in south
    assert "/end" not in south
    other = office.visitor("otto", Grant(Role.ADMINISTRATOR, 2))
    assert other.post(f"/waivers/{row.id}/end").status_code == 404
    assert north.post(f"/waivers/{row.id}/end").status_code == 303


def attest(who: Client, to: str, name: str = "a.txt", **more: str) -> int:
    fields = {
        "what": "key:service-mode.password-strong",
        "answer": "yes",
        "for": to,
        "who": "Jo",
        "when": "2026-03-01",
        "evidence": "seen",
    }
    files = {"file-1": (name, b"<script>alert(1)</script>", "text/html")}
    return who.post("/attestations", data=fields | more, files=files).status_code


def test_evidence_stays_within_its_site_and_is_never_a_page(office: Web) -> None:
    north = office.visitor("olga", Grant(Role.OPERATOR, 1))
    assert attest(north, "device:1") == 303
    assert attest(north, "device:2") == 403
    assert attest(north, "device:1", when="2026-03-09") == 400
    assert attest(north, "device:1", answer="perhaps") == 400
    assert attest(north, "device:1", name="a.html") == 400
    assert attest(north, "device:1", name="a.pdf") == 400
    assert north.get("/evidence/1").status_code == 403
    assert office.visitor("far", Grant(Role.AUDITOR, 2)).get("/evidence/1").status_code == 404
    answer = office.visitor("near", Grant(Role.AUDITOR, 1)).get("/evidence/1")
    assert answer.headers["content-type"].startswith("text/plain")
    assert answer.headers["content-disposition"] == 'attachment; filename="a.txt"'
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]
    assert answer.content == b"<script>alert(1)</script>"


def test_a_whole_consideration_is_answered_with_yes_or_no(office: Web) -> None:
    olga = office.visitor("olga", Role.OPERATOR)
    assert attest(olga, "fleet", what="consideration:SO-01") == 303
    assert attest(olga, "fleet", what="consideration:SO-01", answer="12") == 400
    [row] = People(office.console.services.database).attestations()
    assert (row.consideration, row.answer, row.scope) == ("SO-01", True, {})


def asked(office: Web) -> str:
    fields = {"person": "Jo", "for": "device:1", "baseline": "small-office", "days": "2"}
    olga = office.visitor("olga", Role.OPERATOR)
    text = olga.post("/questionnaires", data=fields).text
    return text.partition("/answer/")[2].partition("<")[0]


def place(office: Web) -> int:
    [row] = questionnaires(office.console.services.database)
    keys = [one["key"] for one in row.questions]
    return keys.index("service-mode.password-strong")


def test_a_link_answers_once_and_an_auditor_decides(office: Web) -> None:
    secret = asked(office)
    said = {"who": "Jo", "when": "2026-03-01", f"a-{place(office)}": "true"}
    jo = office.nobody()
    assert "Service Mode" in jo.get(f"/answer/{secret}").text
    assert jo.post(f"/answer/{secret}", data={"who": "Jo", "when": "2026-03-01"}).status_code == 422
    assert jo.post(f"/answer/{secret}", data=said).status_code == 200
    assert jo.post(f"/answer/{secret}", data=said).status_code == 404
    assert jo.get(f"/answer/{secret}").status_code == 404
    people = People(office.console.services.database)
    assert people.attestations() == []
    olga = office.visitor("olga", Role.OPERATOR)
    assert olga.post("/questionnaires/1", data={"what": "accept"}).status_code == 403
    far = office.visitor("far", Grant(Role.AUDITOR, 2))
    assert far.post("/questionnaires/1", data={"what": "accept"}).status_code == 404
    ada = office.visitor("ada", Role.AUDITOR)
    assert ada.post("/questionnaires/1", data={"what": "accept"}).status_code == 303
    assert ada.post("/questionnaires/1", data={"what": "reject"}).status_code == 409
    [row] = people.attestations()
    assert (row.who, row.made_by, row.questionnaire_id, row.scope) == (
        "Jo",
        "ada",
        1,
        {"devices": [1]},
    )


def test_a_link_dies_with_time_and_when_it_is_withdrawn(office: Web) -> None:
    secret = asked(office)
    olga = office.visitor("olga", Role.OPERATOR)
    assert olga.post("/questionnaires/1", data={"what": "withdraw"}).status_code == 303
    assert office.nobody().get(f"/answer/{secret}").status_code == 404
    secret = asked(office)
    assert office.nobody().get(f"/answer/{secret}").status_code == 200
    office.clock.pass_(days=2, seconds=1)
    assert office.nobody().get(f"/answer/{secret}").status_code == 404


def test_who_tries_links_has_to_wait(office: Web) -> None:
    secret = asked(office)
    jo = office.nobody()
    tried = [jo.get(f"/answer/{number}").status_code for number in range(31)]
    assert tried == [404] * 30 + [429]
    assert jo.get(f"/answer/{secret}").status_code == 429
    office.clock.pass_(minutes=20)
    assert jo.get(f"/answer/{secret}").status_code == 200


def test_only_who_may_everywhere_changes_what_all_are_judged_by(
    office: Web, tmp_path: Path
) -> None:
    fields = {"from": "packaged:small-office", "name": "ours", "c": "SO-05"}
    north = office.visitor("ann", Grant(Role.ADMINISTRATOR, 1))
    assert north.post("/baselines", data=fields).status_code == 403
    root = office.visitor("root", Role.ADMINISTRATOR)
    assert root.post("/baselines", data=fields).status_code == 303
    text = root.get("/baselines/ours/text").text
    again = root.post("/baselines/import", data={"text": text, "note": "again"})
    assert (again.status_code, again.headers["location"]) == (303, "/baselines/ours")
    assert root.get("/baselines/ours/text?version=2").text == text
    for wrong in (text.replace("snmp.v1-off", "snmp.no"), "", 'id = "small-office"'):
        assert root.post("/baselines/import", data={"text": wrong}).status_code == 400
    assert root.post("/baselines", data=fields | {"name": "small-office"}).status_code == 422
    assert root.post("/baselines", data=fields | {"name": "new"}).status_code == 422
    assert north.post("/baselines/ours/propose", data={"version": "1"}).status_code == 403
    assert root.post("/baselines/ours/propose", data={"version": "1"}).status_code == 303
    sheet = root.get("/policies/small-office/text?packaged=1").text
    taken = root.post("/policies/import", data={"text": sheet, "name": "ours"})
    assert taken.status_code == 303
    exported = root.get("/policies/ours/text").text
    assert exported == sheet
    file = tmp_path / "ours.toml"
    file.write_text(exported, encoding="utf-8")
    command = [sys.executable, "-m", "frisket.cli", "policy", "show", str(file), "-f", "json"]
    shown = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    [policy] = json.loads(shown.stdout)["policies"]
    assert policy["target"] == str(file)
    assert root.post("/policies/import", data={"text": "a = 1", "name": "x1"}).status_code == 400
