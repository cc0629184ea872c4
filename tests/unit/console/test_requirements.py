"""What OWASP ASVS 5.0 asks of every page and answer, judged over all of them at once."""

from __future__ import annotations

import http.server
import logging
import re
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select
from tests.project.tree import ROOT
from tests.web import PASSWORD, Web, web_console

from frisket.console.app import guarded, make_app
from frisket.console.page import ANYONE, Form, Visit
from frisket.console.pages.login import carried
from frisket.console.registry import find_pages, routes_of
from frisket.console.static_files import load_static
from frisket.errors import LinkError
from frisket.fleet.roles import Role
from frisket.net.fetch import fetch_document
from frisket.store.auditlog import Wanted
from frisket.store.metadata import METADATA

# Reading may note that somebody read, or make ready what only the reader gets.
_NOTED = {"console_session", "one_time"}
_PASSWORDS = re.compile(r'<input[^>]*id="f-(?:password|again)"[^>]*>')


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    folder: Path = tmp_path_factory.mktemp("requirements")
    with web_console(folder / "data") as found:
        found.site("Here")
        yield found


def readable(web: Web) -> list[str]:
    """Return every path that who has logged in may read, with numbers in braces."""
    app = make_app(web.console.services, find_pages(), load_static())
    found = {
        path
        for method, path, access in routes_of(app)
        if method == "GET" and access is not ANYONE and path != "/events"
    }
    return sorted(re.sub(r"\{\w+\}", "1", path) for path in found)


def kept(web: Web) -> dict[str, list[str]]:
    """Return everything that is stored but for what reading may note."""
    with web.console.services.database.read() as connection:
        return {
            name: sorted(repr(tuple(row)) for row in connection.execute(select(table)))
            for name, table in METADATA.tables.items()
            if name not in _NOTED and not name.startswith("log")
        }


def test_reading_changes_nothing_is_kept_by_nobody_and_shows_the_way_out(web: Web) -> None:
    """Every page and resource: nothing stored differs after it, and nobody may keep the answer."""
    visitor = web.visitor("all", *Role)
    pages = readable(web)
    visitor.get("/profile/authenticator")  # makes the key that it shows, once
    before, read = kept(web), 0
    for path in pages:
        answer = visitor.get(path)
        assert answer.status_code < 500, path
        assert answer.headers["cache-control"] in {"no-store", "private, no-store"}, path
        if answer.headers.get("content-type", "").startswith("text/html"):
            part = "<html" not in answer.text
            shut = path in {"/confirm", "/factor"}
            assert part or shut or 'action="/logout"' in answer.text, path
            read += not part
    assert kept(web) == before
    assert read > 20


def test_passwords_are_hidden_and_managers_may_fill_them_in(web: Web) -> None:
    web.account("ann")
    visitor = web.visitor("all", *Role)
    for path, asks in (("/login", 1), ("/confirm", 1), ("/profile", 2)):
        client = web.nobody() if path == "/login" else visitor
        fields = _PASSWORDS.findall(client.get(path).text)
        assert len(fields) == asks, path
        for field in fields:
            assert 'type="password"' in field
            assert re.search(r'autocomplete="(current|new)-password"', field), field
            assert "maxlength" not in field
    for script in (ROOT / "assets" / "js").glob("*.js"):
        assert "paste" not in script.read_text(encoding="utf-8"), script.name


def test_nothing_is_kept_in_the_browser(web: Web) -> None:
    """But for cookies. htmx could keep pages in sessionStorage; it is told not to."""
    for script in (ROOT / "assets" / "js").glob("*.js"):
        text = script.read_text(encoding="utf-8")
        for word in ("localStorage", "sessionStorage", "indexedDB", "document.cookie", "caches."):
            assert word not in text, script.name
    assert '"includeIndicatorCSS":false' in web.nobody().get("/login").text


@pytest.mark.parametrize("method", ["TRACE", "TRACK", "CONNECT", "DEBUG", "PROPFIND", "OPTIONS"])
def test_other_methods_are_refused(web: Web, method: str) -> None:
    visitor = web.visitor("all", *Role)
    for path in ("/", "/devices", "/api/v1/status", "/login"):
        answer = visitor.request(method, path, headers={"x-secret": "mirrored"})
        assert answer.status_code in {401, 404, 405}, path
        assert "mirrored" not in answer.text


@pytest.mark.parametrize(
    "path",
    [
        "/.git/config",
        "/static/",
        "/static",
        "/static/manifest.json",
        "/static/..%2f..%2fapp.py",
        "/static/%2e%2e/app.py",
        "/keys/console.key",
        "/frisket.db",
        "/docs",
        "/redoc",
        "/openapi.json",
        "/server-status",
        "/debug",
    ],
)
def test_nothing_is_served_that_is_not_named(web: Web, path: str) -> None:
    answer = web.visitor("all", *Role).get(path)
    assert answer.status_code == 404
    assert "Index of" not in answer.text


