"""What the WebDAV server lets through: logins, extensions, quota, TLS."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from tests.lab import make_device

from frisket.mfd import webdav
from frisket.mfd.device import Device
from frisket.mfd.http_login import Gate, parameters
from frisket.mfd.users import Role
from frisket.mfd.webdav import Spaces, is_webdav, may_store, serve_webdav
from frisket.model.reading import Value
from frisket.proto.http.server import Caller
from frisket.proto.http.wire import Request

PLAIN, TLS = Caller("127.0.0.1", tls=False), Caller("127.0.0.1", tls=True)


def device_with(folder: Path, **settings: Value) -> Device:
    keys = {f"webdav.server.{name.replace('_', '-')}": value for name, value in settings.items()}
    keys |= {"webdav.server.enabled": True, "admin.password": "Practice-1"}
    return make_device(settings=keys, folder=folder)


def basic(name: str, password: str) -> tuple[tuple[str, str], ...]:
    word = base64.b64encode(f"{name}:{password}".encode()).decode()
    return (("authorization", f"Basic {word}"), ("host", "device"))


async def test_tls_only_sends_away(tmp_path: Path) -> None:
    device = device_with(tmp_path, tls=True)
    space = Spaces().of(device)
    away = await serve_webdav(space, Request("OPTIONS", "/webdav/"), PLAIN)
    assert away.status == 302
    assert away.header("location") == f"https://{device.address}:443/webdav/"
    here = await serve_webdav(space, Request("OPTIONS", "/webdav/"), TLS)
    assert here.status == 200
    assert here.header("dav")


async def test_a_login_is_asked_once_a_minute(tmp_path: Path) -> None:
    device = device_with(tmp_path, authentication="basic")
    device.users.put("ada", Role.GENERAL, "Practice-2", "test")
    space = Spaces().of(device)
    asked = await serve_webdav(space, Request("PROPFIND", "/webdav/"), PLAIN)
    assert asked.status == 401
    assert asked.header("www-authenticate").startswith("Basic ")
    before = len(device.log)
    for _ in range(5):
        request = Request("PROPFIND", "/webdav/", basic("ada", "Practice-2"))
        assert (await serve_webdav(space, request, PLAIN)).status == 207
    assert len(device.log) == before + 1
    for _ in range(3):
        request = Request("PROPFIND", "/webdav/", basic("ada", "wrong"))
        assert (await serve_webdav(space, request, PLAIN)).status == 401
    assert device.journal.counts["failed_logins"] == 3


async def test_a_changed_password_is_asked_for_at_once(tmp_path: Path) -> None:
    device = device_with(tmp_path, authentication="basic")
    space = Spaces().of(device)
    request = Request("OPTIONS", "/webdav/", basic("Administrator", "Practice-1"))
    assert (await serve_webdav(space, request, PLAIN)).status == 200
    device.store.set("admin.password", "Practice-9", "test", "lab")
    assert (await serve_webdav(space, request, PLAIN)).status == 401


@pytest.mark.parametrize("credentials", ["", "x", "Basic", "Basic ====", "Digest ", "Digest a=b"])
@pytest.mark.parametrize("scheme", ["basic", "digest"])
def test_odd_credentials_let_nobody_in(tmp_path: Path, credentials: str, scheme: str) -> None:
    gate = Gate(make_device(folder=tmp_path), "webdav", "realm")
    assert gate.admit(Request("GET", "/", (("authorization", credentials),)), scheme) == ""
    assert gate.device.journal.counts["failed_logins"] == 0


def test_digest_parameters() -> None:
    found = parameters(r'username="a \"b\"", qop=auth, nc=00000001, uri="/a,b", qop=none')
    assert found == {"username": 'a "b"', "qop": "auth", "nc": "00000001", "uri": "/a,b"}


@pytest.mark.parametrize(
    ("method", "target", "destination", "allowed"),
    [
        ("PUT", "/webdav/a.pdf", "", True),
        ("PUT", "/webdav/a.PDF?x.exe", "", True),
        ("PUT", "/webdav/a.exe", "", False),
        ("PUT", "/webdav/a.pdf%2eexe", "", False),
        ("PUT", "/webdav/a", "", False),
        ("MOVE", "/webdav/kept.pdf", "http://device/webdav/a.exe", False),
        ("COPY", "/webdav/kept.pdf", "http://device/webdav/a.tif", True),
        ("MOVE", "/webdav/folder", "http://device/webdav/other", True),
        ("MOVE", "/webdav/%2e%2e", "http://device/webdav/other", False),
        ("LOCK", "/webdav/new.exe", "", False),
        ("LOCK", "/webdav/folder", "", True),
        ("GET", "/webdav/a.exe", "", True),
        ("MOVE", "/webdav/kept.pdf", "http://[/webdav/a.exe", True),  # no address: refused later
    ],
)
def test_printable_files_only(
    tmp_path: Path, method: str, target: str, destination: str, allowed: bool
) -> None:
    space = Spaces().of(device_with(tmp_path))
    (space.root / "folder").mkdir()
    (space.root / "kept.pdf").touch()
    request = Request(method, target, (("destination", destination),))
    assert may_store(space, request) is allowed


async def test_the_quota_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webdav, "QUOTA", 3000)
    space = Spaces().of(device_with(tmp_path))
    answers = [
        (await serve_webdav(space, Request("PUT", f"/webdav/{n}.pdf", body=bytes(1000)), PLAIN))
        for n in range(4)
    ]
    assert [answer.status for answer in answers] == [201, 201, 201, 507]


@pytest.mark.parametrize("target", ["/webdav", "/webdav/", "/webdav/a/b", "/webdav?x"])
def test_what_is_forwarded(target: str) -> None:
    assert is_webdav(target)


@pytest.mark.parametrize("target", ["/", "/webdavx", "*", "http://device/webdav/"])
def test_what_is_not_forwarded(target: str) -> None:
    assert not is_webdav(target)


@pytest.mark.parametrize(
    "target",
    [
        "/webdav/%00",
        "/webdav/%ff%fe",
        "/webdav/../../etc/passwd",
        "/webdav//..//x",
        "/webdav/" + "a" * 2000,
    ],
)
@pytest.mark.parametrize("method", ["GET", "PUT", "PROPFIND", "DELETE", "MKCOL", "LOCK", "BREW"])
async def test_odd_requests_get_an_answer(tmp_path: Path, target: str, method: str) -> None:
    device = device_with(tmp_path)
    space = Spaces().of(device)
    answer = await serve_webdav(space, Request(method, target, body=b"<?xml"), PLAIN)
    assert 200 <= answer.status < 600
    assert {path.name for path in tmp_path.iterdir()} <= {
        *("webdav", "audit.ledger", "settings.ledger", "journal.ledger", "policy.ledger"),
        *("users.ledger", "counters.ledger", "addresses.ledger", "tls.pem", "jobs.ledger"),
        *("boxes.ledger", "spool", "levels.ledger", "jobs"),
    }


async def test_an_exploding_body_stays_small(tmp_path: Path) -> None:
    space = Spaces().of(device_with(tmp_path))
    levels = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 12))
    body = f'<!DOCTYPE x [<!ENTITY e0 "ha">{levels}]><propfind xmlns="DAV:">&e11;</propfind>'
    answer = await serve_webdav(space, Request("PROPFIND", "/webdav/", body=body.encode()), PLAIN)
    assert answer.status == 400
