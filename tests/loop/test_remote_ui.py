"""The Remote UI over real sockets: ports, redirects, lazy keys, time limits, restarts."""

from __future__ import annotations

import asyncio
import os
import re
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from tests.lab import own_address, running_device
from tests.remote_ui import EDGE, visitor

from frisket.mfd import host as hosts
from frisket.mfd.auditlog import LogKind
from frisket.mfd.device import Device
from frisket.mfd.settings_file import export_settings
from frisket.net.listen import listen_tcp
from frisket.proto.http.server import Caller, Patience, Serving
from frisket.proto.http.wire import Limits, Request, Response

PORTS = (80, 443, 8000, 8443)


def trusting() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


@asynccontextmanager
async def connection(
    address: str, port: int, context: ssl.SSLContext | None = None
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """Connect, and leave nothing open afterwards."""
    reader, writer = await asyncio.open_connection(address, port, ssl=context)
    try:
        yield reader, writer
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


async def ended(reader: asyncio.StreamReader) -> bytes:
    """Return what comes until the peer closes."""
    async with asyncio.timeout(10):
        try:
            return await reader.read()
        except ConnectionResetError:
            return b""


async def talk(device: Device, port: int, data: bytes, *, tls: bool = False) -> bytes:
    """Send octets and return all that comes back."""
    context = trusting() if tls else None
    async with connection(device.address, device.port(port), context) as (reader, writer):
        writer.write(data)
        return await ended(reader)


def asked(path: str = "/", *more: str, method: str = "GET") -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: mfd.example", "Connection: close", *more]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def split(answer: bytes) -> tuple[str, dict[str, str], bytes]:
    head, _, body = answer.partition(b"\r\n\r\n")
    status, *lines = head.decode("latin-1").split("\r\n")
    fields = dict(line.split(": ", 1) for line in lines)
    return status, {name.lower(): value for name, value in fields.items()}, body


async def open_ports(device: Device) -> set[int]:
    found = set()
    for port in PORTS:
        try:
            async with connection(device.address, device.port(port)):
                found.add(port)
        except ConnectionRefusedError:
            continue
    return found


@pytest.mark.parametrize(
    ("remote_ui", "http", "tls", "expected"),
    [
        (True, True, False, {80, 8000}),
        (True, True, True, {80, 8000, 443, 8443}),
        (False, True, True, set()),
        (True, False, True, set()),
    ],
)
async def test_ports_are_open_as_the_settings_say(
    remote_ui: bool, http: bool, tls: bool, expected: set[int]
) -> None:
    settings = {
        "remote-ui.enabled": remote_ui,
        "http.enabled": http,
        "remote-ui.tls.enabled": tls,
    }
    async with running_device(settings=settings, services=["http"]) as (device, host):
        assert await open_ports(device) == expected
        assert set(host.ports().values()) == {device.port(port) for port in expected}


async def test_ports_follow_the_settings_once_applied() -> None:
    async with running_device(services=["http"]) as (device, host):
        device.store.set("remote-ui.tls.enabled", True, "test", "panel")
        await host.settled()
        assert await open_ports(device) == {80, 8000}, "waits for a restart"
        device.store.apply_pending()
        await host.settled()
        assert await open_ports(device) == set(PORTS)
        device.store.set("http.enabled", False, "test", "lab")
        await host.settled()
        assert await open_ports(device) == set()


@pytest.mark.parametrize("port", [80, 8000])
@pytest.mark.parametrize("path", ["/", "/rps/", "/login", "/remote_ui.css"])
async def test_without_tls_there_is_no_content_where_tls_is_on(port: int, path: str) -> None:
    settings = {"remote-ui.tls.enabled": True}
    async with running_device(settings=settings, services=["http"]) as (device, _):
        status, fields, body = split(await talk(device, port, asked(path)))
        assert status == "HTTP/1.1 302 Moved Temporarily"
        assert fields["location"] == "https://mfd.example:8443/"
        assert fields["content-length"] == "0"
        assert fields["connection"] == "close"
        assert fields["server"] == "Catwalk-virtual"
        assert "set-cookie" not in fields
        assert body == b""


async def test_a_port_open_for_webdav_alone_shows_no_remote_ui() -> None:
    settings = {"webdav.server.enabled": True, "webdav.server.tls": True}
    async with running_device(settings=settings, services=["http"]) as (device, _):
        assert await open_ports(device) == {80, 8000, 443}
        status, _, body = split(await talk(device, 443, asked("/"), tls=True))
        assert status == "HTTP/1.1 404 Not Found"
        assert body == b""


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("10.0.0.1:8000", "10.0.0.1"),
        ("[::1]:80", "[::1]"),
        ("evil.example/path", None),
        ("a@b", None),
    ],
)
async def test_a_redirect_stays_with_the_host(host: str, expected: str | None) -> None:
    settings = {"remote-ui.tls.enabled": True}
    async with running_device(settings=settings, services=["http"]) as (device, _):
        request = f"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()
        _, fields, _ = split(await talk(device, 80, request))
        assert fields["location"] == f"https://{expected or device.address}:8443/"


