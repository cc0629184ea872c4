"""Login at an identity provider: the good way, and every token that does not hold."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.peers.identity_provider import CLIENT, SECRET, IdentityProvider, identity_provider
from tests.web import Client, Web, web_console

from frisket.console.auth.providers import load_providers
from frisket.console.auth.who import grants_of
from frisket.errors import ContentError
from frisket.fleet.roles import Grant, Role


@pytest.fixture
def idp() -> Iterator[IdentityProvider]:
    with identity_provider() as provider:
        yield provider


@pytest.fixture
def office(tmp_path: Path, idp: IdentityProvider) -> Iterator[Web]:
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "secret").write_text(f"{SECRET}\n")
    (folder / "providers.toml").write_text(
        f"""
        [company]
        label = "Company login"
        issuer = "{idp.issuer}"
        client_id = "{CLIENT}"
        client_secret_file = "secret"
        strong = ["mfa", "phr"]
        [company.roles]
        "print admins" = "administrator"
        "print watchers" = "read-only"
        """
    )
    with web_console(folder) as web:
        idp.now = web.clock().timestamp()
        idp.claims = {
            "preferred_username": "Ann",
            "groups": ["print admins", "staff"],
            "amr": ["pwd", "mfa"],
        }
        yield web


def go(
    web: Web, path: str = "?next=/devices", client: Client | None = None, **change: Any
) -> tuple[Client, httpx.Response]:
    """Walk the browser through a login; `change` replaces what it brings back."""
    browser = client or web.nobody()
    begun = browser.get(f"/login/with/company{path}")
    assert begun.status_code == 303
    sent = httpx.get(begun.headers["location"], follow_redirects=False, trust_env=False)
    back = httpx.URL(sent.headers["location"])
    assert str(back).startswith("https://localhost/login/back/company?")
    params = dict(back.params) | change
    return browser, browser.get("/login/back/company", params=params)


def test_the_login_page_offers_it(office: Web) -> None:
    office.account("somebody")
    assert "Company login" in office.nobody().get("/login").text


def test_groups_become_roles_and_the_way_goes_on(office: Web) -> None:
    browser, answer = go(office)
    assert answer.headers["location"] == "/devices"
    assert browser.get("/devices").status_code == 200
    account = office.console.services.accounts.by_name("ann+oidc")
    assert account is not None
    assert grants_of(account.grants) == (Grant(Role.ADMINISTRATOR),)
    assert account.password == ""


def test_a_change_of_groups_changes_the_roles_and_more_rights_are_new_ones(
    office: Web, idp: IdentityProvider
) -> None:
    idp.claims["groups"] = ["print watchers"]
    go(office)
    office.clock.pass_(hours=30)
    idp.now = office.clock().timestamp()
    idp.claims["groups"] = ["print admins"]
    go(office)
    account = office.console.services.accounts.by_name("ann+oidc")
    assert account is not None
    assert grants_of(account.grants) == (Grant(Role.ADMINISTRATOR),)
    assert account.elevated == office.clock()
    idp.claims["groups"] = []
    go(office)
    after = office.console.services.accounts.by_name("ann+oidc")
    assert after is not None
    assert after.grants == ()


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://evil.example"},
        {"aud": "another client"},
        {"aud": ["another client", "and one more"]},
        {"azp": "another client"},
        {"nonce": "of another login"},
        {"exp": 1},
        {"iat": 4102444800},
        {"nbf": 4102444800},
        {"sub": ""},
        {"sub": 7},
        {"groups": ["nobody we know"]},
        {"groups": "print admins"},
    ],
)
def test_a_token_that_does_not_hold(
    office: Web, idp: IdentityProvider, claims: dict[str, Any]
) -> None:
    idp.claims |= claims
    assert go(office)[1].status_code == 400
    assert office.console.services.accounts.count() == 0


@pytest.mark.parametrize("header", [{"alg": "none"}, {"alg": "HS256", "kid": "one"}])
def test_a_token_of_another_algorithm(
    office: Web, idp: IdentityProvider, header: dict[str, Any]
) -> None:
    idp.header = header
    assert go(office)[1].status_code == 400


def test_a_forged_token(office: Web, idp: IdentityProvider) -> None:
    idp.forged = True
    assert go(office)[1].status_code == 400


@pytest.mark.parametrize(
    "change", [{"state": "made up"}, {"code": "made up"}, {"iss": "https://evil.example"}]
)
def test_an_answer_that_was_changed(office: Web, change: dict[str, Any]) -> None:
    assert go(office, **change)[1].status_code == 400


def test_an_answer_in_another_browser(office: Web) -> None:
    mine, theirs = office.nobody(), office.nobody()
    begun = mine.get("/login/with/company")
    sent = httpx.get(begun.headers["location"], follow_redirects=False, trust_env=False)
    path = sent.headers["location"].removeprefix("https://localhost")
    assert theirs.get(path).status_code == 400
    # And the state is used up: the first browser does not get in with it either.
    assert mine.get(path).status_code == 400


def test_an_answer_that_comes_too_late(office: Web) -> None:
    browser = office.nobody()
    begun = browser.get("/login/with/company")
    sent = httpx.get(begun.headers["location"], follow_redirects=False, trust_env=False)
    office.clock.pass_(minutes=6)
    path = sent.headers["location"].removeprefix("https://localhost")
    assert browser.get(path).status_code == 400


def test_whoever_is_shut_out_here_stays_out(office: Web) -> None:
    go(office)
    accounts = office.console.services.accounts
    account = accounts.by_name("ann+oidc")
    assert account is not None
    accounts.disable(account.id, office.clock())
    assert go(office)[1].status_code == 400


def test_a_provider_that_is_another_one(office: Web, idp: IdentityProvider) -> None:
    idp.issuer = f"{idp.issuer}/other"
    assert office.nobody().get("/login/with/company").status_code == 400


@pytest.mark.parametrize(
    ("claims", "strong"),
    [
        ({"amr": ["pwd", "mfa"]}, True),
        ({"amr": [], "acr": "phr"}, True),
        ({"amr": ["pwd"]}, False),
        ({"amr": "mfa"}, False),
        ({"amr": [["mfa"]], "acr": 1}, False),
        ({"amr": None}, False),
    ],
)
def test_what_the_provider_does_not_tell_is_one_factor(
    office: Web, idp: IdentityProvider, claims: dict[str, Any], strong: bool
) -> None:
    idp.claims |= claims
    browser, _ = go(office)
    assert browser.get("/devices").status_code == (200 if strong else 303)
    assert browser.get("/factor").status_code == (303 if strong else 200)


def test_what_is_dangerous_asks_the_provider_anew(office: Web, idp: IdentityProvider) -> None:
    """A login there of this morning opens pages, and nothing that can do harm."""
    idp.claims["auth_time"] = int(office.clock().timestamp()) - 3600
    browser, _ = go(office)
    assert browser.get("/devices").status_code == 200
    asked = browser.get("/profile/tokens")
    assert asked.headers["location"] == "/confirm?next=/profile/tokens"
    assert (
        "/login/with/company?again=1&amp;next=/profile/tokens"
        in browser.get("/confirm?next=/profile/tokens").text
    )
    again = "?again=1&next=/profile/tokens"
    # The provider lets the same login pass once more: that does not do.
    assert go(office, again, browser)[1].status_code == 400
    assert browser.get("/profile/tokens").status_code == 303
    begun = browser.get(f"/login/with/company{again}").headers["location"]
    assert "prompt=login" in begun
    assert "max_age=0" in begun
    idp.claims["auth_time"] = int(office.clock().timestamp())
    assert go(office, again, browser)[1].headers["location"] == "/profile/tokens"
    assert browser.get("/profile/tokens").status_code == 200


@pytest.mark.parametrize("told", [None, "now", -5, 4102444800, True])
def test_a_provider_that_does_not_tell_when_proves_nothing_dangerous(
    office: Web, idp: IdentityProvider, told: object
) -> None:
    idp.claims["auth_time"] = told
    browser, _ = go(office)
    assert browser.get("/devices").status_code == 200
    assert browser.get("/profile/tokens").headers["location"].startswith("/confirm")


@pytest.mark.parametrize(
    "text",
    [
        "x",
        "[company]\nlabel='x'\nissuer='x'\nclient_id='x'\nroles={}\nstrong='mfa'",
        "company = 1",
        "[company]\nlabel = 'x'",
        "[company]\nlabel='x'\nissuer='x'\nclient_id='x'\nroles={a='emperor'}",
        "[company]\nlabel='x'\nissuer='x'\nclient_id='x'\nroles={}\nclient_secret='in the open'",
        "[company]\nlabel='x'\nissuer='x'\nclient_id='x'\nroles={}\nclient_secret_file='none'",
    ],
)
def test_a_malformed_file_says_what_is_wrong(tmp_path: Path, text: str) -> None:
    (tmp_path / "providers.toml").write_text(text)
    with pytest.raises(ContentError, match=r"providers\.toml"):
        load_providers(tmp_path)


def test_providers_do_not_share_logins(office: Web) -> None:
    providers = office.console.services.providers
    twin = replace(providers["company"], name="twin")
    services = office.console.services
    assert isinstance(providers, dict)
    providers["twin"] = twin
    try:
        browser = office.nobody()
        begun = browser.get("/login/with/company")
        sent = httpx.get(begun.headers["location"], follow_redirects=False, trust_env=False)
        path = sent.headers["location"].removeprefix("https://localhost")
        assert browser.get(path.replace("company", "twin")).status_code == 400
    finally:
        del providers["twin"]
    assert services.accounts.count() == 0
