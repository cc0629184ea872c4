"""Chromium as a person: a passkey, an authenticator, a token, an account by two, the log."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pyotp
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

from frisket.console.language import Disguise
from frisket.console.registry import find_pages
from frisket.fleet.roles import Role
from frisket.fleet.verifying import verify

pytestmark = MARKS


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served_console(tmp_path_factory.mktemp("console")) as found:
        yield found


def test_a_passkey_is_added_and_lets_its_person_in(browser: Browser, served: Served) -> None:
    with person(browser, served, "pat", [Role.READ_ONLY]) as found:
        page = found.page
        devices = found.context.new_cdp_session(page)
        devices.send("WebAuthn.enable")
        devices.send(
            "WebAuthn.addVirtualAuthenticator",
            {
                "options": {
                    "protocol": "ctap2",
                    "transport": "internal",
                    "hasResidentKey": True,
                    "hasUserVerification": True,
                    "isUserVerified": True,
                    "automaticPresenceSimulation": True,
                }
            },
        )
        found.open("/profile")
        page.get_by_label("Name of the new passkey").fill("a blue key")
        page.get_by_role("button", name="Add a passkey").click()
        page.get_by_text("a blue key").first.wait_for()
        page.get_by_role("button", name="Log out").click()
        page.get_by_role("button", name="Log in with a passkey").click()
        page.get_by_role("heading", name="Overview").wait_for()
        # A passkey is proof enough for something dangerous, without a password.
        found.open("/profile/tokens")
        page.get_by_role("heading", name="New token").wait_for()
        found.open("/profile")
        page.get_by_role("button", name="Forget a blue key").click()
        page.get_by_text("The passkey is forgotten.").wait_for()
        found.open("/profile")
        page.get_by_role("button", name="Log out").click()
        page.get_by_role("button", name="Log in with a passkey").click()
        page.get_by_role("alert").filter(has_text="This passkey is not known").wait_for()
        assert [fault for fault in found.faults if "400" not in fault] == []
        found.faults.clear()


def test_an_authenticator_is_set_up_and_asked_for(browser: Browser, served: Served) -> None:
    with person(browser, served, "tom", [Role.READ_ONLY]) as found:
        page = found.page
        check_page(found, "/profile/authenticator")
        secret = page.locator(".secret").inner_text().replace(" ", "")
        page.get_by_label("Code").fill(pyotp.TOTP(secret).now())
        page.get_by_role("button", name="Turn it on").click()
        page.get_by_role("heading", name="Keep these codes").wait_for()
        keep(page, "recovery")
        recovery = page.locator("#codes").inner_text().split()
        assert len(recovery) == 10
        page.get_by_role("link", name="I have kept them").click()
        page.get_by_role("button", name="Log out").click()
        page.get_by_label("Name").fill("tom")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Log in", exact=True).click()
        page.get_by_label("Code").fill(recovery[0])
        page.get_by_role("button", name="Log in").click()
        page.get_by_role("heading", name="Overview").wait_for()


def test_a_token_is_shown_once(browser: Browser, served: Served) -> None:
    with person(browser, served, "ann") as found:
        page = found.page
        check_page(found, "/profile/tokens")
        page.get_by_label("Name").fill("inventory sync")
        page.get_by_role("button", name="Make the token").click()
        token = page.locator("#token").inner_text()
        assert token.startswith("frk_")
        found.open("/profile")
        assert token not in page.content()
        bearer = {"authorization": f"Bearer {token}"}
        answer = browser.new_context().request.get(f"{served.url}/api/v1/status", headers=bearer)
        assert answer.json()["account"] == "ann"


def test_an_account_takes_two_persons_and_its_link_works_once(
    browser: Browser, tmp_path: Path
) -> None:
    with served_console(tmp_path) as served:
        accounts = served.console.services.accounts
        for name, role in (("ada", Role.ADMINISTRATOR), ("sec", Role.SECURITY_ADMINISTRATOR)):
            made = served.account(name, [role])
            accounts.change(made.id, elevated=made.elevated - timedelta(days=2))
        with person(browser, served, "ada") as found:
            page = found.page
            found.open("/users")
            page.get_by_role("button", name="New account").click()
            page.get_by_label("Name to log in with").fill("newbie")
            page.get_by_label("Role 1", exact=True).select_option("operator")
            page.get_by_role("button", name="Propose").click()
            page.get_by_text("A second person has to decide this.").wait_for()
            where = page.url.removeprefix(served.url)
            assert page.get_by_role("button", name="Approve").count() == 0
        with person(browser, served, "sec") as found:
            page = found.page
            check_page(found, where, name="approval")
            page.get_by_role("button", name="Approve and carry out").click()
            link = page.locator("#told-1").inner_text()
            keep(page, "approval-carried-out")
            check_page(found, "/approvals", name="approvals-decided")
            check_page(found, "/users", name="users-three")
            check_page(found, f"/users/{served.account('newbie').id}", name="user")
        with window(browser, served) as found:
            page = found.page
            path = link.removeprefix(served.url)
            check_page(found, path, name="welcome")
            page.get_by_label("Password", exact=True).fill(PASSWORD)
            page.get_by_label("Password again").fill(PASSWORD)
            page.get_by_role("button", name="Go in").click()
            page.get_by_role("heading", name="Your account").wait_for()
            found.open(path)
            page.get_by_text("This link is over").wait_for()
            found.open("/users")
            page.get_by_role("heading", name="Not allowed").wait_for()
            found.faults.clear()
        with person(browser, served, "sec") as found:
            page = found.page
            found.open("/log")
            page.get_by_role("button", name="Verify now").click()
            page.get_by_text("The chain holds").wait_for()
            check_page(found, "/log", name="log-filled")
            with page.expect_download() as waiting:
                page.get_by_role("link", name="Export").click()
            waiting.value.save_as(tmp_path / "log.jsonl")
        with (tmp_path / "log.jsonl").open(encoding="utf-8") as lines:
            assert verify(lines).size > 6


def test_keys_open_pages_and_can_be_turned_off(browser: Browser, served: Served) -> None:
    with person(browser, served, "kim", [Role.READ_ONLY]) as found:
        page = found.page
        found.open("/")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip"
        page.keyboard.press("g")
        page.keyboard.press("d")
        page.get_by_role("heading", name="Devices", level=1).wait_for()
        page.keyboard.press("?")
        page.get_by_role("dialog").wait_for()
        keep(page, "keyboard")
        page.keyboard.press("Escape")
        found.open("/profile")
        page.get_by_label("Single keys do something").uncheck()
        page.get_by_role("button", name="Keep").click()
        page.get_by_text("Kept.").wait_for()
        page.keyboard.press("?")
        assert page.get_by_role("dialog").count() == 0


def test_the_chosen_theme_and_zone_stay(browser: Browser, served: Served) -> None:
    with person(browser, served, "lou", [Role.READ_ONLY]) as found:
        page = found.page
        found.open("/profile")
        page.get_by_text("Dark", exact=True).click()
        page.get_by_label("Time zone").fill("Asia/Tokyo")
        page.get_by_role("button", name="Keep").click()
        page.get_by_text("Times in Asia/Tokyo").wait_for()
        assert page.evaluate("document.documentElement.dataset.bsTheme") == "dark"
        page.get_by_role("button", name="Log out").click()
        page.get_by_role("heading", name="Log in").wait_for()
        assert page.evaluate("document.documentElement.dataset.bsTheme") == "dark"


def test_every_text_goes_through_the_catalogue_and_has_room(
    browser: Browser, tmp_path: Path
) -> None:
    """In words two fifths longer no page scrolls sideways; that none stays plain is judged by
    tests/unit/console/test_disguise.py.
    """
    with (
        served_console(tmp_path, {"en": Disguise()}) as served,
        person(browser, served, "ann") as found,
    ):
        page = found.page
        found.resize(320)
        shown = [one.path for one in find_pages() if one.method == "GET" and "{" not in one.path]
        apart = {"/events", "/healthz", "/readyz", "/log/export", "/login", "/login/code"}
        paths = [path for path in shown if path not in apart and not path.endswith(".csv")]
        assert len(paths) > 25
        wide = []
        for path in paths:
            found.open(path)
            if page.evaluate("document.documentElement.scrollWidth") > 320:
                wide.append(path)
                keep(page, f"wide-{path.strip('/').replace('/', '-')}")
        assert wide == []