@pytest.mark.parametrize("port", [443, 8443])
async def test_a_key_is_made_for_the_first_visitor_only(port: int, tmp_path: Path) -> None:
    settings = {"remote-ui.tls.enabled": True}
    async with running_device(settings=settings, services=["http"], folder=tmp_path) as (device, _):
        assert not (tmp_path / "tls.pem").exists()
        answer = await talk(device, port, asked(), tls=True)
        assert b"Login" in answer
        assert (tmp_path / "tls.pem").stat().st_mode & 0o777 == 0o600
        assert [path.name for path in tmp_path.glob("tls-*")] == []


async def test_a_device_that_forgets_keeps_one_key_while_it_runs() -> None:
    settings = {"remote-ui.tls.enabled": True}

    async def shown() -> x509.Certificate:
        async with connection(device.address, 8443, trusting()) as (_, writer):
            der = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
        return x509.load_der_x509_certificate(der)

    async with running_device(settings=settings, services=["http"]) as (device, _):
        first = await shown()
        device.store.set("tls.minimum-version", "TLSv1.3", "test", "lab")
        assert await shown() == first
        device.certificates.replace()
        assert await shown() != first


async def test_hsts_comes_with_strong_encryption_only() -> None:
    for strict in (False, True):
        settings = {"remote-ui.tls.enabled": True, "crypto.prohibit-weak": strict}
        async with running_device(settings=settings, services=["http"]) as (device, _):
            _, fields, _ = split(await talk(device, 8443, asked(), tls=True))
            assert ("strict-transport-security" in fields) is strict


