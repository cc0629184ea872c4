"""A console for browser tests: served in a thread, with people in it, and a page that is judged.

with served_console(tmp_path) as console, person(browser, console, "ann") as window:
    check_page(window, "/devices")
"""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pytest
from argon2 import PasswordHasher
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    expect,
    sync_playwright,
)

from frisket.console.auth.doors import Knock
from frisket.console.auth.passwords import Passwords
from frisket.console.build import Console, open_console
from frisket.console.endpoint import COOKIE
from frisket.console.language import Catalogues
from frisket.console.settings import Settings
from frisket.fleet.roles import Role
from frisket.net.serve_asgi import Serving, free_port, serve_asgi
from frisket.store.accounts import Account, Fresh, GrantRow, add_account

AXE = Path(__file__).resolve().parents[1] / "npm" / "node_modules" / "axe-core" / "axe.min.js"
# What every test with a console in Chromium carries: `pytestmark = MARKS`.
MARKS = [
    pytest.mark.peer("chromium"),
    pytest.mark.timeout(300),
    pytest.mark.xdist_group("browser"),
    pytest.mark.skipif(not AXE.exists(), reason="axe-core is missing: script/peers installs it"),
]
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
PASSWORD = "five odd words for tests"
EVERYTHING = (Role.ADMINISTRATOR, Role.SECURITY_ADMINISTRATOR)


def cheap_passwords() -> Passwords:
    """Return argon2 at its weakest: tests hash many passwords."""
    return Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


@dataclass
class Served:
    """A console that answers at `url`."""

    url: str
    console: Console
    folder: Path

    def account(
        self, name: str, roles: Sequence[Role] = EVERYTHING, site: int | None = None
    ) -> Account:
        """Return an account, made where it is missing; its password is `PASSWORD`."""
        services = self.console.services
        found = services.accounts.by_name(name)
        if found is None:
            fresh = Fresh(name, name.title(), password=services.passwords.hash(PASSWORD))
            grants = [GrantRow(role.value, site) for role in roles]
            with services.database.write() as connection:
                add_account(connection, fresh, grants, "test", services.clock())
            found = services.accounts.by_name(name)
        assert found is not None
        return found

    def session(self, account: Account) -> str:
        """Return the secret of a new session of an account."""
        return self.console.services.doors.open(account, "test", Knock("127.0.0.1", "")).secret


@contextmanager
def served_console(folder: Path, catalogues: Catalogues | None = None) -> Iterator[Served]:
    """Serve a console from a fresh folder on loopback, until the block ends."""
    port = free_port("127.0.0.1")
    settings = Settings(origin=f"http://localhost:{port}")
    # In a thread of its own: the browser's driver runs an event loop in this one.
    with ThreadPoolExecutor(1) as aside:
        opening = aside.submit(
            open_console,
            folder / "data",
            settings,
            passwords=cheap_passwords(),
            catalogues=catalogues,
        )
        console = opening.result()
    running: list[Serving] = []
    up = threading.Event()

    def ready(serving: Serving) -> None:
        running.append(serving)
        up.set()

    def serve() -> None:
        stopping = console.services.bus.close
        serve_asgi(console.app, "127.0.0.1", port, ready=ready, stopping=stopping)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        assert up.wait(20)
        yield Served(settings.origin, console, folder)
    finally:
        for serving in running:
            serving.stop()
        thread.join()
        with ThreadPoolExecutor(1) as aside:
            aside.submit(console.close).result()


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start Debian's Chromium (or Playwright's own)."""
    with sync_playwright() as playwright:
        program = shutil.which("chromium")
        launched = playwright.chromium.launch(executable_path=program, args=list(FLAGS))
        yield launched
        launched.close()


@dataclass
class Window:
    """A page, what its console said, and which other hosts it asked."""

    page: Page
    served: Served
    context: BrowserContext
    faults: list[str] = field(default_factory=list)
    strangers: list[str] = field(default_factory=list)

    def open(self, path: str) -> None:
        """Load a page of the console."""
        self.page.goto(f"{self.served.url}{path}")

    def resize(self, width: int) -> None:
        """Give the window another width."""
        self.page.set_viewport_size({"width": width, "height": 900})


@contextmanager
def window(browser: Browser, served: Served, scheme: Scheme = "light") -> Iterator[Window]:
    """Open a window of nobody's; it must end without a word on its console or to another host."""
    context = browser.new_context(color_scheme=scheme, viewport={"width": 1280, "height": 900})
    context.add_init_script(AXE.read_text(encoding="utf-8") if AXE.exists() else "")
    found = Window(context.new_page(), served, context)

    def hear(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            found.faults.append(f"{found.page.url}: {message.text}")

    def note(request: Any) -> None:
        if not request.url.startswith((served.url, "data:")):
            found.strangers.append(request.url)

    found.page.on("console", hear)
    found.page.on("pageerror", lambda fault: found.faults.append(f"{found.page.url}: {fault}"))
    found.page.on("request", note)
    yield found
    context.close()
    assert not found.strangers
    assert not found.faults
    assert not served.console.services.reports


@contextmanager
def person(
    browser: Browser,
    served: Served,
    name: str = "ann",
    roles: Sequence[Role] = EVERYTHING,
    *,
    site: int | None = None,
    scheme: Scheme = "light",
) -> Iterator[Window]:
    """Open a window in which an account (made where it is missing) has logged in."""
    with window(browser, served, scheme) as found:
        secret = served.session(served.account(name, roles, site))
        found.context.add_cookies(
            [
                {
                    "name": COOKIE,
                    "value": secret,
                    "url": served.url.replace("http:", "https:"),
                    "secure": True,
                    "httpOnly": True,
                    "sameSite": "Lax",
                }
            ]
        )
        yield found


def barriers(page: Page) -> list[tuple[str, str]]:
    """Return what axe finds serious or critical."""
    found = page.evaluate("axe.run()")
    return [
        (fault["id"], node["html"][:200])
        for fault in found["violations"]
        if fault["impact"] in {"serious", "critical"}
        for node in fault["nodes"]
    ]


def keep(page: Page, name: str) -> None:
    """Keep a picture in the folder FRISKET_PICTURES, where a person asked for them."""
    if folder := os.environ.get("FRISKET_PICTURES"):
        page.screenshot(path=f"{folder}/{name}.png", full_page=True)


def check_page(found: Window, path: str, *, name: str = "") -> None:
    """Judge a page in both themes and three widths: axe, sideways scroll, console, policy, hosts.

    Leaves the window on the page, light and wide. Pictures go to FRISKET_PICTURES.
    """
    page, label = found.page, name or path.strip("/").replace("/", "-") or "home"
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        found.open(path)
        page.wait_for_load_state("load")
        assert page.evaluate("document.documentElement.dataset.bsTheme") == scheme
        for width in (1280, 320):
            found.resize(width)
            shut = barriers(page)
            assert not shut, f"{path}, {scheme}, {width}: {shut}"
            assert page.evaluate("document.documentElement.scrollWidth") <= width, (path, width)
            keep(page, f"{label}-{scheme}-{width}")
        found.resize(1280)
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    assert found.faults == []
    assert found.strangers == []
    assert list(found.served.console.services.reports) == []


def settled(page: Page, text: str, *, seconds: int = 90) -> None:
    """Reload until a text is on the page: flows end in their own time."""
    for _ in range(seconds):
        if page.get_by_text(text).count():
            return
        page.wait_for_timeout(1000)
        page.reload()
    expect(page.get_by_text(text).first).to_be_visible()
