"""Nobody gets in who may not: login, role, origin, token; and no request is too strange."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.lab import make_device
from tests.remote_ui import FORM, Visitor, header, text_of, visitor

from frisket.mfd.remote_ui.router import find_routes, respond
from frisket.mfd.remote_ui.visit import Needs, Route
from frisket.mfd.users import Login, Role
from frisket.proto.http.wire import Request

CLOSED = [route for route in find_routes() if route.needs > Needs.NOBODY]
POSTS = [route for route in find_routes() if route.method == "POST" and not route.open_post]


def called(route: Route) -> str:
    return f"{route.method} {route.path}"


def some(route: Route) -> str:
    return re.sub(r"\{\w+\}", "preferences.network", route.path)


def test_the_pages_are_found() -> None:
    paths = {route.path for route in find_routes()}
    assert {"/", "/login", "/rps/", "/rps/policy", "/rps/audit-log", "/sms/"} <= paths
    assert len({(r.method, r.path) for r in find_routes()}) == len(find_routes())


@pytest.mark.parametrize("route", CLOSED, ids=called)
def test_no_page_opens_without_a_login(route: Route) -> None:
    device = make_device()
    before = len(device.log)
    answer = Visitor(device).ask(route.method, some(route), FORM, b"")
    if route.method == "GET":
        assert answer.status == 302
        assert header(answer, "location").startswith("/?uri=")
        assert not answer.body
    else:
        assert answer.status == 403
    assert len(device.log) == before
    assert not device.journal.counts["writes"]


@pytest.mark.parametrize("route", POSTS, ids=called)
def test_no_form_is_taken_without_its_token(route: Route) -> None:
    device = make_device()
    browser = visitor(device)
    for token in ("", "0", browser.token + "0", "\udc80"):
        answer = browser.post(some(route), {}, token.encode("utf-8", "replace").decode())
        assert answer.status == 403
    assert not device.journal.counts["writes"]
    assert len(device.sessions) == 1


@pytest.mark.parametrize("route", [r for r in find_routes() if r.method == "POST"], ids=called)
@pytest.mark.parametrize(
    "extra",
    [("origin", "https://evil.example"), ("origin", "null"), ("sec-fetch-site", "cross-site")],
)
def test_no_form_is_taken_from_another_site(route: Route, extra: tuple[str, str]) -> None:
    browser = visitor(make_device())
    browser.extra = (extra,)
    assert browser.post(some(route), {"username": "Administrator"}).status == 403


def test_a_form_of_our_own_origin_is_taken() -> None:
    browser = Visitor(make_device())
    browser.extra = (("origin", "https://device.example"), ("sec-fetch-site", "same-origin"))
    assert (
        browser.post("/login", {"username": "Administrator", "password": "7654321"}).status == 302
    )


@pytest.mark.parametrize("role", [Role.GENERAL, Role.NETWORK_ADMIN, Role.DEVICE_ADMIN])
def test_roles_open_no_more_than_theirs(role: Role) -> None:
    browser = visitor(make_device(), role)
    for route in CLOSED:
        if route.needs is Needs.ADMINISTRATOR:
            answer = browser.ask(route.method, some(route), FORM, b"")
            assert answer.status == 403, called(route)
    assert browser.get("/rps/").status == 200
    allowed = role is not Role.GENERAL
    assert browser.get("/rps/settings").status == (200 if allowed else 403)
    assert ("Settings/Registration" in text_of(browser.get("/rps/"))) is allowed


@pytest.mark.parametrize("path", ["/rps/", "/rps/settings", "/", "/nope"])
def test_pages_are_closed_in_for_browsers(path: str) -> None:
    answer = visitor(make_device()).get(path)
    policy = header(answer, "content-security-policy")
    if answer.body:
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "script-src" not in policy
        assert b"<script" not in answer.body
        assert b" style=" not in answer.body


def test_methods() -> None:
    browser = visitor(make_device())
    assert browser.ask("HEAD", "/rps/").status == 200
    refused = browser.ask("TRACE", "/rps/")
    assert refused.status == 405
    assert header(refused, "allow") == "GET"
    assert browser.ask("PUT", "/etc/passwd").status == 404
    assert browser.get("/remote_ui.css").status == 200
    assert browser.get("/../../etc/passwd").status == 404


def test_a_session_is_hardened() -> None:
    for tls in (True, False):
        browser = Visitor(make_device(), tls)
        cookie = header(browser.log_in(), "set-cookie")
        assert "HttpOnly" in cookie
        assert "SameSite=Strict" in cookie
        assert ("Secure" in cookie) is tls


def test_a_login_takes_a_new_cookie() -> None:
    device = make_device()
    browser = visitor(device)
    old = dict(browser.cookies)
    browser.log_in()
    assert browser.cookies != old
    assert device.sessions.find(old["session"]) is None


@pytest.mark.parametrize(
    "uri",
    ["https://evil.example/", "//evil.example", "/rps/../../x", "/rps\\x", "javascript:1", ""],
)
def test_a_login_leads_nowhere_else(uri: str) -> None:
    browser = Visitor(make_device())
    fields = {"username": "Administrator", "password": "7654321", "uri": uri}
    assert header(browser.post("/login", fields), "location") == "/rps/"


METHODS = st.sampled_from(["GET", "POST", "HEAD", "PUT", "OPTIONS"])
PATHS = st.sampled_from([route.path for route in find_routes()])
LATIN = st.text(st.characters(max_codepoint=255), max_size=60)
KINDS = st.sampled_from(
    [FORM, "multipart/form-data; boundary=x", "multipart/form-data", "", "text/x"]
)
DEVICE = make_device()


@given(METHODS, st.one_of(PATHS, LATIN), LATIN, KINDS, st.binary(max_size=400), st.booleans())
def test_no_request_is_too_strange(
    method: str, path: str, query: str, kind: str, body: bytes, logged_in: bool
) -> None:
    cookie = DEVICE.sessions.start(Login("Administrator", Role.ADMINISTRATOR)) if logged_in else "x"
    headers = (
        ("host", query),
        ("cookie", f"session={cookie}; {query}"),
        ("content-type", kind),
    )
    answer = respond(DEVICE, Request(method, f"{path}?{query}", headers, body), tls=True)
    assert 200 <= answer.status < 500
    DEVICE.sessions.end(cookie)
