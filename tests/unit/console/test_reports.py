"""Each paper in each format, for each role and site; a change's record against the log."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pikepdf
import pytest
from sqlalchemy import update
from tests.unit.console.test_hostile import HERE, HOSTILE, fill, judge_csv, read
from tests.web import Client, Web, web_console

from frisket.console.language import Disguise
from frisket.drivers.difference import Step as Setting
from frisket.drivers.order import Phase, Stage
from frisket.drivers.plan import DevicePlan
from frisket.drivers.plan_file import content_version
from frisket.drivers.record import Outcome, Result
from frisket.drivers.ways import Standing
from frisket.fleet.approval import Decider
from frisket.fleet.change_source import Source
from frisket.fleet.changes import digest_of_record, packed
from frisket.fleet.changing import Changing
from frisket.fleet.proposals import Proposals
from frisket.fleet.report_kinds import Kind, forms_of
from frisket.fleet.reporting import Reporting
from frisket.fleet.roles import Grant, Role
from frisket.model.finding import Severity
from frisket.model.target import Identity, Target
from frisket.store.changes import Changes, Planned, StoredRows
from frisket.store.madereports import MadeReports
from frisket.store.proposals import find_proposal
from frisket.store.tables.device import DEVICE
from frisket.store.work import Work

CKLB = Path(__file__).parents[1] / "report" / "cklb-1.0.schema.json"
EVERY = [(kind, form) for kind in Kind for form in forms_of(kind)]
ELSEWHERE = "elsewhere-secret"


@dataclass
class Office:
    """A console with two sites of hostile devices, and a change at one of them."""

    web: Web
    here: int
    there: int
    change: int
    visitors: dict[str, Client] = field(default_factory=dict)

    def visitor(self, name: str, *grants: Grant | Role) -> Client:
        """Return somebody who has logged in, the same each time."""
        if name not in self.visitors:
            self.visitors[name] = self.web.visitor(name, *grants)
        return self.visitors[name]

    def asked(self, visitor: Client, kind: str, form: str, **more: Any) -> int:
        """Ask for a report; return the status."""
        device = more.pop("device", 1 if kind == Kind.DEVICE else "")
        change = more.pop("change", self.change if kind == Kind.CHANGE else "")
        sent = {"wanted": f"{kind}.{form}", "device": device, "change": change} | more
        answer = visitor.post("/reports", data={name: str(value) for name, value in sent.items()})
        return answer.status_code

    def made(self, visitor: Client, kind: str, form: str, **more: Any) -> Any:
        """Ask for a report, have it made, and download it."""
        assert self.asked(visitor, kind, form, **more) == 303
        newest = self.newest()
        ended = Reporting(self.web.console.services.crew).make(newest)
        assert ended == "made", self.row(newest).fault
        return visitor.get(f"/reports/{newest}/file")

    def newest(self) -> int:
        """Return the number of the report that was asked for last."""
        return int(self.store().newest(1)[0].id)

    def row(self, number: int) -> Any:
        """Return a report's row."""
        return self.store().one(number)

    def store(self) -> MadeReports:
        """Return the repository of reports."""
        return MadeReports(self.web.console.services.database)


def plan_of(address: str, text: str) -> DevicePlan:
    """Return a plan of two settings, with hostile words in it."""
    cost = (f"what breaks {text}",)
    steps = (
        Setting("snmp.v1.enabled", text, "", True, False, ("r",), ("SO-05",), Severity.HIGH, cost),
        Setting("ipp.enabled", "IPP", "", True, False, ("r",), ("SO-16",), Severity.LOW),
    )
    stages = (Stage(Phase.OPEN, ("ipp.enabled",)), Stage(Phase.CLOSE, ("snmp.v1.enabled",)))
    return DevicePlan(
        Target(address),
        Identity("Canon", text, "XTG1"),
        driver="canon",
        access="snmp-v3",
        steps=steps,
        stages=stages,
        before=Standing(("SNMPv1", "SNMPv3"), ("SNMPv1",), ("IPP",)),
        after=Standing(("SNMPv3",), ("SNMPv3",), ()),
    )


