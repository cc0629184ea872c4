"""From an empty console to an audited fleet: a site, its printers found and judged, schedules."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, FilePayload, expect
from tests.browser.console import MARKS, check_page, person, served_console, settled
from tests.living import living

from frisket.fleet.roles import Role

pytestmark = MARKS


def sheet(text: bytes) -> FilePayload:
    """Return a list as a browser sends it."""
    return {"name": "a.csv", "mimeType": "text/csv", "buffer": text}


def test_a_site_is_added_searched_and_audited(browser: Browser, tmp_path: Path) -> None:
    with living(2) as lab, served_console(tmp_path) as served:
        devices = lab.devices
        if any(device.port(161) != 161 for device in devices):
            pytest.skip("discovery asks standard ports, which need root here")
        with person(browser, served, "ann", [Role.ADMINISTRATOR]) as window:
            page = window.page
            check_page(window, "/sites")
            page.get_by_label("Name", exact=True).fill("Laboratory")
            networks = " ".join(f"{device.address}/32" for device in devices)
            page.get_by_label("Networks that may be scanned").fill(networks)
            page.get_by_label("Time zone").fill("Europe/Berlin")
            page.get_by_role("button", name="Add it").click()
            expect(page.get_by_text("The site is there.")).to_be_visible()
            page.get_by_label("Packets a second to one device").fill("0")
            page.get_by_role("button", name="Keep").last.click()
            page.get_by_role("button", name="Look for printers now").click()
            expect(page.get_by_text("The search has begun.")).to_be_visible()
            settled(page, "done")
            expect(page.get_by_text("2 devices")).to_be_visible()
            page.locator("#kind-audit").select_option("at")
            page.locator("#at-audit").fill("02:30")
            page.get_by_label("enterprise").check()
            page.locator("#kind-audit").locator("xpath=ancestor::form").get_by_role(
                "button"
            ).click()
            expect(page.get_by_text("Next:")).to_be_visible()
            check_page(window, page.url.removeprefix(served.url), name="site")
            page.get_by_role("link", name="2 devices").click()
            page.get_by_label("Which devices").select_option("all")
            page.get_by_label("What to do").select_option("audit")
            page.get_by_role("button", name="Do it").click()
            expect(page.get_by_text("The audit has begun.")).to_be_visible()
            page.locator("tbody a").first.click()
            settled(page, "Turn SNMPv1 off")
            expect(page.get_by_text("To be done")).to_be_visible()
        assert [device.journal.counts["sheets"] for device in devices] == [0, 0]
        assert [device.journal.counts["failed_logins"] for device in devices] == [0, 0]


def test_a_list_is_taken_in_and_a_bad_one_refused(browser: Browser, tmp_path: Path) -> None:
    with (
        served_console(tmp_path) as served,
        person(browser, served, "ann", [Role.ADMINISTRATOR]) as window,
    ):
        page = window.page
        window.open("/sites")
        page.get_by_label("Name", exact=True).fill("Branch")
        page.get_by_role("button", name="Add it").click()
        text = b"Serial,Address,Model\nXTG1,10.0.0.5,iR-ADV\n,,\nXTG2,10.0.0.6,=cmd\n"
        page.get_by_label("CSV file").set_input_files(sheet(text))
        page.get_by_role("button", name="Take them in").click()
        expect(page.get_by_text("2 devices were taken in.")).to_be_visible()
        page.get_by_label("CSV file").set_input_files(sheet(b"colour\nred\n"))
        page.get_by_role("button", name="Take them in").click()
        expect(page.get_by_text("the list has no column address, serial or mac")).to_be_visible()
        window.faults.clear()  # the browser notes the refusal itself