def test_a_fault_of_ours_is_logged_and_tells_nothing(
    web: Web, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither the visitor hears of the inside, nor the server's log of a link's secret."""

    def breaks(visit: Visit) -> object:
        raise RuntimeError(f"inside of {visit.path['secret'][:2]}")

    services = web.console.services
    pages = [
        replace(page, handler=breaks) if page.path == "/welcome/{secret}" else page  # type: ignore[arg-type]
        for page in find_pages()
    ]
    app = make_app(services, pages, load_static())
    assert app.debug is False
    client = web.nobody()
    client._transport = httpx.ASGITransport(
        guarded(app, services, pages), raise_app_exceptions=False
    )
    with caplog.at_level(logging.ERROR, "frisket.console"):
        answer = client.get("/welcome/sesame-open")
    assert answer.status_code == 500
    assert "inside" not in answer.text
    assert "Traceback" not in answer.text
    [told] = [record for record in caplog.records if record.name == "frisket.console"]
    assert told.getMessage() == "GET /welcome/{secret} failed"
    assert "sesame" not in caplog.text


def test_what_stands_in_the_address_is_no_part_of_a_form(web: Web) -> None:
    """Nor does a second value take the place of the first."""
    web.account("ann")
    client = web.nobody()
    wrong = client.post("/login", params={"password": PASSWORD}, data={"name": "ann"})
    assert wrong.status_code == 401
    twice = {"name": ["nobody", "ann"], "password": [PASSWORD]}
    assert client.post("/login", data=twice).status_code == 401
    assert Form({"a": ("1", "2")}).one("a") == "1"


def test_fields_that_a_form_does_not_have_change_nothing(web: Web) -> None:
    client = web.visitor("zoe", Role.READ_ONLY)
    before = web.account("zoe")
    sent = {
        "theme": "dark",
        "shown": "Zoe",
        "name": "root",
        "password": "x",
        "totp": "x",
        "elevated": "2020-01-01",
        "disabled": "",
        "role": "administrator",
        "grants": "administrator",
        "id": "1",
    }
    assert client.post("/profile", data=sent).status_code == 303
    after = web.account("zoe")
    assert (after.theme, after.shown) == ("dark", "Zoe")
    assert replace(after, theme=before.theme, shown=before.shown, shortcuts=True) == before


def test_who_asks_is_known_by_the_connection_and_no_header(web: Web) -> None:
    web.account("kim")
    forged = dict.fromkeys(
        ("x-forwarded-for", "x-real-ip", "forwarded", "client-ip", "true-client-ip"), "203.0.113.9"
    )
    forged |= {"x-forwarded-proto": "http", "x-forwarded-host": "evil.example"}
    client = web.nobody()
    client.post("/login", data={"name": "kim", "password": "wrong"}, headers=forged)
    [row] = web.console.services.log.store.page(Wanted(action="login", actor="kim"))
    assert "203.0.113.9" not in repr(row)
    assert "127.0.0.1" in repr(row)
    answer = client.get("/devices", headers=forged)
    assert "evil" not in repr(answer.headers)


@pytest.mark.parametrize(
    ("client", "told", "expected"),
    [
        ("198.51.100.7", "203.0.113.9", "198.51.100.7"),
        ("10.0.0.1", "203.0.113.9", "203.0.113.9"),
        ("10.0.0.1", "192.0.2.66, 203.0.113.9", "203.0.113.9"),
        ("10.0.0.1", "203.0.113.9, 10.0.0.2", "203.0.113.9"),
        ("10.0.0.1", "2001:DB8::1", "2001:db8::1"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "<script>", "10.0.0.1"),
        ("10.0.0.1", "203.0.113.9, unknown", "10.0.0.1"),
        ("10.0.0.1", "10.0.0.2," * 5000, "10.0.0.1"),
    ],
)
def test_of_a_proxy_that_was_named_the_nearest_word_counts(
    client: str, told: str, expected: str
) -> None:
    assert carried(client, told, frozenset({"10.0.0.1", "10.0.0.2"})) == expected
    assert carried(client, told, frozenset()) == client


def test_no_redirect_of_a_service_is_followed() -> None:
    asked: list[str] = []

    class Elsewhere(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(302)
            self.send_header("location", "/inside")
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        with pytest.raises(LinkError, match="302"):
            fetch_document(f"http://127.0.0.1:{server.server_address[1]}/asked")
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    assert asked == ["/asked"]


@pytest.mark.parametrize(
    "url", ["http://idp.example/", "ftp://idp.example/", "file:///etc/passwd", "https:///x", ""]
)
def test_services_are_asked_by_https_alone(url: str) -> None:
    with pytest.raises(LinkError, match="https"):
        fetch_document(url)
