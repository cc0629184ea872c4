"""Chromium uses the Remote UI: login, a setting, a policy; axe and the console judge each page."""

from __future__ import annotations

import asyncio
import os
import shutil
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright
from tests.lab import running_device

from frisket.mfd.address_book import Address, AddressKind
from frisket.mfd.device import Device
from frisket.mfd.remote_ui.pages.settings import menu_of
from frisket.mfd.remote_ui.router import find_routes
from frisket.mfd.ticket import Ticket
from frisket.mfd.users import Role
from frisket.model.reading import Value

pytestmark = [pytest.mark.peer("chromium"), pytest.mark.timeout(300)]

AXE = Path(__file__).resolve().parents[1] / "npm" / "node_modules" / "axe-core" / "axe.min.js"
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
Scheme = Literal["light", "dark"]


@contextmanager
def living_device(settings: Mapping[str, Value]) -> Iterator[Device]:
    """Run a device in a thread, so that the browser can be driven from here."""
    ready: list[Device] = []
    started, over = threading.Event(), threading.Event()

    async def live() -> None:
        async with running_device(settings=settings, services=["http"]) as (device, _):
            ready.append(device)
            started.set()
            await asyncio.to_thread(over.wait)

    thread = threading.Thread(target=lambda: asyncio.run(live()))
    thread.start()
    try:
        assert started.wait(20)
        yield ready[0]
    finally:
        over.set()
        thread.join()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        program = shutil.which("chromium")
        launched = playwright.chromium.launch(executable_path=program, args=list(FLAGS))
        yield launched
        launched.close()


@dataclass
class Watched:
    """A page, what its console said, and which hosts it asked."""

    page: Page
    url: str
    faults: list[str] = field(default_factory=list)
    strangers: list[str] = field(default_factory=list)

    def open(self, path: str) -> None:
        self.page.goto(f"{self.url}{path}")

    def log_in(self, password: str = "7654321") -> None:
        self.open("/")
        self.page.get_by_label("User Name").fill("Administrator")
        self.page.get_by_label("Password").fill(password)
        self.page.get_by_role("button", name="Log In").click()


