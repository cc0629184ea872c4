"""A second factor where it is asked for; sessions that end with what they rest on; pace."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pyotp
import pytest
from sqlalchemy import delete
from tests.web import PASSWORD, Client, Web, web_console

from frisket.console.endpoint import COOKIE
from frisket.console.faults import TooMany
from frisket.console.pace import Pace
from frisket.console.settings import SecondFactor, Settings
from frisket.fleet.acts.accounts import LINK, LINK_LIFE
from frisket.fleet.roles import Grant, Role
from frisket.store.auditlog import Wanted
from frisket.store.onetime import OneTime, keep
from frisket.store.tables.account import ACCOUNT, LOGIN_FAILURE, PASSKEY

NEW = "seven other odd words for tests"


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    folder: Path = tmp_path_factory.mktemp("strength")
    with web_console(folder / "data") as found:
        yield found


@pytest.fixture
def web(one: Web) -> Web:
    """One console for all; each test begins without people."""
    with one.console.services.database.write() as connection:
        connection.execute(delete(ACCOUNT))
        connection.execute(delete(LOGIN_FAILURE))
    one.console.services.pace._spent.clear()
    return one


def by_password(web: Web, name: str, *grants: Grant | Role) -> Client:
    """Return a visitor who has logged in with a password alone."""
    web.account(name, grants)
    client = web.nobody()
    answer = client.post("/login", data={"name": name, "password": PASSWORD})
    assert answer.status_code == 303
    return client


def with_authenticator(web: Web, client: Client) -> pyotp.TOTP:
    """Set up an authenticator over the pages; returns it."""
    text = client.get("/profile/authenticator").text
    secret = text.split('class="secret mt-1">')[1].split("<")[0].replace(" ", "")
    key = pyotp.TOTP(secret)
    done = client.post("/profile/authenticator", data={"code": key.at(web.clock())})
    assert done.status_code == 200
    return key


def test_a_password_alone_opens_nothing_but_the_way_to_a_second_factor(web: Web) -> None:
    client = by_password(web, "ann", *Role)
    for path in ("/", "/devices", "/profile", "/profile/tokens", "/users", "/log"):
        assert client.get(path).headers["location"].startswith("/factor"), path
    assert client.get("/devices?q=x").headers["location"] == "/factor?next=/devices%3Fq%3Dx"
    assert client.get("/api/v1/devices").status_code == 403
    assert client.post("/profile/password", data={"password": NEW}).status_code == 303
    assert "authenticator" in client.get("/factor").text
    before = client.cookies[COOKIE]
    with_authenticator(web, client)
    assert client.cookies[COOKIE] != before
    assert client.get("/devices").status_code == 200
    assert client.get("/factor?next=/devices").headers["location"] == "/devices"


def test_a_stolen_password_cannot_add_a_factor_of_its_own(web: Web) -> None:
    mine = by_password(web, "ann", Role.ADMINISTRATOR)
    key = with_authenticator(web, mine)
    web.clock.pass_(seconds=60)
    thief = web.nobody()
    answer = thief.post("/login", data={"name": "ann", "password": PASSWORD})
    assert answer.headers["location"].startswith("/login/code")
    for path in ("/factor", "/profile/authenticator"):
        assert thief.get(path).headers["location"].startswith("/login"), path
    options = thief.post("/profile/passkeys/options", headers={"accept": "application/json"})
    assert options.status_code == 401
    # Nor where the other factor is a passkey, which a login by password does not ask for.
    services = web.console.services
    services.codes.drop(web.account("ann"))
    services.sessions.forgive("name:ann")
    with services.database.write() as connection:
        row = {"account_id": web.account("ann").id, "credential": "x", "public_key": b"x"}
        connection.execute(PASSKEY.insert().values(row | {"created": web.clock()}))
    thief = by_password(web, "ann")
    assert "show the passkey" in thief.get("/factor").text
    assert thief.get("/profile/authenticator").headers["location"].startswith("/factor")
    json = {"accept": "application/json"}
    assert thief.post("/profile/passkeys/options", headers=json).status_code == 403
    assert thief.post("/profile/passkeys", headers=json, json={}).status_code == 403
    assert key.secret


@pytest.mark.parametrize(
    ("rule", "role", "asked"),
    [
        (SecondFactor.EVERYONE, Role.READ_ONLY, True),
        (SecondFactor.ADMINISTRATORS, Role.READ_ONLY, False),
        (SecondFactor.ADMINISTRATORS, Role.OPERATOR, False),
        (SecondFactor.ADMINISTRATORS, Role.ADMINISTRATOR, True),
        (SecondFactor.ADMINISTRATORS, Role.SECURITY_ADMINISTRATOR, True),
        (SecondFactor.NOBODY, Role.SECURITY_ADMINISTRATOR, False),
    ],
)
def test_of_whom_a_second_factor_is_asked(rule: SecondFactor, role: Role, asked: bool) -> None:
    assert rule.asked_of([Grant(role)]) is asked
    assert rule.asked_of([Grant(role, 7)]) is asked


def test_without_a_word_it_is_asked_wherever_others_reach_the_console() -> None:
    assert Settings(origin="https://frisket.example").factor_rule is SecondFactor.EVERYONE
    assert Settings(origin="http://localhost:8631").factor_rule is SecondFactor.NOBODY
    here = Settings(origin="http://localhost", second_factor=SecondFactor.EVERYONE)
    assert here.factor_rule is SecondFactor.EVERYONE


def test_a_new_password_needs_the_old_one_and_ends_other_sessions(web: Web) -> None:
    mine, other = web.visitor("ann", Role.OPERATOR), web.visitor("ann")
    web.clock.pass_(minutes=11)
    sent = {"password": NEW, "again": NEW}
    assert mine.post("/profile/password", data=sent).headers["location"] == "/confirm"
    mine.post("/confirm", data={"password": PASSWORD})
    assert mine.post("/profile/password", data={**sent, "again": "x"}).status_code == 422
    before = mine.cookies[COOKIE]
    assert mine.post("/profile/password", data=sent).headers["location"] == "/profile"
    assert mine.cookies[COOKIE] != before
    assert mine.get("/devices").status_code == 200
    assert other.get("/devices").status_code == 303
    old, new = web.nobody(), web.nobody()
    assert old.post("/login", data={"name": "ann", "password": PASSWORD}).status_code == 401
    assert new.post("/login", data={"name": "ann", "password": NEW}).status_code == 303


def test_a_changed_factor_ends_other_sessions(web: Web) -> None:
    mine, other = web.visitor("ann", Role.OPERATOR), web.visitor("ann")
    with_authenticator(web, mine)
    assert other.get("/devices").status_code == 303
    assert mine.get("/devices").status_code == 200
    other = web.visitor("ann")
    mine.post("/profile/authenticator/remove")
    assert mine.get("/devices").status_code == 200
    assert other.get("/devices").status_code == 303


def test_people_end_their_sessions_after_showing_who_they_are(web: Web) -> None:
    mine, other, third = (web.visitor("ann", Role.OPERATOR) for _ in range(3))
    web.clock.pass_(minutes=11)
    assert mine.post("/profile/sessions/end", data={"others": "1"}).headers["location"] == (
        "/confirm"
    )
    mine.post("/confirm", data={"password": PASSWORD})
    [one, *_] = [
        session
        for session in web.console.services.sessions.of(web.account("ann").id)
        if session.proved < web.clock()
    ]
    mine.post("/profile/sessions/end", data={"session": one.id})
    left = [client.get("/devices").status_code for client in (other, third)]
    assert sorted(left) == [200, 303]
    mine.post("/profile/sessions/end", data={"others": "1"})
    assert [client.get("/devices").status_code for client in (mine, other, third)] == [
        200,
        303,
        303,
    ]


def test_administrators_end_the_sessions_of_others(web: Web) -> None:
    ann, eve = web.visitor("ann", Role.OPERATOR), web.visitor("eve", Role.ADMINISTRATOR)
    number = web.account("ann").id
    assert "End all sessions" in eve.get(f"/users/{number}").text
    assert ann.post(f"/users/{number}/sessions/end").status_code == 403
    assert eve.post(f"/users/{number}/sessions/end").status_code == 303
    assert ann.get("/devices").status_code == 303
    row = web.console.services.log.store.page(Wanted(action="session.end"))[0]
    assert (row.actor, row.about) == ("eve", "ann")


def test_an_account_has_so_many_sessions_and_the_one_unused_longest_ends(web: Web) -> None:
    most = web.console.services.settings.sessions_most
    first = web.visitor("ann", Role.OPERATOR)
    others = []
    for _ in range(most - 1):
        web.clock.pass_(seconds=1)
        others.append(web.visitor("ann"))
    assert first.get("/devices").status_code == 200
    web.clock.pass_(seconds=1)
    last = web.visitor("ann")
    assert first.get("/devices").status_code == 303
    assert {client.get("/devices").status_code for client in (*others, last)} == {200}


def test_no_cookie_goes_to_scripts_or_other_hosts(web: Web) -> None:
    """Whichever page sets one."""
    client = web.visitor("ann", Role.ADMINISTRATOR)
    theme = client.post("/profile", data={"theme": "dark"})
    found = theme.headers.get_list("set-cookie") + client.post("/logout").headers.get_list(
        "set-cookie"
    )
    assert {text.partition("=")[0] for text in found} >= {"__Host-theme", "__Host-session"}
    for text in found:
        name, _, rest = text.partition("=")
        lower = rest.lower()
        assert name.startswith("__Host-"), text
        assert "domain" not in lower, text
        for word in ("httponly", "secure", "samesite=lax", "path=/"):
            assert word in lower, text


def test_after_logout_the_browser_forgets(web: Web) -> None:
    client = web.visitor("ann", Role.OPERATOR)
    assert client.get("/devices").headers["cache-control"] == "no-store"
    assert client.post("/logout").headers["clear-site-data"] == '"cache", "storage"'


def test_names_below_this_one_are_reached_by_tls_too(web: Web) -> None:
    told = web.nobody().get("/login").headers["strict-transport-security"]
    assert told == "max-age=31536000; includeSubDomains"


def test_no_script_may_make_a_page_of_text(web: Web) -> None:
    policy = web.nobody().get("/login").headers["content-security-policy"]
    parts = [part.strip() for part in policy.split(";")]
    assert "require-trusted-types-for 'script'" in parts
    assert "trusted-types htmx default" in parts
    assert "object-src 'none'" in parts
    assert "base-uri 'none'" in parts


class Ticks:
    """A clock that tests move."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_an_account_that_asks_too_fast_waits_and_others_do_not() -> None:
    ticks = Ticks()
    pace = Pace(second=2, store=10, clock=ticks)
    for _ in range(5):
        pace.spend(1, 2)
    with pytest.raises(TooMany) as first:
        pace.spend(1, 1)
    with pytest.raises(TooMany) as second:
        pace.spend(1, 1)
    assert (first.value.first, second.value.first) == (True, False)
    pace.spend(2, 10)
    ticks.now += 0.5
    pace.spend(1, 1)
    ticks.now += 1000
    pace.spend(1, 10)
    with pytest.raises(TooMany):
        pace.spend(1, 1)


