"""Wrong passwords at every login door: locked out where the guide says, never elsewhere (SP-35)."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.lab import running_device
from tests.remote_ui import Visitor

from frisket.mfd.device import Device
from frisket.mfd.users import Role
from frisket.model.reading import Value
from frisket.proto.rfb.vncauth import CHALLENGE_LENGTH, respond

USER, RIGHT = "Nora", "Right-1-password"
SETTINGS: dict[str, Value] = {
    "auth.lockout.enabled": True,
    "auth.lockout.threshold": 3,
    "auth.lockout.period": 10,
    "webdav.server.enabled": True,
    "webdav.server.authentication": "basic",
    "ipp.authentication": True,
    "ftp.print.authentication": True,
    "ftp.print.user": USER,
    "ftp.print.password": RIGHT,
    "remote-operation.enabled": True,
    "remote-operation.password": "12345678",
}


@dataclass
class Clock:
    """A clock that stands still until it is put forward."""

    time: datetime = datetime(2026, 11, 22, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.time


async def http(device: Device, port: int, head: str, user: str, password: str) -> int:
    """Send one request with Basic authentication; return the status."""
    reader, writer = await asyncio.open_connection(device.address, device.port(port))
    credential = b64encode(f"{user}:{password}".encode()).decode()
    lines = f"{head}\r\nHost: x\r\nAuthorization: Basic {credential}\r\nContent-Length: 0\r\n\r\n"
    writer.write(lines.encode())
    async with asyncio.timeout(10):
        status = (await reader.readline()).split()[1]
    writer.close()
    return int(status)


async def by_webdav(device: Device, user: str, password: str) -> bool:
    return await http(device, 80, "PROPFIND /webdav/ HTTP/1.1", user, password) != 401


async def by_ipp(device: Device, user: str, password: str) -> bool:
    head = "POST /ipp/print HTTP/1.1\r\nContent-Type: application/ipp"
    return await http(device, 631, head, user, password) != 401


async def by_remote_ui(device: Device, user: str, password: str) -> bool:
    page = Visitor(device).post("/login", {"username": user, "password": password})
    return page.status == 302


async def by_ftp(device: Device, user: str, password: str) -> bool:
    reader, writer = await asyncio.open_connection(device.address, device.port(21))
    async with asyncio.timeout(20):
        await reader.readline()
        for line in (f"USER {user}", f"PASS {password}"):
            writer.write(f"{line}\r\n".encode())
            said = await reader.readline()
    writer.close()
    return said.startswith(b"230")


async def by_rfb(device: Device, _: str, password: str) -> bool:
    reader, writer = await asyncio.open_connection(device.address, device.port(5900))
    async with asyncio.timeout(10):
        await reader.readexactly(12)
        writer.write(b"RFB 003.003\n")
        await reader.readexactly(4)
        challenge = await reader.readexactly(CHALLENGE_LENGTH)
        writer.write(respond(password, challenge))
        result = await reader.readexactly(4)
    writer.close()
    return result == b"\0\0\0\0"


Door = Callable[[Device, str, str], Awaitable[bool]]


@pytest.mark.parametrize("door", [by_webdav, by_ipp, by_remote_ui])
async def test_an_account_is_locked_for_the_period_and_at_every_door(
    door: Door, tmp_path: Path
) -> None:
    clock = Clock()
    async with running_device(
        settings=SETTINGS, services=["http", "ipp"], folder=tmp_path, now=clock
    ) as (device, _):
        device.users.put(USER, Role.GENERAL, RIGHT, "test")
        for _ in range(3):
            assert not await door(device, USER, "wrong")
        for other in (by_webdav, by_ipp, by_remote_ui):
            assert not await other(device, USER, RIGHT), "locked, with the right password too"
        assert device.journal.counts["failed_logins"] == 6
        clock.time += timedelta(minutes=9)
        assert not await door(device, USER, RIGHT)
        clock.time += timedelta(minutes=2)
        assert await door(device, USER, RIGHT)


@pytest.mark.parametrize(
    ("door", "right", "name"), [(by_ftp, RIGHT, "ftp"), (by_rfb, "12345678", "rfb")]
)
async def test_passwords_of_a_function_do_not_lock(
    door: Door, right: str, name: str, tmp_path: Path
) -> None:
    """They are no accounts: the function's own password goes on working."""
    async with running_device(settings=SETTINGS, services=[name], folder=tmp_path) as (device, _):
        for _ in range(5):
            assert not await door(device, USER, "wrong")
        assert await door(device, USER, right)
        assert device.journal.counts["failed_logins"] == 5


async def test_department_ids_never_lock() -> None:
    settings = {**SETTINGS, "auth.service": "department-id", "password.allow-default-remote": True}
    async with running_device(settings=settings, services=["http"]) as (device, _):

        def enter(pin: str) -> int:
            fields = {"deptid": "7654321", "password": pin}
            return Visitor(device).post("/login", fields).status

        assert {enter(f"{n:07}") for n in range(20)} == {200}
        assert enter("7654321") == 302
        assert device.journal.counts["failed_logins"] == 20


async def test_invented_names_are_refused_and_not_kept(tmp_path: Path) -> None:
    async with running_device(settings=SETTINGS, services=["http"], folder=tmp_path) as (device, _):
        visitor = Visitor(device)
        pages = {
            visitor.post("/login", {"username": f"nobody-{n % 20}", "password": "x"}).body
            for n in range(60)
        }
        assert len(pages) == 1, "a name that nobody has looks like any other, also when tried often"
        assert device.journal.counts["failed_logins"] == 60
        assert await by_remote_ui(device, "Administrator", "7654321")