def changed(web: Web, site: int) -> int:
    """Make a change of three devices: one ends well, one is left alone, one fails; then undone."""
    services = web.console.services
    database, now = services.database, web.clock()
    changing = Changing(database, services.log, services.clock, services.crew.content)
    ann, bob = (
        web.account("ann", [Role.OPERATOR]),
        web.account("bob", [Role.SECURITY_ADMINISTRATOR]),
    )
    ids = [1, 2, 3]
    number = changing.make(Source("baseline", "small-office"), {"ids": ids}, [site], "ann")
    plans = []
    for device, text in zip(ids, HOSTILE, strict=False):
        with database.write() as connection:
            address = f"10.0.0.{device}"
            connection.execute(update(DEVICE).where(DEVICE.c.id == device).values(address=address))
        kept = packed(plan_of(address, text), "small-office", content_version(), now)
        plans.append(Planned(device, address, text[:60], kept, 2))
    Changes(database).put_plans(number, plans)
    changing.planned(number)
    proposal = changing.propose(number, ann.id, "ann")
    proposals = Proposals(database, services.log, services.clock)
    with database.read() as connection:
        found = find_proposal(connection, proposal)
    assert found is not None
    by = Decider(bob.id, True, now - timedelta(days=2), now)
    proposals.approve(proposal, found.digest, by, "bob")
    changing.begin(number, "ann")
    ended = ((1, Outcome.DONE, ""), (2, Outcome.UNDONE, f"a surprise {HOSTILE[1]}"))
    for device, outcome, why in ended:
        address = f"10.0.0.{device}"
        lease = f"device:{device}"
        fence = Work(database).take_lease(lease, "test", 60)
        assert fence is not None
        rows = StoredRows(database, number, device, False, lease, fence)
        values = {"snmp.v1.enabled": [True, False]}
        rows.append(
            {"what": "intent", "device": address, "values": values},
            {"what": "written", "device": address, "keys": ["snmp.v1.enabled"]},
            {
                "what": "outcome",
                "device": address,
                "outcome": outcome.value,
                "why": why,
                "changed": ["snmp.v1.enabled"],
                "left": [],
            },
        )
        changing.note(number, device, Result(address, outcome, why), undoing=False)
    changing.undo(number, "ann")
    return number


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    folder = tmp_path_factory.mktemp("reports")
    with web_console(folder / "data", {"en": Disguise(str), "xx": Disguise()}) as web:
        here = web.site(HERE)
        fill(web, here, 1, HOSTILE)
        there = web.site("Elsewhere Ltd")
        fill(web, there, 101, (ELSEWHERE,))
        yield Office(web, here, there, changed(web, here))


def everywhere(office: Office) -> Client:
    return office.visitor("boss", Role.ADMINISTRATOR, Role.SECURITY_ADMINISTRATOR)


def at(office: Office, site: int) -> Client:
    return office.visitor(f"auditor-{site}", Grant(Role.AUDITOR, site))


def text_of(answer: Any, form: str) -> str:
    """Judge a file by its format; return what is in it."""
    octets: bytes = answer.content
    if "content-encoding" not in answer.headers:  # else it is that of what was packed
        assert answer.headers["content-length"] == str(len(octets))
    assert answer.headers["content-disposition"].startswith('attachment; filename="frisket-')
    if form == "pdf":
        with pikepdf.open(io.BytesIO(octets)) as pdf:
            assert pdf.Root["/MarkInfo"]["/Marked"]
            return str(pdf.docinfo["/Title"])
    if form == "zip":
        with zipfile.ZipFile(io.BytesIO(octets)) as archive:
            assert archive.testzip() is None
            files = {name: archive.read(name) for name in archive.namelist()}
        for line in files["SHA256SUMS"].decode().splitlines():
            digest, _, name = line.partition("  ")
            assert hashlib.sha256(files[name]).hexdigest() == digest
        for name, body in files.items():
            if name.endswith(".cklb"):
                jsonschema.validate(json.loads(body), json.loads(CKLB.read_text()))
            if name.endswith(".csv"):
                judge_csv(body.decode(), name)
        return b"".join(files.values()).decode()
    text = octets.decode()
    if form == "csv":
        judge_csv(text, "csv")
    elif form == "html":
        # The page of an audit has one script of ours, which its own policy names by its hash.
        scripts = text.count("<script")
        assert read(text).harm == ["a script without a nonce"] * scripts
        assert scripts == text.count("script-src 'sha256-")
    else:
        document = json.loads(text)
        if form == "cklb":
            jsonschema.validate(document, json.loads(CKLB.read_text()))
        if form == "sarif":
            [run] = document["runs"]
            rules = run["tool"]["driver"]["rules"]
            assert run["results"]
            assert all(r["ruleId"] == rules[r["ruleIndex"]]["id"] for r in run["results"])
    return text


