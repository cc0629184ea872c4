"""Groups and views, and the interface's page: small pages that share one console."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser
from tests.browser.console import MARKS, Served, check_page, chromium, person, served_console

pytestmark = MARKS


def test_a_filter_is_kept_and_found_again(tmp_path: Path) -> None:
    with chromium() as browser, served_console(tmp_path) as served:
        _keep_and_find(browser, served)
        _read_the_interface(browser, served)


def _keep_and_find(browser: Browser, served: Served) -> None:
    with person(browser, served) as window:
        check_page(window, "/groups?q=hall&score_below=50", name="groups")
        page = window.page
        page.get_by_label("Name", exact=True).fill("Halls & <more>")
        page.get_by_label("Keep it as").select_option("group")
        page.get_by_role("button", name="Keep", exact=True).click()
        page.get_by_role("link", name="Halls & <more>").click()
        page.wait_for_url("**/devices?group=*")
        assert page.get_by_label("Group", exact=True).input_value() == "Halls & <more>"
        check_page(window, "/groups", name="groups-kept")


def _read_the_interface(browser: Browser, served: Served) -> None:
    """People read what programs can do, from this console alone; a word narrows it."""
    with person(browser, served) as window:
        check_page(window, "/interface?q=changes", name="interface")
        page = window.page
        page.locator("#changes-plan summary").click()
        assert page.get_by_text("plan-changes").first.is_visible()
        page.goto(f"{served.url}/interface")
        assert page.locator("details").count() > 150
