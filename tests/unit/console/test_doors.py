"""Logging in and out: sessions, second factor, knocking too fast, first run."""

from __future__ import annotations

import pyotp
import pytest
from tests.web import PASSWORD, Web

from frisket.console.auth.doors import wait_after
from frisket.console.auth.first_run import new_link
from frisket.console.endpoint import COOKIE
from frisket.fleet.roles import Role


def log_in(web: Web, name: str = "ann", password: str = PASSWORD) -> tuple[int, str | None]:
    client = web.nobody()
    answer = client.post("/login", data={"name": name, "password": password})
    return answer.status_code, client.cookies.get(COOKIE)


def test_a_login_opens_a_session_whose_cookie_no_script_and_no_other_site_gets(web: Web) -> None:
    web.account("ann", [Role.OPERATOR])
    answer = web.nobody().post("/login", data={"name": " Ann ", "password": PASSWORD})
    assert answer.status_code == 303
    cookie = answer.headers["set-cookie"].lower()
    assert cookie.startswith("__host-session=")
    for word in ("httponly", "secure", "samesite=lax", "path=/"):
        assert word in cookie
    assert "domain" not in cookie


def test_every_refusal_is_the_same(web: Web) -> None:
    web.account("ann")
    shut = web.account("eve")
    web.console.services.accounts.disable(shut.id, web.clock())
    bodies = set()
    for name, password in (("ann", "wrong"), ("nobody", PASSWORD), ("eve", PASSWORD)):
        answer = web.nobody().post("/login", data={"name": name, "password": password})
        assert answer.status_code == 401
        nonce = answer.headers["content-security-policy"].split("nonce-")[1].split("'")[0]
        bodies.add(answer.text.replace(nonce, "").replace(f'value="{name}"', ""))
    assert len(bodies) == 1


def test_who_knocks_too_often_waits_also_with_the_right_password(web: Web) -> None:
    web.account("ann")
    for _ in range(5):
        assert log_in(web, password="wrong")[0] == 401
    assert log_in(web)[0] == 401
    web.clock.pass_(minutes=16)
    assert log_in(web)[0] == 303


def test_a_name_that_does_not_exist_is_slowed_down_too(web: Web) -> None:
    for _ in range(5):
        log_in(web, "ghost", "wrong")
    count, _ = web.console.services.sessions.failures("name:ghost")
    assert count == 5
    # What is refused for knocking too fast is not counted: nobody can lock a person out for long.
    log_in(web, "ghost", "wrong")
    assert web.console.services.sessions.failures("name:ghost")[0] == 5


@pytest.mark.parametrize(("count", "seconds"), [(4, 0), (5, 2), (6, 4), (30, 900)])
def test_the_wait_doubles_and_ends(count: int, seconds: int) -> None:
    assert wait_after(count, 5).total_seconds() == seconds


def test_a_session_ends_when_nobody_uses_it(web: Web) -> None:
    client = web.visitor("ann", Role.READ_ONLY)
    for _ in range(3):
        web.clock.pass_(minutes=14)
        assert client.get("/").status_code == 200
    web.clock.pass_(minutes=15)
    assert client.get("/").headers["location"] == "/login"


def test_a_session_ends_after_a_working_day_however_busy(web: Web) -> None:
    client = web.visitor("ann", Role.READ_ONLY)
    for _ in range(8 * 6 - 1):
        web.clock.pass_(minutes=10)
        assert client.get("/").status_code == 200
    web.clock.pass_(minutes=10)
    assert client.get("/").status_code == 303


def test_a_clock_set_back_ends_sessions(web: Web) -> None:
    client = web.visitor("ann", Role.READ_ONLY)
    web.clock.pass_(hours=-1)
    assert client.get("/").status_code == 303


def test_whoever_is_shut_out_is_out_at_once(web: Web) -> None:
    client = web.visitor("ann", Role.READ_ONLY)
    web.console.services.accounts.disable(web.account("ann").id, web.clock())
    assert client.get("/").status_code == 303


def test_logging_out_ends_the_session_on_the_server(web: Web) -> None:
    client = web.visitor("ann", Role.READ_ONLY)
    secret = client.cookies.get(COOKIE)
    assert secret is not None
    client.post("/logout")
    again = web.nobody()
    again.cookies[COOKIE] = secret
    assert again.get("/").status_code == 303