@pytest.mark.parametrize(("kind", "form"), EVERY)
def test_every_paper_in_every_format(office: Office, kind: Kind, form: str) -> None:
    """An administrator has all of it; an auditor of one site has no word of the other."""
    boss = office.made(everywhere(office), kind, form)
    assert boss.status_code == 200
    whole = text_of(boss, form)
    auditor = office.made(at(office, office.here), kind, form)
    mine = text_of(auditor, form)
    assert "elsewhere" not in mine.casefold()
    if form != "pdf" and kind in {Kind.EVIDENCE, Kind.RESULTS}:
        assert ELSEWHERE in whole
    # What is of everywhere, or of a site that is not theirs, they neither see nor fetch.
    newest = office.newest()
    other = at(office, office.there)
    assert other.get(f"/reports/{newest}/file").status_code == 404
    if kind in {Kind.DEVICE, Kind.CHANGE}:
        assert office.asked(other, kind, form) == 404
    else:
        assert office.asked(other, kind, form, site=office.here) == 404
        assert at(office, office.here).get(f"/reports/{newest - 1}/file").status_code == 404


@pytest.mark.parametrize("role", [Role.READ_ONLY, Role.OPERATOR])
def test_proof_is_for_those_who_may_see_evidence(office: Office, role: Role) -> None:
    visitor = office.visitor(f"some-{role.value}", role)
    for kind, form in EVERY:
        proof = kind in {Kind.EVIDENCE, Kind.RESULTS, Kind.CHANGE}
        assert office.asked(visitor, kind, form) == (403 if proof else 303), kind
    shown = visitor.get("/reports").text
    assert "evidence.pdf" not in shown
    assert "executive.pdf" in shown
    office.made(everywhere(office), Kind.CHANGE, "pdf")
    assert visitor.get(f"/reports/{office.newest()}/file").status_code == 404


def test_what_no_report_has_is_refused_in_words(office: Office) -> None:
    visitor = everywhere(office)
    for kind, form in (("orders", "cklb"), ("results", "cklb"), ("nothing", "pdf"), ("", "")):
        assert office.asked(visitor, kind, form) in {400, 422}
    assert office.asked(visitor, "device", "pdf", device="") in {400, 422}
    assert office.asked(visitor, "device", "pdf", device=999_999) == 404
    assert office.asked(visitor, "change", "pdf", change=999_999) == 404
    assert office.asked(visitor, "evidence", "csv", consideration="XX-99") == 303
    assert Reporting(office.web.console.services.crew).make(office.newest()) == "failed"
    assert visitor.get(f"/reports/{office.newest()}/file").status_code == 404
    assert "XX-99" in visitor.get("/reports").text


def test_a_record_holds_against_the_log(office: Office) -> None:
    """Decisions, outcomes and writes are in it, and its digests are those of the exported log."""
    visitor = everywhere(office)
    record = office.made(visitor, Kind.CHANGE, "json").json()
    assert (record["format"], record["version"]) == ("frisket-change-record", 1)
    change, [proposal] = record["change"], record["proposals"]
    assert (change["planned_by"], change["state"]) == ("ann", "undoing")
    assert (proposal["proposed_by"], proposal["decided_by"]) == ("ann", "bob")
    assert proposal["body"]["plans"] == change["plans"]
    assert [wave["devices"] for wave in record["waves"]] == [3]
    devices = record["devices"]
    assert [one["step"] for one in devices] == ["done", "failed", "waiting"]
    assert [one["health"] for one in devices] == ["", "", ""]
    assert devices[0]["settings"][0] == {
        "key": "snmp.v1.enabled",
        "label": HOSTILE[0],
        "before": True,
        "after": False,
        "considerations": ["SO-05"],
        "rules": ["r"],
        "severity": "high",
        "restart": False,
        "breaks": [f"what breaks {HOSTILE[0]}"],
        "used_by": [],
    }
    assert devices[0]["before"]["managing"] == ["SNMPv1"]
    assert devices[0]["after"]["print_paths"] == []
    exported = visitor.get("/log/export").text.splitlines()
    known = {
        json.loads(one["entry"])["number"]: one
        for one in map(json.loads, exported)
        if "entry" in one
    }
    logged = record["log"]
    for one in logged:
        assert known[one["number"]] == {"entry": one["body"], "digest": one["digest"]}
        covered = f"{one['previous']}\n{one['body']}".encode()
        assert hashlib.sha256(covered).hexdigest() == one["digest"]
    assert [one["action"] for one in logged] == [
        "change.plan",
        "proposal.propose",
        "proposal.approve",
        "proposal.carry-out",
        "change.begin",
        "change.device",
        "change.halt",
        "change.device",
        "change.undo",
    ]
    # What is on record of a device is what the log says was on it when its turn ended.
    told = {
        json.loads(one["body"])["details"]["record"]
        for one in logged
        if one["action"] == "change.device"
    }
    turns = [turn for one in devices for turn in one["turns"]]
    assert {turn["digest"] for turn in turns} == told
    for turn in turns:
        rows = [json.loads(line["row"]) for line in turn["record"]]
        assert digest_of_record(rows) == turn["digest"]
        lines = "".join(f"{line['row']}\n" for line in turn["record"])
        assert hashlib.sha256(lines.encode()).hexdigest() == turn["digest"]


