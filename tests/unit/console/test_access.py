"""Default deny: every route by role and site, made from the routes; forged requests; headers."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import timedelta

import pytest
from fastapi import FastAPI
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from tests.web import Web

from frisket.console.app import make_app
from frisket.console.auth.tokens import make_token
from frisket.console.endpoint import COOKIE
from frisket.console.page import ANYONE
from frisket.console.registry import (
    Undeclared,
    check_pages,
    check_routes,
    find_pages,
    routes_of,
)
from frisket.console.static_files import load_static
from frisket.fleet.roles import HOLDS, Grant, Permission, Role
from frisket.store.auditlog import Wanted

PAGES = find_pages()


def filled(path: str) -> str:
    """Return a path with something in the place of each name in braces."""
    return "/".join("1" if part.startswith("{") else part for part in path.split("/"))


def routes(web: Web) -> list[tuple[str, str, object]]:
    app = make_app(web.console.services, PAGES, load_static())
    return list(routes_of(app))


def test_everything_is_declared_and_only_the_ways_in_are_open(web: Web) -> None:
    found = routes(web)
    assert len(found) > 20
    opened = {path for _, path, access in found if access is ANYONE}
    assert opened == {
        "/healthz",
        "/readyz",
        "/login",
        "/login/code",
        "/login/passkey",
        "/login/passkey/options",
        "/login/with/{provider}",
        "/login/back/{provider}",
        "/first-run/{secret}",
        "/welcome/{secret}",
        "/answer/{secret}",
        "/csp-report",
        "/static/{name}",
    }


def test_nobody_gets_in_anywhere(web: Web) -> None:
    client = web.nobody()
    for method, path, access in routes(web):
        if access is not ANYONE:
            answer = client.request(method, filled(path))
            assert answer.status_code in {303, 401}, (method, path)
            if answer.status_code == 303:
                assert answer.headers["location"].startswith("/login"), path


@pytest.mark.parametrize("role", Role)
def test_each_role_opens_what_it_holds_and_nothing_else(web: Web, role: Role) -> None:
    """Judged by what happens: refused is 403, and stands in the log."""
    client = web.visitor("ann", role)
    for method, path, access in routes(web):
        if not isinstance(access, Permission) or path in {"/logout", "/events"}:
            continue
        may = access in HOLDS[role] or access is Permission.OWN_ACCOUNT
        answer = client.request(method, filled(path))
        if path.startswith("/profile") or path == "/confirm" or path.endswith("/sessions/end"):
            client = web.visitor("ann")
        assert (answer.status_code == 403) is (not may), (method, path, answer.status_code)


@pytest.mark.parametrize("role", Role)
def test_a_grant_at_a_site_reaches_that_site_only(web: Web, role: Role) -> None:
    """Every permission at every site, as the pages ask for it."""
    here, there = web.site("here"), web.site("there")
    client = web.visitor("ann", Grant(role, here))
    who = web.console.services.doors.peek(client.cookies[COOKIE])
    assert who is not None
    for permission, site in itertools.product(Permission, (here, there)):
        own = permission is Permission.OWN_ACCOUNT
        holds = permission in HOLDS[role] and site == here
        assert who.may(permission, site) is (holds or own), (permission, site)
        assert who.reach(permission).everywhere is own


def test_an_account_without_a_role_sees_its_own_account_only(web: Web) -> None:
    client = web.visitor("ann")
    assert client.get("/profile").status_code == 200
    assert client.get("/devices").status_code == 403


def test_a_refusal_is_logged(web: Web) -> None:
    web.visitor("ann", Role.READ_ONLY).get("/users")
    refused = web.console.services.log.store.page(Wanted(action="refused"))
    assert [row.about for row in refused] == ["GET /users"]


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"origin": "https://evil.example", "sec-fetch-site": ""},
        {"origin": "null", "sec-fetch-site": ""},
    ],
)
def test_a_form_of_another_site_is_refused(web: Web, headers: dict[str, str]) -> None:
    client = web.visitor("ann", Role.ADMINISTRATOR)
    del client.headers["sec-fetch-site"]
    sent = {name: value for name, value in headers.items() if value}
    assert client.post("/logout", headers=sent).status_code == 403
    assert client.get("/profile").status_code == 200


def test_another_host_name_is_not_answered(web: Web) -> None:
    assert web.nobody().get("/login", headers={"host": "evil.example"}).status_code == 421


def test_a_body_that_is_too_long_is_refused_before_it_is_read(web: Web) -> None:
    client = web.nobody()
    assert client.post("/csp-report", content=b"x" * 9000).status_code == 413
    long = client.post("/login", content=b"x", headers={"content-length": str(1 << 40)})
    assert long.status_code == 413


def test_every_answer_bears_the_policy_with_a_nonce_of_its_own(web: Web) -> None:
    client = web.nobody()
    seen = set()
    for path in ("/login", "/login", "/healthz", "/nothing", "/api/v1/nothing"):
        headers = client.get(path).headers
        policy = headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; script-src 'self' 'nonce-")
        assert "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["strict-transport-security"]
        seen.add(policy)
    assert len(seen) == 5


def test_programs_are_told_faults_as_documents(web: Web) -> None:
    answer = web.nobody().get("/api/v1/status")
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["title"] == "Log in first"


def test_a_token_does_what_its_scopes_say_and_no_more(web: Web) -> None:
    services = web.console.services
    account = web.account("ann", [Role.ADMINISTRATOR])
    secret = make_token(
        services.database,
        account,
        "x",
        [Permission.SEE_FLEET],
        now=web.clock(),
        life=timedelta(days=1),
    )
    client = web.nobody()
    bearer = {"authorization": f"Bearer {secret}"}
    assert client.get("/api/v1/status", headers=bearer).json()["account"] == "ann"
    # A token is for the interface; pages are for persons.
    assert client.get("/profile", headers=bearer).status_code == 303
    assert (
        client.get("/api/v1/status", headers={"authorization": "Bearer frk_x"}).status_code == 401
    )
    web.clock.pass_(days=1)
    assert client.get("/api/v1/status", headers=bearer).status_code == 401


def test_a_page_that_declares_nobody_does_not_start() -> None:
    page = next(page for page in PAGES if page.path == "/login")
    undeclared = replace(page, access=None)  # type: ignore[arg-type]
    with pytest.raises(Undeclared):
        check_pages([undeclared])
    with pytest.raises(Undeclared, match="twice"):
        check_pages([page, page])


def test_a_route_beside_the_pages_does_not_start(web: Web) -> None:
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    check_routes(app)
    app.router.routes.append(Route("/back-door", lambda _: PlainTextResponse("in")))
    with pytest.raises(Undeclared, match="back-door"):
        check_routes(app)
