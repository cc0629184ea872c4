"""The device list: filters, order, pages, columns, bulk acts and export, in a browser."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, expect
from sqlalchemy import insert
from tests.browser.console import MARKS, Served, check_page, person, served_console

from frisket.audit.capture import Capture
from frisket.audit.session import Session
from frisket.fleet.results import record_of
from frisket.fleet.roles import Role
from frisket.model.reading import Known, Readings, Unread, Why, Witness
from frisket.model.target import Identity
from frisket.store.audits import Audits
from frisket.store.inventory import Inventory, raise_alarm, words_of
from frisket.store.tables.device import DEVICE

pytestmark = MARKS
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOSTILE = "<img src=x onerror=alert(1)>'\"=cmd|' /C calc'!A1"


def fill(served: Served, count: int = 120) -> None:
    """Put devices of two sites into the inventory, one of them hostile."""
    inventory = Inventory(served.console.services.database)
    sites = [inventory.add_site(name, ["10.0.0.0/8"], NOW) for name in ("Head office", "Branch")]
    rows: list[dict[str, Any]] = []
    for number in range(1, count + 1):
        values: dict[str, Any] = {
            "site_id": sites[number % 2],
            "key": f"serial:canon:XTG{number:05}",
            "serial": f"XTG{number:05}",
            "address": f"10.0.{number // 250}.{number % 250}",
            "vendor": "Canon",
            "model": ("iR-ADV C5560", "iR-ADV DX 6000", "iR-ADV 4545")[number % 3],
            "name": HOSTILE if number == 7 else f"print-{number:03}",
            "location": "Ground floor, by the stairs",
            "firmware": "v61.05",
            "state": ("managed", "managed", "new")[number % 3],
            "status": ("idle", "printing", "asleep", "warning", "down")[number % 5],
            "toner": number % 101,
            "pages": number * 1234,
            "compliance": None if number % 11 == 0 else (number % 10) / 10,
            "coverage": 0.8,
            "worst": ("", "low", "medium", "high")[number % 4],
            "first_seen": NOW - timedelta(days=90),
            "last_seen": NOW - timedelta(hours=number),
        }
        rows.append({**values, "search": words_of(values)})
    with served.console.services.database.write() as connection:
        connection.execute(insert(DEVICE), rows)


def test_the_list_filters_orders_and_exports(browser: Browser, tmp_path: Path) -> None:
    with served_console(tmp_path) as served:
        fill(served)
        with person(browser, served, "ann", [Role.OPERATOR]) as window:
            check_page(window, "/devices")
            page = window.page
            expect(page.get_by_text("120 devices")).to_be_visible()
            page.get_by_label("Search").fill("xtg0001")
            page.keyboard.press("Enter")
            expect(page.get_by_text("10 devices · filtered")).to_be_visible()
            page.get_by_role("link", name="Clear all filters").click()
            page.get_by_text("Filters", exact=True).click()
            page.get_by_label("Branch 60").check()
            expect(page.get_by_text("60 devices · filtered")).to_be_visible()
            page.get_by_role("link", name="Lowest supply").click()
            expect(page.locator("tbody tr").first).to_contain_text("0 %")
            page.get_by_role("link", name="On", exact=True).click()
            expect(page.get_by_text("Page 2 of 2")).to_be_visible()
            check_page(window, "/devices?q=no+such+device")
            window.open(f"/devices?q={HOSTILE.split(maxsplit=1)[0]}")
            expect(page.get_by_role("link", name=HOSTILE)).to_be_visible()
            answer = window.context.request.get(f"{served.url}/devices.csv?site=Branch")
            rows = list(csv.DictReader(io.StringIO(answer.text())))
            assert len(rows) == 60
            assert {row["site"] for row in rows} == {"Branch"}
            assert not any(value[:1] in "=+-@" for row in rows for value in row.values() if value)


def test_a_bulk_act_means_the_filter_or_the_ticked(browser: Browser, tmp_path: Path) -> None:
    with served_console(tmp_path) as served:
        fill(served)
        inventory = Inventory(served.console.services.database)
        with person(browser, served, "ann", [Role.OPERATOR]) as window:
            window.open("/devices?site=Branch")
            page = window.page
            page.get_by_label("Which devices").select_option("all")
            page.get_by_label("What to do").select_option("tag")
            page.get_by_label("Tag", exact=True).fill("second wave")
            page.get_by_role("button", name="Do it").click()
            expect(page.get_by_text("Done.")).to_be_visible()
            expect(page.get_by_text("60 devices")).to_be_visible()
            window.open("/devices?tag=second+wave")
            expect(page.get_by_text("60 devices · filtered")).to_be_visible()
            page.locator("tbody input[type=checkbox]").first.check()
            page.get_by_label("What to do").select_option("retired")
            page.get_by_role("button", name="Do it").click()
            expect(page.get_by_text("Done.")).to_be_visible()
            window.open("/devices?state=retired")
            expect(page.get_by_text("1 device · filtered")).to_be_visible()
            check_page(window, "/devices?state=retired")
        assert len(inventory.tags(2)) + len(inventory.tags(1)) == 1


def test_who_may_see_one_site_sees_and_changes_no_other(browser: Browser, tmp_path: Path) -> None:
    with served_console(tmp_path) as served:
        fill(served)
        served.account("bob", [Role.OPERATOR], site=2)
        with person(browser, served, "bob") as window:
            window.open("/devices")
            expect(window.page.get_by_text("60 devices")).to_be_visible()
            answer = window.context.request.get(f"{served.url}/devices.csv?site=Head+office")
            assert len(answer.text().splitlines()) == 1


def judged(served: Served, device_id: int) -> None:
    """Keep an audit of a device that SNMPv1 answers though the device says it is off."""
    services = served.console.services
    content = services.crew.content
    readings = Readings(
        {
            "snmp.v1.enabled": [
                Known(True, Witness.NETWORK, NOW, "snmp", HOSTILE),
                Known(False, Witness.DEVICE, NOW, "snmp-v3"),
            ],
            "http.enabled": [Known(True, Witness.NETWORK, NOW, "http")],
            "lpd.enabled": [Unread(Why.SILENT, "ftp", "nothing came back")],
        }
    )
    capture = Capture("10.0.0.7", Identity("Canon", serial="XTG00007"), readings, NOW)
    session = Session(content, content.baseline("small-office"), lambda: NOW)
    result = session.judge(capture)
    kept = record_of(device_id, "small-office", result, capture, content.catalog)
    Audits(services.database).keep([kept])


def test_a_device_shows_its_witnesses_and_findings(browser: Browser, tmp_path: Path) -> None:
    with served_console(tmp_path) as served:
        fill(served, 10)
        judged(served, 7)
        with person(browser, served, "ann", [Role.OPERATOR]) as window:
            check_page(window, "/devices/7?tab=settings", name="device")
            page = window.page
            line = page.locator("tr", has_text="snmp.v1.enabled")
            expect(line.get_by_text("disputed")).to_be_visible()
            expect(line.get_by_text("on", exact=True)).to_be_visible()
            expect(line.get_by_text("off", exact=True)).to_be_visible()
            expect(page.locator("tr", has_text="lpd.enabled")).to_contain_text("nothing came back")
            page.get_by_label("Notes").fill(HOSTILE)
            page.get_by_role("button", name="Keep").click()
            expect(page.get_by_label("Notes")).to_have_value(HOSTILE)
            check_page(window, "/devices/6", name="device-unaudited")
            window.open("/devices/999")
            expect(page.get_by_role("heading", level=1)).to_contain_text("Nothing")
            window.faults.clear()  # the browser notes the 404 itself


def test_compliance_shows_course_heat_and_failures(browser: Browser, tmp_path: Path) -> None:
    with served_console(tmp_path) as served:
        fill(served, 10)
        for number in (1, 2, 7):
            judged(served, number)
        with person(browser, served, "ann", [Role.AUDITOR]) as window:
            page = window.page
            check_page(window, "/compliance")
            expect(page.get_by_text("devices judged")).to_be_visible()
            page.get_by_role("link", name="SO-05").first.click()
            expect(page.locator("tbody tr")).to_have_count(3)
            check_page(window, "/compliance/small-office/SO-05", name="consideration")
            check_page(window, "/standards/stig", name="standard")
            check_page(window, "/compliance?baseline=modern", name="compliance-empty")


def test_the_overview_says_what_to_look_at(browser: Browser, tmp_path: Path) -> None:
    with served_console(tmp_path) as served:
        fill(served, 10)
        judged(served, 7)
        services = served.console.services
        with services.database.write() as connection:
            raise_alarm(connection, 7, "another device at this address", HOSTILE, NOW)
        with person(browser, served, "ann", [Role.READ_ONLY]) as window:
            check_page(window, "/", name="home")
            expect(window.page.get_by_text("another device at this address")).to_be_visible()
            expect(window.page.get_by_text("small-office")).to_be_visible()