def test_an_account_takes_so_many_threads_and_gives_them_back() -> None:
    pace = Pace(at_once=2)
    pace.begin(1)
    pace.begin(1)
    with pytest.raises(TooMany):
        pace.begin(1)
    pace.begin(2)
    pace.end(1)
    pace.begin(1)


def test_who_asks_too_fast_is_told_when_to_come_back_and_it_is_logged_once(web: Web) -> None:
    client = web.visitor("ann", Role.OPERATOR)
    services = web.console.services
    services.pace.spend(web.account("ann").id, 1)
    services.pace._spent[web.account("ann").id].left = -10_000
    client_json = {"accept": "application/json"}
    answers = [client.get("/devices.csv", headers=client_json) for _ in range(2)]
    for answer in answers:
        assert answer.status_code == 429
        assert answer.headers["retry-after"] == "1"
    rows = services.log.store.page(Wanted(action="slowed-down"))
    assert [row.about for row in rows] == ["ann"]
    # What ran and was refused has given its place back.
    assert all(one.running == 0 for one in services.pace._spent.values())


def test_recovery_codes_are_as_long_as_plain_digests_ask(web: Web) -> None:
    codes, account = web.console.services.codes, web.account("ann", [Role.OPERATOR])
    key = pyotp.TOTP(codes.offer(account))
    made = codes.accept(web.account("ann"), key.at(web.clock()), web.clock())
    assert {len(code.replace("-", "")) for code in made} == {24}
    assert len(set(made)) == 10
    # 31 letters: 24 of them are more than 112 bits.
    assert 31**24 > 2**112


