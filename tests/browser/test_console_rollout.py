"""A rollout as a person sees it: paused, gone on, tried again, put back; and who a device is."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.browser.console import MARKS, Served, check_page, person, served_console, settled
from tests.browser.test_console_changes import audited, seasoned, take_in
from tests.living import living
from tests.loop.test_fleet_changes import LOGIN

from frisket.drivers.base import Pin
from frisket.fleet.inventory import Sighting
from frisket.fleet.inventory import take_in as meet
from frisket.fleet.logins import set_login
from frisket.fleet.roles import Role
from frisket.model.target import Identity
from frisket.store.inventory import Inventory
from frisket.store.logins import StoredLogins

pytestmark = [
    *MARKS,
    pytest.mark.nightly,
    pytest.mark.timeout(600),
    pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning"),
]


def until(page: Page, text: str, seconds: int = 120) -> None:
    """Wait until the open page says a text by itself: nothing is loaded again."""
    expect(page.locator("#progress").get_by_text(text).first).to_be_visible(timeout=seconds * 1000)


def test_a_rollout_is_led_from_its_page_which_tells_of_each_wave(
    browser: Browser, tmp_path: Path
) -> None:
    with living(4) as lab, served_console(tmp_path) as served:
        ids = take_in(served, lab.devices)
        database = served.console.services.database
        site = Inventory(database).sites()[0].id
        set_login(StoredLogins(database), f"site:{site}", LOGIN, "ann", datetime.now(UTC))
        with person(browser, served, "ann", [Role.OPERATOR]) as window:
            page = window.page
            window.open("/changes/new?site=Lab&baseline=small-office")
            page.get_by_role("button", name="Ask the devices").click()
            settled(page, "Propose it")
            path = page.url.removeprefix(served.url)
            page.get_by_role("button", name="Propose it").click()
            with seasoned(browser, served, "sam", Role.SECURITY_ADMINISTRATOR) as other:
                other.open("/approvals/1")
                other.page.get_by_role("button", name="Approve").click()
            window.open(path)
            # Touched since it was planned: the canary fails, and all halts.
            lab.panel(lab.devices[0], "snmp.v1.enabled", False)
            page.get_by_role("button", name="Begin").click()
            until(page, "a canary failed")
            check_page(window, path, name="rollout-halted")
            assert [d.journal.counts["writes"] for d in lab.devices[1:]] == [0, 0, 0]
            lab.panel(lab.devices[0], "snmp.v1.enabled", True)
            page.get_by_role("button", name="Try 1 failed device again, as approved").click()
            until(page, "1 under way")
            until(page, "the network agrees")
            page.get_by_role("button", name="Pause").click()
            until(page, "by ann")
            check_page(window, path, name="rollout-paused")
            page.get_by_role("button", name="Go on").click()
            until(page, "2 of 2")
            until(page, "Put everything back")
            agrees = page.locator("#progress").get_by_text("the network agrees")
            expect(agrees).to_have_count(3, timeout=60_000)
            check_page(window, path, name="rollout-done")
            assert not any(d.store.effective("snmp.v1.enabled") for d in lab.devices)
            page.get_by_role("button", name="Put everything back").click()
            until(page, "undone")
            for _ in range(120):
                if page.locator("#progress tbody .state", has_text="undone").count() == 4:
                    break
                page.wait_for_timeout(1000)
            check_page(window, path, name="rollout-undone")
            assert all(d.store.effective("snmp.v1.enabled") for d in lab.devices)
            assert len(ids) == len(lab.devices)


def strangers(served: Served, number: int) -> int:
    """Let a device be met with other marks, and another one stand where one stood."""
    database, now = served.console.services.database, datetime.now(UTC)
    inventory = Inventory(database)
    StoredLogins(database).pin(number, Pin("80aa", "A1", "ffee" * 16), now)
    site = inventory.add_site("Two", ["10.0.0.0/24"], now)
    inventory.save_group("Halls", {"model": ["x"]}, "ann", now)
    old = meet(inventory, site, Sighting("10.0.0.1", Identity(serial="OLD1")), now)
    meet(inventory, site, Sighting("10.0.0.1", Identity(serial="NEW1")), now)
    return old.device_id


def test_a_device_its_site_and_who_it_is(browser: Browser, tmp_path: Path) -> None:
    with living(1) as lab, served_console(tmp_path) as served:
        [number] = take_in(served, lab.devices)
        audited(served, [number])
        with ThreadPoolExecutor(1) as aside:
            old = aside.submit(strangers, served, number).result()
        with person(browser, served, "root", [Role.ADMINISTRATOR]) as window:
            page = window.page
            window.open("/sites/1")
            form = page.locator("form", has=page.locator("#kind-audit"))
            page.locator("#kind-audit").select_option("at")
            page.locator("#at-audit").fill("02:30")
            page.locator("#qb-audit").fill("19:00")
            page.locator("#qe-audit").fill("01:00")
            form.get_by_label("Mon").check()
            form.get_by_label("Halls").check()
            form.get_by_role("button", name="Keep").click()
            expect(page.get_by_text("2:30:00")).to_have_count(3)
            check_page(window, "/sites/1", name="site-schedules")
            check_page(window, f"/devices/{number}", name="device-whole")
            expect(page.locator("#work").get_by_text("next")).to_be_visible()
            expect(page.locator("#services li").first).to_contain_text("open")
            expect(page.locator("#certificates").get_by_text("days left")).to_be_visible()
            check_page(window, f"/devices/{number}/identity", name="identity-another")
            check_page(window, f"/devices/{old}/identity", name="identity-replaced")
            window.open("/devices")
            expect(page.get_by_role("link", name="another device at this address")).to_be_visible()
            window.open(f"/devices/{old}/identity")
            page.get_by_role("button", name="It was replaced on purpose").click()
            expect(
                page.get_by_text("It has taken its place; the old one is retired.")
            ).to_be_visible()