def test_a_record_says_the_same_in_every_format(office: Office) -> None:
    visitor = everywhere(office)
    record = office.made(visitor, Kind.CHANGE, "json").json()
    rows = list(csv.DictReader(io.StringIO(office.made(visitor, Kind.CHANGE, "csv").text)))
    assert {row["row"] for row in rows} == {
        *("change", "proposal", "device", "setting", "record", "log")
    }
    logged = [(row["log_number"], row["digest"]) for row in rows if row["row"] == "log"]
    assert logged == [(str(one["number"]), one["digest"]) for one in record["log"]]
    page = read(office.made(visitor, Kind.CHANGE, "html").text)
    words = " ".join(page.words)
    for one in record["log"]:
        assert one["digest"] in words
    for text in ("Proposed by", "first one of each model", "breaks: what breaks", "SNMPv3", "ann"):
        assert text in words
    octets = office.made(visitor, Kind.CHANGE, "pdf").content
    with pikepdf.open(io.BytesIO(octets)) as pdf:
        [name] = pdf.attachments
        along = json.loads(pdf.attachments[name].get_file().read_bytes())
    assert along["log"] == record["log"]
    assert along["devices"] == record["devices"]


def test_the_pages_lead_to_their_reports(office: Office) -> None:
    visitor = everywhere(office)
    assert (
        f"/reports?kind=change&amp;change={office.change}"
        in visitor.get(f"/changes/{office.change}").text
    )
    page = visitor.get("/devices/1").text
    assert "/reports?kind=device&amp;device=1" in page
    assert 'href="/counters/1"' in page
    asked = visitor.get(f"/reports?kind=change&change={office.change}").text
    assert 'value="change.json"' in asked
    assert 'value="executive.pdf"' not in asked
    operator = office.visitor("op", Role.OPERATOR)
    assert "kind=change" not in operator.get(f"/changes/{office.change}").text


def test_a_statement_is_a_pdf_with_what_was_signed_in_it(office: Office) -> None:
    answer = everywhere(office).get("/counters/1/statement?month=2026-02&format=pdf")
    assert answer.headers["content-type"] == "application/pdf"
    with pikepdf.open(io.BytesIO(answer.content)) as pdf:
        [name] = pdf.attachments
        signed = json.loads(pdf.attachments[name].get_file().read_bytes())
    assert signed["month"] == "2026-02"
    assert len(signed["signature"]["value"]) == 128
    assert at(office, office.there).get("/counters/1/statement?format=pdf").status_code == 404


def test_a_report_speaks_the_language_of_whoever_asks(office: Office) -> None:
    account = office.web.account("boss")
    services = office.web.console.services
    services.accounts.change(account.id, language="xx", zone="Asia/Tokyo")
    try:
        for kind in (Kind.EXECUTIVE, Kind.DEVICE, Kind.EVIDENCE, Kind.CHANGE, Kind.ORDERS):
            page = read(office.made(everywhere(office), kind, "html").text)
            assert "xx" in page.values
            words = [word.strip() for word in page.words if word.strip()]
            headings = [word for word in words if word.startswith("⟦")]
            assert len(headings) >= 8, kind
            assert any("18:00 JST (UTC+09:00)" in word for word in words), kind
    finally:
        services.accounts.change(account.id, language="", zone="UTC")
