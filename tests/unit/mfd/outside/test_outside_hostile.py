"""Servers that are hostile, silent or absent: an explained failure in time, and in the log."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.lab import make_device
from tests.unit.probe.lan import HOST, Talk, closed_port

from frisket.errors import FrisketError, Silent, UsageError
from frisket.mfd.address_book import Address, AddressKind
from frisket.mfd.device import Device
from frisket.mfd.outside.directory import look_up
from frisket.mfd.outside.limits import read_destination
from frisket.mfd.outside.pop import fetch
from frisket.mfd.outside.scan import scan_and_send
from frisket.mfd.outside.server import read_server
from frisket.mfd.outside.trust import trust
from frisket.model.reading import Value
from frisket.net import blocking
from frisket.net.blocking import Lifeline, in_thread

Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]


def says(data: bytes, times: int = 1) -> Talk:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            for _ in range(times):
                writer.write(data)
                await writer.drain()
            await reader.read()
        except OSError:
            return
        finally:
            writer.close()

    return talk


@asynccontextmanager
async def serving(talk: Talk) -> AsyncIterator[int]:
    running: set[asyncio.Task[None]] = set()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        running.add(task)
        await talk(reader, writer)

    server = await asyncio.start_server(handle, HOST, 0)
    async with server:
        yield server.sockets[0].getsockname()[1]
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)


def device_at(folder: Path, port: int) -> Device:
    where = f"{HOST}:{port}"
    settings: dict[str, Value] = {
        "pop.enabled": True,
        "pop.server": where,
        "pop.user": "u",
        "pop.password": "p",
    }
    settings |= {"smtp.send.server": where, "audit-log.save": True}
    settings |= {"ldap.enabled": True, "ldap.server": f"ldap://{where}"}
    return make_device(settings=settings, folder=folder)


CLIENTS: dict[str, Callable[[Device, int], Coroutine[Any, Any, object]]] = {
    "mail": lambda device, _: scan_and_send(device, "mailto:a@b.test", 1, "test"),
    "pop": lambda device, _: fetch(device, "test"),
    "ldap": lambda device, _: look_up(device, "a", "test"),
    **{
        scheme: lambda device, port, scheme=scheme: scan_and_send(  # type: ignore[misc]
            device, f"{scheme}://u:p@{HOST}:{port}/share", 1, "test"
        )
        for scheme in ("ftp", "http", "smb")
    },
}

TALKS = {
    "nothing": says(b"", 0),
    "noise": says(bytes(range(256)), 64),
    "a line without end": says(b"220-" + b"x" * 60000, 20),
    "greetings without end": says(b"220-hello\r\n" * 500, 200),
    "an answer of POP without end": says(b"+OK\r\n" + b"+OK more\r\n" * 1000, 200),
    "SMB of a wrong length": says(b"\0\0\0\x10\xfeSMB" + bytes(12)),
    "LDAP of a wrong length": says(b"\x30\x84\x7f\xff\xff\xff" + bytes(64)),
    "HTTP of a wrong length": says(b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n"),
}


# What imitates one protocol is said to its client only: most other clients wait for more.
MEANT = {
    "an answer of POP without end": "pop",
    "SMB of a wrong length": "smb",
    "LDAP of a wrong length": "ldap",
    "HTTP of a wrong length": "http",
}
PAIRS = [(c, talk) for c in CLIENTS for talk in TALKS if MEANT.get(talk, c) == c]


@pytest.mark.parametrize(("client", "talk"), PAIRS)
async def test_what_a_server_says_cannot_hurt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, client: str, talk: str
) -> None:
    for module in ("mail", "mailbox", "ftp", "smb", "directory", "webdav"):
        patience = 1.0 if module == "directory" else 0.3
        monkeypatch.setattr(f"frisket.mfd.outside.{module}.STEP", patience)
    async with serving(TALKS[talk]) as port:
        device = device_at(tmp_path, port)
        async with asyncio.timeout(15):
            with pytest.raises(FrisketError):
                await CLIENTS[client](device, port)
    assert list(device.log)[-1].result == "NG"
    assert not device.journal.counts["bugs"]


@pytest.mark.parametrize("client", CLIENTS)
async def test_nobody_there_is_an_explained_failure(tmp_path: Path, client: str) -> None:
    port = closed_port()
    device = device_at(tmp_path, port)
    with pytest.raises(FrisketError):
        await CLIENTS[client](device, port)
    assert list(device.log)[-1].result == "NG"


async def test_a_conversation_that_drips_is_cut_at_its_end() -> None:
    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while not reader.at_eof():
                writer.write(b"x")
                await writer.drain()
                await asyncio.sleep(0.01)
        except OSError:
            return
        finally:
            writer.close()

    ended = asyncio.Event()
    loop = asyncio.get_running_loop()

    def listen(port: int, line: Lifeline) -> None:
        with socket.create_connection((HOST, port)) as sock:
            line.hold(sock)
            while sock.recv(10):
                pass
        loop.call_soon_threadsafe(ended.set)

    async with serving(drip) as port, asyncio.timeout(10):
        with pytest.raises(Silent):
            await in_thread(lambda line: listen(port, line), "a server", 0.2)
        await ended.wait()


@pytest.mark.parametrize("client", CLIENTS)
async def test_what_is_stopped_is_logged_too(tmp_path: Path, client: str) -> None:
    called = asyncio.Event()

    async def wait(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        called.set()
        try:
            await reader.read()
        finally:
            writer.close()

    async with serving(wait) as port, asyncio.timeout(10):
        device = device_at(tmp_path, port)
        task = asyncio.create_task(CLIENTS[client](device, port))
        await called.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    entry = list(device.log)[-1]
    assert entry.result == "NG"
    assert entry.detail.startswith("stopped")


@pytest.mark.parametrize("text", ["", "a b", "host:0x", "host:99999", "[::1", "host:9100"])
def test_odd_server_settings_are_refused(text: str) -> None:
    with pytest.raises(FrisketError):
        read_server(text, 25, "server")


def test_server_settings() -> None:
    assert str(read_server("mail.example", 25, "server")) == "mail.example:25"
    assert str(read_server("mail.example:587", 25, "server")) == "mail.example:587"
    assert read_server("[::1]:587", 25, "server").host == "::1"
    assert read_server("ldap://x", 389, "server").scheme == "ldap"


@pytest.mark.parametrize(
    "text",
    ["", "nobody", "mailto:", "mailto:a,b@c", "tel:5", "mailto:a@b\nBcc: x@y", "smb://", "x" * 500],
)
async def test_odd_destinations_are_refused(tmp_path: Path, text: str) -> None:
    device = device_at(tmp_path, closed_port())
    with pytest.raises(FrisketError):
        await scan_and_send(device, text, 1, "test")


def test_a_destination_of_the_book_brings_its_password() -> None:
    device = make_device()
    known = Address("Files", AddressKind.FILE, r"\\server\share", "user", "secret")
    device.addresses.put(known)
    for text in ("Files", r"\\server\share", "smb://SERVER/share/"):
        assert read_destination(device, text) == known
    typed = read_destination(device, "ftp://u:p@host/x")
    assert (typed.user, typed.password, typed.destination) == ("u", "p", "ftp://host/x")


def test_what_is_no_certificate_is_not_trusted(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        trust(make_device(folder=tmp_path), b"nonsense", "test")


def test_the_deadline_is_longer_than_a_step() -> None:
    assert blocking.SECONDS > blocking.STEP
