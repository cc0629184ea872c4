"""Chromium finds its way into the console: first run, login, passkey; every page is judged."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from tests.browser.console import (
    MARKS,
    PASSWORD,
    Served,
    check_page,
    keep,
    person,
    served_console,
    window,
)

from frisket.console.auth.first_run import new_link
from frisket.console.page import Page

pytestmark = MARKS


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served_console(tmp_path_factory.mktemp("console")) as found:
        yield found


def test_the_first_account_is_made_over_the_link_which_dies(
    browser: Browser, tmp_path: Path
) -> None:
    with served_console(tmp_path) as served:
        services = served.console.services
        secret = new_link(services.database, services.clock(), services.settings.link)
        with window(browser, served) as found:
            page = found.page
            found.open("/")
            page.get_by_text("There is no account yet").wait_for()
            check_page(found, f"/first-run/{secret}", name="first-run")
            page.get_by_label("Name to log in with").fill("ann")
            page.get_by_label("Password", exact=True).fill("short")
            page.get_by_label("Password again").fill("short")
            page.get_by_role("button", name="Make the account").click()
            page.get_by_text("Use at least 15 characters").wait_for()
            # A browser calls every answer of 4xx a fault of its console.
            found.faults.clear()
            page.get_by_label("Password", exact=True).fill(PASSWORD)
            page.get_by_label("Password again").fill(PASSWORD)
            page.get_by_role("button", name="Make the account").click()
            page.get_by_role("heading", name="Overview").wait_for()
            found.open(f"/first-run/{secret}")
            page.get_by_text("This link is over").wait_for()
            found.faults.clear()
            page.get_by_role("button", name="Log out").click()
            page.get_by_label("Name").fill("ANN")
            page.get_by_label("Password").fill(PASSWORD)
            page.get_by_role("button", name="Log in", exact=True).click()
            page.get_by_role("heading", name="Overview").wait_for()
        assert new_link(services.database, services.clock(), services.settings.link) is None


def plain(pages: tuple[Page, ...]) -> list[str]:
    """Return the pages that can be opened without knowing more."""
    return [
        page.path
        for page in pages
        if page.method == "GET" and "{" not in page.path and page.path != "/events"
    ]


def test_every_page_is_open_to_everyone(browser: Browser, served: Served) -> None:
    with person(browser, served) as found:
        for path in plain(served.console.pages):
            answer = found.context.request.get(f"{served.url}{path}")
            assert answer.ok, path
            if "text/html" in answer.headers["content-type"] and path != "/login/code":
                check_page(found, path)
    with window(browser, served) as found:
        for path in ("/login", "/login/code"):
            check_page(found, path)
        found.open("/nothing-here")
        keep(found.page, "fault")
        found.faults.clear()
