"""People's part of compliance in a browser: waive, attest with a file, ask, edit baselines."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect
from sqlalchemy import update
from tests.browser.console import (
    MARKS,
    Served,
    check_page,
    person,
    served_console,
    window,
)

from frisket.audit.capture import Capture
from frisket.audit.load import load_content
from frisket.audit.session import Session
from frisket.audit.sheet import read_sheet
from frisket.cli.support.options import Words
from frisket.cli.support.session import open_session
from frisket.fleet.inventory import Sighting, take_in
from frisket.fleet.results import record_of
from frisket.fleet.roles import Role
from frisket.model.reading import Known, Readings, Witness
from frisket.model.target import Identity
from frisket.store.audits import Audits
from frisket.store.inventory import Inventory
from frisket.store.people import People
from frisket.store.tables.account import ACCOUNT

pytestmark = MARKS
NOW = datetime.now(UTC)
HOSTILE = "<img src=x onerror=alert(1)>'\""
ADMIN, SECURITY = [Role.ADMINISTRATOR], [Role.SECURITY_ADMINISTRATOR]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served_console(tmp_path_factory.mktemp("people")) as found:
        inventory = Inventory(found.console.services.database)
        site = inventory.add_site(f"Office {HOSTILE}", ["10.0.0.0/8"], NOW)
        identity = Identity("Canon", "iR-ADV C5560", "XTG00001", name=f"hall {HOSTILE}")
        take_in(inventory, site, Sighting("10.0.0.1", identity), NOW)
        for name, roles in (("ann", ADMIN), ("sue", SECURITY), ("ada", [Role.AUDITOR])):
            found.account(name, roles)
        with found.console.services.database.write() as connection:
            connection.execute(update(ACCOUNT).values(elevated=NOW - timedelta(days=2)))
        audited(found)
        yield found


def audited(served: Served) -> None:
    """Judge the device by what was read of it, as the crew does after a visit."""
    services = served.console.services
    content = services.crew.content
    readings = Readings.single(
        {
            "snmp.v1.enabled": Known(True, Witness.NETWORK, NOW, "snmp", HOSTILE),
            "snmp.v3.enabled": Known(True, Witness.NETWORK, NOW, "snmp"),
        }
    )
    capture = Capture("10.0.0.1", Identity("Canon", serial="XTG00001"), readings, datetime.now(UTC))
    said = services.crew.words(content, [1])[1]
    session = Session(content, content.baseline("small-office"), lambda: datetime.now(UTC))
    result = session.saying(said.attestations, said.waivers).judge(capture)
    kept = record_of(1, "small-office", result, capture, content.catalog)
    Audits(services.database).keep([kept])


def approve(browser: Browser, served: Served) -> None:
    """Let the second person approve the newest proposal."""
    with person(browser, served, "sue", SECURITY) as found:
        found.open("/approvals")
        found.page.locator("main tbody a, main .card a").first.click()
        found.page.get_by_role("button", name="Approve and carry out").click()
        expect(found.page.get_by_text("taken", exact=True)).to_be_visible()


def test_a_finding_is_waived_by_two_persons(browser: Browser, served: Served) -> None:
    with person(browser, served, "ann", ADMIN) as found:
        page = found.page
        found.open("/devices/1")
        finding = page.locator("details.finding", has_text="SNMPv1").first
        finding.locator("summary").click()
        finding.get_by_role("link", name="Waive").click()
        expect(page.get_by_label("What is waived")).to_have_value("rule:snmp.v1-off")
        expect(page.get_by_label("Holds for")).to_have_value("device:1")
        check_page(found, "/waivers/new?device=1&for=device:1&rule=snmp.v1-off", name="waiver-new")
        page.get_by_label("Owner").fill("Ann Onymous")
        page.get_by_label("Reason").fill(f"old label printer {HOSTILE}")
        page.get_by_label("Last day").fill((NOW + timedelta(days=20)).date().isoformat())
        page.get_by_role("button", name="Propose").click()
        expect(page.get_by_text("A second person has to decide this.")).to_be_visible()
        audited(served)
        found.open("/devices/1")
        expect(page.locator(".v-waived")).to_have_count(0)
    approve(browser, served)
    audited(served)
    with person(browser, served, "ann", ADMIN) as found:
        page = found.page
        found.open("/devices/1")
        page.get_by_text("In order, waived or not applicable").click()
        expect(page.locator("details.finding", has=page.locator(".v-waived"))).to_have_count(1)
        check_page(found, "/waivers")
        expect(page.locator("tbody tr")).to_contain_text("ends soon")
        page.get_by_role("button", name="End it").click()
        expect(page.get_by_text("Nothing is waived")).to_be_visible()


def test_an_attestation_has_its_file(browser: Browser, served: Served) -> None:
    with person(browser, served, "ann", ADMIN) as found:
        page = found.page
        check_page(found, "/attestations/new?device=1&for=device:1", name="attestation-new")
        page.get_by_label("Question").select_option("key:service-mode.password-strong")
        page.get_by_label("Answer").fill("yes")
        page.get_by_label("What shows it").fill(f"photograph {HOSTILE}")
        page.get_by_label("File 1").set_input_files(
            files={"name": "../a b.pdf", "mimeType": "text/html", "buffer": b"%PDF-1.7 x"}
        )
        page.get_by_role("button", name="Attest").click()
        expect(page.get_by_text("It counts from the next audit on.")).to_be_visible()
        check_page(found, "/attestations")
        answer = found.context.request.get(f"{served.url}/evidence/1")
        assert answer.headers["content-type"] == "application/pdf"
        assert answer.headers["content-disposition"].startswith("attachment")
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.body() == b"%PDF-1.7 x"
        audited(served)
        found.open("/devices/1")
        page.get_by_text("In order, waived or not applicable").click()
        expect(page.locator("details.finding", has=page.locator(".v-pass"))).not_to_have_count(0)


def test_a_baseline_is_edited_approved_and_read_by_the_command_line(
    browser: Browser, served: Served, tmp_path: Path
) -> None:
    with person(browser, served, "ann", ADMIN) as found:
        page = found.page
        check_page(found, "/baselines")
        check_page(found, "/baselines/new?from=packaged:small-office", name="baseline-edit")
        page.get_by_label("Name", exact=True).fill("branch-offices")
        page.get_by_label("What changed and why").fill(f"no Wi-Fi Direct {HOSTILE}")
        expect(page.locator("#troubles")).to_contain_text("nothing contradicts itself")
        page.get_by_text("Security Policy Settings, all items").click()
        page.get_by_label("SP-01").check()
        expect(page.locator("#troubles")).to_contain_text("SO-14, SP-01")
        page.get_by_label("SP-01").uncheck()
        expect(page.locator("#troubles")).to_contain_text("nothing contradicts itself")
        page.get_by_label("SO-14").uncheck()
        page.get_by_role("button", name="Keep as a new version").click()
        expect(page.get_by_text("It holds once approved.")).to_be_visible()
        assert "branch-offices" not in served.console.services.crew.content.baselines
        page.get_by_role("button", name="Propose").click()
        expect(page.get_by_text("A second person has to decide this.")).to_be_visible()
        check_page(found, "/baselines/diff?one=packaged:small-office&other=own:branch-offices:1")
        expect(page.locator("tbody")).to_contain_text("SO-14")
    approve(browser, served)
    own = served.console.services.crew.content.baselines["branch-offices"]
    assert "SO-14" not in {one.id for one in own.considerations}
    with person(browser, served, "ann", ADMIN) as found:
        check_page(found, "/baselines/branch-offices", name="baseline-own")
        answer = found.context.request.get(f"{served.url}/baselines/branch-offices/text")
        file = tmp_path / "own.toml"
        file.write_bytes(answer.body())
    words = Words(baseline_file=file)
    assert open_session(load_content(), "small-office", words).baseline == own


def test_a_policy_is_made_from_a_device_and_read_by_the_command_line(
    browser: Browser, served: Served, tmp_path: Path
) -> None:
    with person(browser, served, "ann", ADMIN) as found:
        page = found.page
        check_page(found, "/policies")
        found.open("/policies")
        page.get_by_label("From a template").select_option("device:1")
        page.get_by_role("button", name="Begin").click()
        expect(page.locator("#troubles")).to_contain_text("0 are on")
        check_page(found, "/policies/new?from=packaged:security-policy", name="policy-edit")
        expect(page.locator("#troubles")).to_contain_text("SP-27, SP-38")
        page.get_by_label("password-length").fill("99")
        expect(page.locator("#troubles")).to_contain_text("1 to 32")
        page.get_by_label("password-length").fill("14")
        page.get_by_label("Name", exact=True).fill("headquarters")
        page.get_by_role("button", name="Keep as a new version").click()
        check_page(found, "/policies/headquarters", name="policy")
        answer = found.context.request.get(f"{served.url}/policies/headquarters/text")
        file = tmp_path / "policy.toml"
        file.write_bytes(answer.body())
    sheet = read_sheet(file.read_text(encoding="utf-8"), "file", load_content())
    assert sheet.values["password-length"] == 14


def test_a_person_without_an_account_answers_once(browser: Browser, served: Served) -> None:
    with person(browser, served, "ann", ADMIN) as found:
        page = found.page
        found.open("/questionnaires")
        page.get_by_role("button", name="Ask somebody").click()
        page.get_by_label("Who is asked").fill(f"Jo {HOSTILE}")
        page.get_by_role("button", name="Make the link").click()
        link = page.locator("#link").inner_text().removeprefix(served.url)
        check_page(found, "/questionnaires")
    with window(browser, served) as outside:
        page = outside.page
        check_page(outside, link, name="answer")
        page.get_by_role("button", name="Send the answers").click()
        expect(page.get_by_role("alert")).to_contain_text("no question is answered")
        outside.faults.clear()  # the browser notes the 422 itself
        page.get_by_label("Answer", exact=True).first.select_option("true")
        page.get_by_label("What shows it").first.fill(HOSTILE)
        page.get_by_role("button", name="Send the answers").click()
        expect(page.get_by_text("Your answers are kept.")).to_be_visible()
        outside.open(link)
        expect(page.get_by_text("This link is over")).to_be_visible()
        outside.faults.clear()  # and the 404
    people = People(served.console.services.database)
    before = len(people.attestations())
    with person(browser, served, "ada", [Role.AUDITOR]) as found:
        page = found.page
        found.open("/questionnaires")
        page.locator("tbody a").first.click()
        check_page(found, "/questionnaires/1", name="questionnaire")
        page.get_by_role("button", name="Accept the answers").click()
        expect(page.get_by_text("accepted", exact=True)).to_be_visible()
    assert len(people.attestations()) == before + 1
