"""Board, supplies, counters, alerts and collectors, filled with months of reports."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Browser, expect
from tests.browser.console import MARKS, Served, check_page, person, served_console
from tests.browser.reports import reported

from frisket.fleet.alert_sending import Alarming
from frisket.fleet.roles import Role
from frisket.store.inventory import Inventory
from frisket.telemetry.billing import Signed, verify

pytestmark = MARKS
HOSTILE = "<img src=x onerror=alert(1)>'\"=cmd|' /C calc'!A1"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served_console(tmp_path_factory.mktemp("service")) as found:
        services = found.console.services
        now = datetime.now(UTC)
        # The last report is of a day on which device 2 jams: its alert stands.
        reported(services.database, now - timedelta(minutes=5), days=73, hostile=HOSTILE)
        Inventory(services.database).add_site("Branch", [], now)
        yield found


def rows_of(text: str) -> list[dict[str, str]]:
    rows = list(csv.DictReader(io.StringIO(text)))
    assert not any(value[:1] in "=+-@" for row in rows for value in row.values() if value)
    return rows


def test_the_board_and_supplies_show_what_ends_first(browser: Browser, served: Served) -> None:
    with person(browser, served, "ann", [Role.OPERATOR]) as window:
        page, ask = window.page, window.context.request
        check_page(window, "/board")
        expect(page.locator(".tile", has_text="stopped")).to_contain_text("1")
        check_page(window, "/supplies?within=60")
        expect(page.get_by_role("heading", name="8 supplies")).to_be_visible()
        lines = rows_of(ask.get(f"{served.url}/supplies.csv").text())
        assert len(lines) == 8
        assert {row["forecast"] for row in lines} == {"forecast", "not measured"}
        known = [row for row in lines if row["forecast"] == "forecast"]
        assert all(row["earliest"] <= row["empty"] for row in known)
        orders = rows_of(ask.get(f"{served.url}/supplies.csv?orders=1&within=90").text())
        assert orders[0]["supply"].startswith("Black toner")
        assert int(orders[0]["pieces"]) == len(orders[0]["devices"].split())


def test_counters_are_by_month_and_statements_are_signed(browser: Browser, served: Served) -> None:
    with person(browser, served, "ann", [Role.OPERATOR]) as window:
        page, ask = window.page, window.context.request
        check_page(window, "/counters")
        expect(page.get_by_role("link", name=HOSTILE)).to_be_visible()
        check_page(window, "/counters/2", name="counters-device")
        expect(page.get_by_role("rowheader", name="Total 1")).to_be_visible()
        month = (datetime.now(UTC).replace(day=1) - timedelta(days=1)).strftime("%Y-%m")
        place = f"{served.url}/counters/2/statement?month={month}"
        told = json.loads(ask.get(f"{place}&format=json").text())
        signature = bytes.fromhex(told.pop("signature")["value"])
        octets = json.dumps(told, sort_keys=True, separators=(",", ":")).encode("ascii")
        key = served.console.services.gateway.authority.key.public_key()
        stated = verify(Signed(octets, signature), key)
        assert stated["device"]["serial"] == "XTG00002"
        [line] = [line for line in stated["lines"] if line["number"] == 101]
        days = round(line["pages"] / 80)
        assert 28 <= days <= 31  # eighty pages a day
        assert "Total 1" in ask.get(f"{place}&format=text").text()
        rows = rows_of(ask.get(f"{served.url}/counters.csv").text())
        assert {row["number"] for row in rows} == {"101", "123"}
        window.open("/counters/999")
        window.faults.clear()  # the browser notes the 404 itself


def test_alerts_are_seen_by_somebody_once(browser: Browser, served: Served) -> None:
    with person(browser, served, "ann", [Role.OPERATOR]) as window:
        page = window.page
        check_page(window, "/alerts?days=90")
        expect(page.get_by_role("heading", name="Jams by device")).to_be_visible()
        page.get_by_label("jam in the duplex unit").check()
        page.get_by_label("Note").fill("on my way")
        page.get_by_role("button", name="Acknowledge the ticked").click()
        expect(page.get_by_text("ann: on my way")).to_be_visible()
        rows = rows_of(window.context.request.get(f"{served.url}/alerts.csv?days=90").text())
        assert {row["what"] for row in rows} == {"jam in the duplex unit"}
        assert [row["seen by"] for row in rows if row["note"]] == ["ann"]
        assert sum(not row["ended"] for row in rows) == 1


def test_a_collector_is_enrolled_and_shut_out(browser: Browser, served: Served) -> None:
    with person(browser, served, "cid", [Role.ADMINISTRATOR]) as window:
        page = window.page
        check_page(window, "/collectors")
        page.get_by_label("Site", exact=True).first.select_option("Branch")
        page.get_by_role("button", name="Make a one-time token").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("One-time token")
        secret = page.locator("#token").inner_text()
        assert len(secret) > 40
        window.open("/collectors")
        expect(page.get_by_text("No collector yet")).to_be_visible()
        assert secret not in page.content()


def test_a_rule_tells_and_its_secret_is_never_shown(browser: Browser, served: Served) -> None:
    with person(browser, served, "ann", [Role.OPERATOR]) as window:
        page = window.page
        check_page(window, "/alert-rules", name="alert-rules-empty")
        page.get_by_text("Add a channel", exact=True).click()
        page.locator("#channel-name").fill("Ticket system")
        page.get_by_label("Kind").select_option("webhook")
        page.get_by_label("Webhook: address").fill("https://127.0.0.1:1/hook")
        page.get_by_label("Secret", exact=True).fill("a secret of some length")
        page.get_by_role("button", name="Add the channel").click()
        expect(page.get_by_text("set, not shown")).to_be_visible()
        assert "a secret of some length" not in page.content()
        page.get_by_text("Add a rule", exact=True).click()
        page.get_by_label("Name", exact=True).first.fill("Toner is low")
        page.get_by_label("Limit").fill("99")
        page.get_by_label("Over at").fill("99.5")
        page.get_by_label("Ticket system").check()
        page.get_by_role("button", name="Add the rule").click()
        expect(page.get_by_text("The rule is in force.")).to_be_visible()
        crew = served.console.services.crew
        quarter = datetime(2026, 3, 2, 12, tzinfo=UTC).isoformat()
        with ThreadPoolExecutor(1) as aside:
            waiting = aside.submit(Alarming(crew).look, quarter).result()
        assert len(waiting) == 4
        with ThreadPoolExecutor(1) as aside:
            assert aside.submit(Alarming(crew).deliver, waiting[0]).result() == "failed"
        check_page(window, "/alert-rules")
        expect(page.get_by_text("tried again").first).to_be_visible()
        page.get_by_role("button", name="Forget Toner is low").click()
        expect(page.get_by_text("No rule yet")).to_be_visible()


def test_one_site_is_all_that_its_people_see(browser: Browser, served: Served) -> None:
    branch = next(
        site.id
        for site in Inventory(served.console.services.database).sites()
        if site.name == "Branch"
    )
    with person(browser, served, "bob", [Role.OPERATOR], site=branch) as window:
        for path in ("/board", "/supplies", "/counters", "/alerts", "/collectors"):
            window.open(path)
            assert "XTG0000" not in window.page.content()
            assert "print-00" not in window.page.content()
        ask = window.context.request
        for path in ("board", "supplies", "counters", "alerts", "collectors"):
            assert len(ask.get(f"{served.url}/{path}.csv").text().splitlines()) == 1
        assert ask.get(f"{served.url}/counters/2").status == 404
        assert ask.get(f"{served.url}/board?site=1").status == 404