def test_a_code_of_two_steps_ago_is_refused(web: Web) -> None:
    codes, account = web.console.services.codes, web.account("ann", [Role.OPERATOR])
    key = pyotp.TOTP(codes.offer(account))
    codes.accept(web.account("ann"), key.at(web.clock()), web.clock())
    web.clock.pass_(minutes=5)
    account = web.account("ann")
    assert not codes.fits(account, key.at(web.clock() - timedelta(seconds=60)), web.clock())
    assert codes.fits(account, key.at(web.clock()), web.clock())


def test_a_reset_does_not_get_around_the_second_factor(web: Web) -> None:
    """After it the person has none, and cannot do anything but add one."""
    services = web.console.services
    mine = by_password(web, "ann", Role.ADMINISTRATOR)
    with_authenticator(web, mine)
    with services.database.write() as connection:
        what = OneTime(LINK, web.account("ann").id, {"reset": True})
        keep(connection, "link", what, web.clock() + LINK_LIFE, web.clock())
    comes = web.nobody()
    comes.post("/welcome/link", data={"password": NEW, "again": NEW})
    assert comes.get("/devices").headers["location"].startswith("/factor")
    assert mine.get("/devices").status_code == 303
    assert web.account("ann").elevated == web.clock()


def test_settings_of_tests_do_not_differ_in_what_counts() -> None:
    """These limits stand in docs/reference/security.md."""
    plain = Settings()
    assert (plain.idle, plain.longest) == (timedelta(minutes=15), timedelta(hours=8))
    assert (plain.proof, plain.link) == (timedelta(minutes=10), timedelta(minutes=30))
    assert plain.token_most == timedelta(days=90)
    assert plain.sessions_most == 10
    assert replace(plain, origin="https://x").factor_rule is SecondFactor.EVERYONE
