"""What Remote UI's ports honestly say about each setting."""

from __future__ import annotations

import time

import pytest
from tests.unit.probe.visits import only, value, visit, why

from frisket.errors import Filtered, FrisketError, Refused
from frisket.model.reading import Known, Why
from frisket.model.target import Target
from frisket.probe.http import KEYS, Seen, Shown, Step, interpret, lasting, next_port
from frisket.probe.page import Hop, asks_for_login, hop_of, parse_hop, title_of
from frisket.proto.http.wire import Response

LOGIN = (
    b"<html><head><title>Remote UI: Login: iR-ADV C5535</title></head>"
    b"<form name='login' action='/login' method='post'><input type=password></form>"
)
PORTAL = b"<title>Remote UI</title><body><h1>Remote UI portal</h1>Device status: ready</body>"
TO_TLS = Response(302, (("location", "https://null:8443/"), ("server", "Catwalk")))


def page(port: int, body: bytes = LOGIN, *headers: tuple[str, str], path: str = "/") -> Shown:
    return Shown((Step(port, path, Response(200, headers, body)),))


def answer(port: int, response: Response) -> Shown:
    return Shown((Step(port, "/", response),))


def seen(**ports: Shown | FrisketError) -> Seen:
    """Name ports as p80; the others refuse."""
    given = {int(name[1:]): found for name, found in ports.items()}
    return {port: given.get(port, Refused("refused")) for port in (80, 8000, 443, 8443)}


def test_a_protected_remote_ui() -> None:
    cookie = ("set-cookie", "iR=1; Secure; HttpOnly")
    hsts = ("strict-transport-security", "max-age=31536000")
    found = interpret(
        visit(),
        seen(
            p80=answer(80, TO_TLS),
            p8000=answer(8000, TO_TLS),
            p8443=page(8443, LOGIN, cookie, hsts),
        ),
    )
    assert {key: value(found, key) for key in KEYS} == {
        "remote-ui.enabled": True,
        "http.enabled": True,
        "remote-ui.tls.enabled": True,
        "remote-ui.plaintext": False,
        "remote-ui.session-cookie.secure": True,
        "remote-ui.hsts": True,
        "remote-ui.login": True,
    }
    assert found.identity.vendor == "Canon"
    assert found.printer == ""


def test_a_remote_ui_as_delivered() -> None:
    found = interpret(visit(), seen(p80=page(80, PORTAL), p8000=page(8000, PORTAL)))
    assert value(found, "remote-ui.plaintext") is True
    assert value(found, "remote-ui.tls.enabled") is False
    assert value(found, "remote-ui.login") is False
    assert why(found, "remote-ui.hsts") is Why.NOT_ASKED
    assert why(found, "remote-ui.session-cookie.secure") is Why.NOT_ASKED


def test_closed_ports_say_that_remote_ui_is_off_and_not_that_http_is() -> None:
    found = interpret(visit(), seen())
    assert value(found, "remote-ui.enabled") is False
    assert value(found, "remote-ui.plaintext") is False
    assert why(found, "http.enabled") is Why.REFUSED
    assert why(found, "remote-ui.tls.enabled") is Why.REFUSED
    assert why(found, "remote-ui.login") is Why.REFUSED


def test_one_filtered_port_leaves_off_unknown() -> None:
    found = interpret(visit(), seen(p8000=Filtered("nothing")))
    assert why(found, "remote-ui.enabled") is Why.FILTERED
    assert why(found, "remote-ui.plaintext") is Why.FILTERED
    assert why(found, "http.enabled") is Why.FILTERED


def test_an_error_page_is_http_and_not_remote_ui() -> None:
    found = interpret(visit(), seen(p80=answer(80, Response(404, (), b"no"))))
    assert value(found, "http.enabled") is True
    assert why(found, "remote-ui.enabled") is Why.UNSUPPORTED
    assert value(found, "remote-ui.plaintext") is False


def test_a_redirect_to_a_name_without_tls_is_not_called_safe() -> None:
    away = Response(302, (("location", "http://printer.example/login"),))
    found = interpret(visit(), seen(p80=answer(80, away)))
    assert why(found, "remote-ui.plaintext") is Why.NOT_ASKED