def authenticator(web: Web) -> tuple[pyotp.TOTP, tuple[str, ...]]:
    codes, account = web.console.services.codes, web.account("ann", [Role.OPERATOR])
    key = pyotp.TOTP(codes.offer(account))
    account = web.account("ann")
    recovery = codes.accept(account, key.at(web.clock()), web.clock())
    assert len(recovery) == 10
    return key, recovery


def test_a_code_is_asked_for_and_good_once(web: Web) -> None:
    key, _ = authenticator(web)
    web.clock.pass_(seconds=30)
    code = key.at(web.clock())
    for expected in (303, 401):
        client = web.nobody()
        first = client.post("/login", data={"name": "ann", "password": PASSWORD})
        assert first.headers["location"].startswith("/login/code")
        before = client.cookies.get(COOKIE)
        assert client.get("/").status_code == 303
        assert client.post("/login/code", data={"code": code}).status_code == expected
        assert (client.cookies.get(COOKIE) != before) is (expected == 303)


def test_a_recovery_code_is_good_once(web: Web) -> None:
    _, recovery = authenticator(web)
    for expected in (303, 401):
        client = web.nobody()
        client.post("/login", data={"name": "ann", "password": PASSWORD})
        answer = client.post("/login/code", data={"code": recovery[3].upper()})
        assert answer.status_code == expected


def test_the_half_way_session_dies_soon(web: Web) -> None:
    key, _ = authenticator(web)
    client = web.nobody()
    client.post("/login", data={"name": "ann", "password": PASSWORD})
    web.clock.pass_(minutes=6)
    assert client.post("/login/code", data={"code": key.at(web.clock())}).status_code == 401


def test_the_key_of_an_authenticator_is_nowhere_in_the_database(web: Web) -> None:
    key, recovery = authenticator(web)
    web.console.services.database.close()
    raw = b"".join(path.read_bytes() for path in web.folder.glob("frisket.db*"))
    assert key.secret.encode() not in raw
    assert not any(code.replace("-", "").encode() in raw for code in recovery)
    assert PASSWORD.encode() not in raw


def test_something_dangerous_asks_again_and_then_goes_on(web: Web) -> None:
    client = web.visitor("ann", Role.ADMINISTRATOR)
    assert client.get("/profile/tokens").status_code == 200
    web.clock.pass_(minutes=11)
    asked = client.get("/profile/tokens")
    assert asked.headers["location"] == "/confirm?next=/profile/tokens"
    before = client.cookies.get(COOKIE)
    assert client.post("/confirm", data={"password": "wrong"}).status_code == 401
    done = client.post("/confirm", data={"password": PASSWORD, "next": "/profile/tokens"})
    assert done.headers["location"] == "/profile/tokens"
    assert client.cookies.get(COOKIE) != before
    assert client.get("/profile/tokens").status_code == 200


def test_the_first_run_link_dies_after_use_and_after_a_while(web: Web) -> None:
    services = web.console.services
    late = new_link(services.database, web.clock(), services.settings.link)
    web.clock.pass_(minutes=31)
    assert web.nobody().get(f"/first-run/{late}").status_code == 404
    old = new_link(services.database, web.clock(), services.settings.link)
    link = new_link(services.database, web.clock(), services.settings.link)
    assert web.nobody().get(f"/first-run/{old}").status_code == 404
    filled = {"name": "ann", "password": PASSWORD, "again": PASSWORD}
    assert web.nobody().post(f"/first-run/{link}", data=filled).status_code == 303
    again = web.nobody().post(f"/first-run/{link}", data={**filled, "name": "eve"})
    assert again.status_code == 404
    assert services.accounts.count() == 1
    assert new_link(services.database, web.clock(), services.settings.link) is None


def test_failed_and_good_logins_stand_in_the_log_but_no_password(web: Web) -> None:
    web.account("ann")
    log_in(web, "ann", "wrong password here")
    log_in(web, "typed password as name", "x")
    log_in(web)
    text = "".join(web.console.services.log.export())
    assert text.count('\\"action\\":\\"login\\"') == 3
    assert "wrong password here" not in text
    assert "typed password as name" not in text


@pytest.mark.parametrize(
    "to",
    ["//evil.example", "https://evil.example/", "/\\evil.example", "/a\r\nx: y", "javascript:1"],
)
def test_nobody_is_sent_to_another_place(web: Web, to: str) -> None:
    web.account("ann")
    answer = web.nobody().post("/login", data={"name": "ann", "password": PASSWORD, "next": to})
    assert answer.headers["location"] == "/"