async def test_bad_requests_get_the_device_s_answers() -> None:
    async with running_device(services=["http"]) as (device, _):
        long = await talk(device, 8000, b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\n\r\n")
        endless = await talk(device, 8000, b"GET /" + b"a" * 9000)
        for answer in (long, endless):
            status, fields, body = split(answer)
            assert status == "HTTP/1.1 414 Request URI Too Long"
            assert fields["server"] == "Catwalk-virtual"
            assert body == b""
        for bad in (b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n", b"GET\r\n\r\n", b"HELP\r\n\r\n"):
            status, fields, _ = split(await talk(device, 8000, bad))
            assert status.startswith("HTTP/1.1 500 ")
            assert fields["server"] == "Catwalk-virtual"
        many = [f"X-{n}: 1" for n in range(100)]
        assert (await talk(device, 8000, asked("/", *many))).startswith(b"HTTP/1.1 500 ")
        assert (await talk(device, 8000, asked("/"))).startswith(b"HTTP/1.1 200 OK")
        assert not device.journal.counts["bugs"]


async def test_nmap_would_know_these_answers() -> None:
    """The shapes that nmap's service probes have for these devices, but for the banner."""
    settings = {"remote-ui.tls.enabled": True}
    redirect = rb"HTTP/1\.1 302 Moved Temporarily\r\nServer: Catwalk-virtual\r\nDate: [^\r]*\r\n"
    redirect += (
        rb"Location: https://[^\r/]*:8443/\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    )
    long = rb"HTTP/1\.1 414 Request URI Too Long\r\nServer: Catwalk-virtual\r\nDate: [^\r]*\r\n"
    long += rb"Content-Length: 0\r\nConnection: close\r\n\r\n"
    bad = rb"HTTP/1\.1 500 Internal Server Error\r\nServer: Catwalk-virtual\r\n.*"
    async with running_device(settings=settings, services=["http"]) as (device, _):
        for request, shape in (
            (b"GET / HTTP/1.0\r\n\r\n", redirect),
            (b"GET /" + b"a" * 9000 + b" HTTP/1.0\r\n\r\n", long),
            (b"OPTIONS / RTSP/1.0\r\n\r\n", bad),
        ):
            answer = await talk(device, 80, request)
            assert re.fullmatch(shape, answer, re.DOTALL), answer


async def test_a_body_beyond_the_limit_is_refused() -> None:
    async with running_device(services=["http"]) as (device, _):
        request = asked("/login", "Content-Length: 3000000", method="POST")
        answer = await talk(device, 8000, request + b"a" * 1_200_000)
        assert answer == b"" or answer.startswith(b"HTTP/1.1 413 ")


async def test_the_clock_of_the_device_is_told() -> None:
    offset = {"clock_offset": -86400}
    async with running_device(services=["http"], quirks=offset) as (device, _):
        _, fields, _ = split(await talk(device, 8000, asked()))
        told = parsedate_to_datetime(fields["date"])
        assert 86390 < (datetime.now(UTC) - told).total_seconds() < 86410


async def test_a_sleeping_device_wakes_first() -> None:
    quirks = {"sleeps": True, "wake_seconds": 0.3}
    async with running_device(services=["http"], quirks=quirks) as (device, _):
        loop = asyncio.get_running_loop()
        start = loop.time()
        assert b"Login" in await talk(device, 8000, asked())
        assert loop.time() - start >= 0.3
        assert device.journal.counts["wakes"] == 1


async def test_several_requests_go_through_one_connection() -> None:
    async with running_device(services=["http"]) as (device, _):
        one = asked("/remote_ui.css").replace(b"Connection: close\r\n", b"")
        answer = await talk(device, 8000, one * 3 + asked("/"))
        assert answer.count(b"HTTP/1.1 200 OK") == 4


# -- the protocol by itself


@asynccontextmanager
async def serving(**changes: Any) -> AsyncIterator[tuple[Serving, str]]:
    async def answer(request: Request, caller: Caller) -> Response:
        if request.target == "/bug":
            raise ZeroDivisionError
        return Response(200, (), request.body)

    shared = Serving(answer, **changes)
    with own_address() as (address, _):
        server = await listen_tcp(address, 8000, shared)
        try:
            yield shared, address
        finally:
            server.close()
            shared.close()


@pytest.mark.parametrize("drip", [b"", b"GET / HT", b"GET / HTTP/1.1\r\nX: y\r\n"])
async def test_slow_requests_are_cut(drip: bytes) -> None:
    async with (
        serving(patience=Patience(request=0.1, idle=0.1)) as (shared, address),
        connection(address, 8000) as (reader, writer),
    ):
        writer.write(drip)
        assert await ended(reader) == b""
        assert not shared.open


async def test_dripping_does_not_buy_time() -> None:
    async with (
        serving(patience=Patience(request=0.2)) as (_, address),
        connection(address, 8000) as (reader, writer),
    ):
        loop = asyncio.get_running_loop()
        start = loop.time()
        ending = asyncio.create_task(ended(reader))
        while not ending.done():
            writer.write(b"a")
            await asyncio.wait([ending], timeout=0.02)
        assert loop.time() - start < 2


async def test_a_handshake_that_never_comes_is_cut() -> None:
    def context() -> ssl.SSLContext:
        return ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)

    patience = Patience(handshake=0.1)
    async with serving(context=context, patience=patience) as (shared, address):
        for data in (b"", b"GET / HTTP/1.1\r\n\r\n"):
            async with connection(address, 8000) as (reader, writer):
                writer.write(data)
                await ended(reader)
        async with asyncio.timeout(5):
            while shared.open:
                await asyncio.sleep(0)


async def test_too_many_connections_are_refused() -> None:
    async with (
        serving(most=1) as (_, address),
        connection(address, 8000),
        connection(address, 8000) as (reader, _),
    ):
        assert await ended(reader) == b""


async def test_many_bodies_together_are_bounded() -> None:
    async with (
        serving(most_held=100_000) as (shared, address),
        connection(address, 8000) as (_, holding),
        connection(address, 8000) as (reader, writer),
    ):
        head = asked("/", "Content-Length: 90000", method="POST")
        holding.write(head + b"a" * 60_000)
        while shared.held < 60_000:
            await asyncio.sleep(0)
        writer.write(head + b"a" * 60_000)
        assert await ended(reader) == b""
        assert shared.held < 70_000
        holding.write(b"a" * 30_000)
        while shared.held:
            await asyncio.sleep(0)


async def test_a_fault_of_ours_is_500_and_told() -> None:
    faults: list[BaseException] = []
    async with (
        serving(bug=faults.append) as (_, address),
        connection(address, 8000) as (reader, writer),
    ):
        writer.write(asked("/bug"))
        assert (await ended(reader)).startswith(b"HTTP/1.1 500 ")
        assert [type(fault) for fault in faults] == [ZeroDivisionError]


async def test_a_half_closed_client_is_answered() -> None:
    async with (
        serving(limits=Limits(body=10)) as (_, address),
        connection(address, 8000) as (reader, writer),
    ):
        writer.write(asked("/", "Content-Length: 5", method="POST") + b"hello")
        writer.write_eof()
        assert (await ended(reader)).endswith(b"hello")


async def test_a_client_that_waits_to_send_is_told_to_go_on() -> None:
    async with (
        serving() as (_, address),
        connection(address, 8000) as (reader, writer),
    ):
        head = asked("/", "Content-Length: 5", "Expect: 100-continue", method="POST")
        writer.write(head)
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 100")
        writer.write(b"hello")
        assert (await ended(reader)).endswith(b"hello")


# -- what only a running device does


async def test_an_import_restarts_the_device(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hosts, "RESTART_SECONDS", 0.0)
    async with running_device(settings={"audit-log.save": True}, services=["http"]) as (source, _):
        data = export_settings(source, "password", os.urandom)
    settings = {"remote-ui.tls.enabled": True, "lpd.enabled": False}
    async with running_device(settings=settings, services=["http"]) as (device, host):
        browser = visitor(device)
        fields = {"settings": "on", "password": "password"}
        assert EDGE
        answer = browser.upload("/rps/data/import", fields, data)
        assert b"restarting" in answer.body
        assert device.power.busy
        again = browser.upload("/rps/data/import", fields, data)
        assert b"busy" in again.body
        restarting = host._restarting
        assert restarting is not None
        await restarting
        assert device.journal.counts["reboots"] == 1
        assert device.store["lpd.enabled"] is True
        assert not device.store.pending
        assert await open_ports(device) == {80, 8000}
        assert len(device.sessions) == 0
        kinds = [(e.operation, e.result) for e in device.log if e.kind is LogKind.EXPORT_IMPORT]
        assert kinds == []  # <Save Audit Log> was off until the restart


async def test_a_restart_can_be_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hosts, "RESTART_SECONDS", 0.0)
    async with running_device(services=["http"]) as (device, host):
        visitor(device).post("/rps/restart", {})
        restarting = host._restarting
        assert restarting is not None
        await restarting
        assert device.journal.counts["reboots"] == 1
        assert b"Login" in await talk(device, 8000, asked())