def test_a_password_asked_for_in_plain_text_is_content() -> None:
    found = interpret(visit(), seen(p80=answer(80, Response(401))))
    assert value(found, "remote-ui.plaintext") is True
    assert value(found, "remote-ui.login") is True


@pytest.mark.parametrize(
    ("cookies", "secure", "lacks"),
    [
        (("a=1; Secure; HttpOnly", "b=2; Secure"), False, "HttpOnly"),
        (("a=1; HttpOnly",), False, "Secure"),
        (("a=1; Secure; HttpOnly; SameSite=Strict",), True, ""),
    ],
)
def test_every_cookie_counts(cookies: tuple[str, ...], secure: bool, lacks: str) -> None:
    headers = [("set-cookie", cookie) for cookie in cookies]
    found = interpret(visit(), seen(p443=page(443, LOGIN, *headers)))
    reading = only(found, "remote-ui.session-cookie.secure")
    assert isinstance(reading, Known)
    assert reading.value is secure
    assert lacks in reading.detail
    assert "=1" not in reading.detail


@pytest.mark.parametrize(
    ("header", "holds"),
    [
        ("max-age=1; includeSubDomains", True),
        ('MAX-AGE="31536000"', True),
        ("max-age=0", False),
        ("includeSubDomains", False),
        ("max-age=x", False),
        ("", False),
    ],
)
def test_strict_transport_security(header: str, holds: bool) -> None:
    assert lasting(header) is holds


@pytest.mark.parametrize(
    ("location", "here", "port"),
    [
        ("/login", 80, 80),
        ("http://192.0.2.7:8000/rps/", 80, 8000),
        ("https://192.0.2.7/", 80, 443),
        ("http://192.0.2.7/", 443, None),
        ("https://192.0.2.8/", 80, None),
        ("https://null:8443/", 80, None),
        ("http://192.0.2.7:9100/", 80, None),
        ("http://192.0.2.7:8443/", 80, None),
        ("//192.0.2.7/x", 80, 80),
    ],
)
def test_where_a_redirect_may_lead(location: str, here: int, port: int | None) -> None:
    hop = parse_hop(location)
    assert hop is not None
    assert next_port(hop, here, Target("192.0.2.7")) == port


@pytest.mark.parametrize(
    "location",
    ["http://[", "ftp://x/", "javascript:alert(1)", "/a b", "/\r\nx: y", "http://x:99999/"],
)
def test_what_is_no_way_to_go(location: str) -> None:
    assert parse_hop(location) is None


def test_pages_move_browsers_on_in_three_ways() -> None:
    refresh = b"<meta http-equiv=refresh content='0; url=http://192.0.2.7:8000/rps/'>"
    script = b"<html><script>location.href = '/portal_top.html';</script></html>"
    text = b"<script>x.location = '/a'</script><p>This page stays and is to be read.</p>"
    assert hop_of(Response(200, (), refresh)) == Hop("http", "192.0.2.7", 8000, "/rps/")
    assert hop_of(Response(200, (), script)) == Hop("", "", 0, "/portal_top.html")
    assert hop_of(Response(200, (), text)) is None


def test_scripts_and_frames_hide_whether_a_login_is_asked() -> None:
    assert asks_for_login(Response(200, (), b"<script src=app.js></script>")) is None
    assert asks_for_login(Response(200, (), b"<frameset><frame src=x></frameset>" + PORTAL)) is None
    assert asks_for_login(Response(200, (), PORTAL)) is False
    assert asks_for_login(Response(200, (), b"<form action=/checkLogin.cgi>")) is True


def test_titles_are_text() -> None:
    assert title_of(Response(200, (), b"<TITLE>\n A &amp;\n B </TITLE>")) == "A & B"


def test_hostile_pages_cost_little() -> None:
    openings = (
        b"<title",
        b"<!--",
        b"<input ",
        b"<form name='",
        b"<",
        b"<script>",
        b"<meta url=",
        b"&",
    )
    before = time.process_time()
    for opening in openings:
        response = Response(200, (), opening * (65_536 // len(opening)))
        hop_of(response)
        asks_for_login(response)
        title_of(response)
    assert time.process_time() - before < 0.5 * len(openings)