@contextmanager
def watched(
    browser: Browser, device: Device, width: int = 1280, scheme: Scheme = "light"
) -> Iterator[Watched]:
    """Open a browser window of its own; it must end without a word on the console."""
    tls = device.store.on("remote-ui.tls.enabled")
    url = f"https://{device.address}:8443" if tls else f"http://{device.address}:8000"
    context = browser.new_context(
        ignore_https_errors=True,
        color_scheme=scheme,
        viewport={"width": width, "height": 900},
    )
    context.add_init_script(AXE.read_text(encoding="utf-8") if AXE.exists() else "")
    window = Watched(context.new_page(), url)

    def hear(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            window.faults.append(message.text)

    window.page.on("console", hear)
    window.page.on("pageerror", lambda fault: window.faults.append(str(fault)))

    def note(request: Any) -> None:
        if not request.url.startswith(url):
            window.strangers.append(request.url)

    window.page.on("request", note)
    yield window
    context.close()
    assert not window.strangers


def barriers(page: Page) -> list[tuple[str, str]]:
    found = page.evaluate("axe.run()")
    return [
        (fault["id"], node["html"][:200])
        for fault in found["violations"]
        if fault["impact"] in {"serious", "critical"}
        for node in fault["nodes"]
    ]


def all_pages(device: Device) -> list[str]:
    """Return every page that a visitor can open, with one settings page of each kind of field."""
    paths = [
        r.path for r in find_routes() if r.method == "GET" and r.path.startswith(("/rps/", "/sms/"))
    ]
    aliases = {"/rps/password", "/rps/policy/edit"}
    plain = [p for p in paths if "{" not in p and ".cgi" not in p and p not in aliases]
    menus = list(menu_of(device))
    return [
        *plain,
        "/rps/password",
        "/rps/policy/edit",
        *(f"/rps/settings/{m}" for m in menus[::9]),
    ]


SOME = ("/rps/settings?q=snmp", "/rps/mailboxes/7")


def fill(device: Device) -> None:
    """Give the lists of a device something to show."""
    for wishes in ({"hold": True, "pin": "1234"}, {"hold": True}, {"box": 7}):
        incoming = device.jobs.receive()
        incoming.write(b"%PDF-1.4\n" + b"x" * 2000)
        name = "A contract with a rather long name that has to be broken somewhere.pdf"
        device.jobs.submit(Ticket(via="ipp", user="ann", name=name, **wishes), incoming)
    device.addresses.put(Address("Archive", AddressKind.FILE, "\\\\server\\scans", "scan", "x"))
    device.users.put("ann.with.a.long.name@example.org", Role.GENERAL, "a long password", "test")


def keep(page: Page, name: str) -> None:
    """Keep a picture where a person asked for them."""
    if folder := os.environ.get("FRISKET_PICTURES"):
        page.screenshot(path=f"{folder}/{name}.png", full_page=True)


@pytest.mark.parametrize("tls", [True, False])
def test_a_setting_is_changed_and_a_policy_locks_it(browser: Browser, tls: bool) -> None:
    settings: dict[str, Value] = {"remote-ui.tls.enabled": tls, "password.warn-default": True}
    with living_device(settings) as device, watched(browser, device) as window:
        page = window.page
        window.log_in("wrong")
        assert page.get_by_role("alert").inner_text().startswith("Authentication failed")
        window.log_in()
        page.get_by_role("button", name="Do not change it now").click()
        assert "Ready" in page.locator("main").inner_text()
        assert "for practice" in page.locator(".practice").inner_text()
        page.get_by_role("link", name="Settings/Registration").click()
        page.get_by_role("link", name="SNMP Settings", exact=True).click()
        page.get_by_label("<Use SNMPv1>").uncheck()
        page.get_by_role("button", name="OK").click()
        assert page.get_by_role("status").inner_text() == "1 setting changed."
        assert not device.store.on("snmp.v1.enabled")
        page.get_by_label("<Use SNMPv1>").check()
        page.get_by_role("button", name="OK").click()
        assert device.store.on("snmp.v1.enabled")
        page.get_by_role("link", name="Device Management").click()
        page.get_by_role("link", name="Security Policy Settings").click()
        page.get_by_role("link", name="OK", exact=True).click()
        page.get_by_label("Prohibit Use of SNMPv1").check()
        page.get_by_role("button", name="Apply", exact=True).click()
        assert not device.store.on("snmp.v1.enabled")
        window.open("/rps/settings/preferences.network.snmp-settings")
        assert page.get_by_label("<Use SNMPv1>").is_disabled()
        assert "Prohibit Use of SNMPv1" in page.locator("#snmp-v1-enabled").inner_text()
        page.get_by_role("button", name="Log Out").click()
        page.get_by_role("heading", name="Login").wait_for()
        assert not window.faults


def test_settings_go_out_as_a_file_and_come_in_again(browser: Browser, tmp_path: Path) -> None:
    with living_device({"forwarding.enabled": False}) as device, watched(browser, device) as window:
        page = window.page
        window.log_in()
        window.open("/rps/data")
        page.get_by_label("Encryption password", exact=False).first.fill("enough")
        page.get_by_label("Encryption password again").fill("enough")
        with page.expect_download() as waiting:
            page.get_by_role("button", name="Start Exporting").click()
        assert waiting.value.suggested_filename.endswith(".frisket-dcm")
        waiting.value.save_as(tmp_path / "all.frisket-dcm")
        device.store.set("forwarding.enabled", True, "test", "lab")
        page.get_by_label("File (").set_input_files(tmp_path / "all.frisket-dcm")
        page.get_by_label("Decryption password").fill("enough")
        page.get_by_label("Settings/Registration").check()
        page.get_by_role("button", name="Start Importing").click()
        page.get_by_role("heading", name="The device is restarting").wait_for()
        assert not device.store.on("forwarding.enabled")
        assert not window.faults


def test_turning_tls_on_leads_to_the_encrypted_pages(browser: Browser) -> None:
    with living_device({}) as device, watched(browser, device) as window:
        page = window.page
        window.log_in()
        window.open("/rps/settings/management-settings.license-other.remote-ui")
        page.get_by_label("<Use TLS>").check()
        page.get_by_role("button", name="OK").click()
        page.get_by_role("button", name="Apply Setting Changes").click()
        page.get_by_role("link", name="Back to Settings").click()
        # For the browser this is another site, which gets none of the cookies: log in again.
        page.get_by_role("heading", name="Login").wait_for()
        assert page.url == f"https://{device.address}:8443/"
        page.get_by_label("User Name").fill("Administrator")
        page.get_by_label("Password").fill("7654321")
        page.get_by_role("button", name="Log In").click()
        page.get_by_role("heading", name="Portal").wait_for()
        assert not window.faults
        window.strangers.clear()


@pytest.mark.skipif(not AXE.exists(), reason="axe-core is missing: script/peers installs it")
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 320])
def test_every_page_is_open_to_everyone(browser: Browser, scheme: Scheme, width: int) -> None:
    """No serious or critical finding of axe, no sideways scroll, nothing on the console."""
    with living_device({}) as device, watched(browser, device, width, scheme) as window:
        device.policy.apply(device.store, ["SP-08", "SP-28", "SP-15"], {}, "test")
        fill(device)
        page = window.page
        window.open("/")
        assert barriers(page) == []
        keep(page, f"login-{scheme}-{width}")
        window.log_in()
        device.store.set("remote-ui.tls.enabled", True, "test", "panel")
        window.open("/rps/mailboxes")
        page.get_by_label("Number").fill("7")
        page.get_by_role("button", name="Open", exact=True).click()
        window.open("/sms/")
        page.get_by_label("Password").fill("MeapSmsLogin")
        page.get_by_role("button", name="Log In").click()
        for number, path in enumerate([*all_pages(device), *SOME, "/nope"]):
            window.open(path)
            assert barriers(page) == [], path
            assert page.evaluate("document.documentElement.scrollWidth") <= width, path
            keep(page, f"{number:02d}-{path.strip('/').replace('/', '-')[:40]}-{scheme}-{width}")
        assert [f for f in window.faults if "404" not in f] == []


def test_the_way_in_is_open_to_the_keyboard(browser: Browser) -> None:
    with living_device({}) as device, watched(browser, device) as window:
        page = window.page
        window.open("/")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip"
        page.get_by_label("User Name").press_sequentially("Administrator")
        page.keyboard.press("Tab")
        page.keyboard.type("7654321")
        page.keyboard.press("Enter")
        page.get_by_role("heading", name="Portal").wait_for()
        assert not window.faults
