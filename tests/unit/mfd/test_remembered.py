"""A server's password that was typed once: kept for its user, or never (SP-25)."""

from __future__ import annotations

import asyncio
import base64

import pytest
from tests.lab import make_device

from frisket.errors import FrisketError
from frisket.mfd.address_book import Address, AddressKind
from frisket.mfd.device import Device
from frisket.mfd.outside.deliver import Parcel, deliver
from frisket.mfd.remembered import PROHIBITED, Remembered

PARCEL = Parcel("scan.pdf", "application/pdf", b"%PDF-1.6")


def share(url: str, user: str = "", password: str = "", name: str = "") -> Address:
    return Address(name, AddressKind.FILE, url, user, password)


def test_a_typed_login_is_kept_for_its_user_and_server_alone() -> None:
    store, logins = make_device().store, Remembered()
    logins.keep(share("smb://files/scans", "anna", "secret"), "anna", store)
    assert logins.fill(share("smb://files/other"), "anna", store).password == "secret"
    assert not logins.fill(share("smb://files/scans"), "bert", store).user
    assert not logins.fill(share("smb://elsewhere/scans"), "anna", store).user


def test_what_stands_in_the_address_book_is_not_remembered() -> None:
    store, logins = make_device().store, Remembered()
    logins.keep(share("smb://files/scans", "anna", "secret", name="Scans"), "anna", store)
    assert not logins.fill(share("smb://files/scans"), "anna", store).user


def test_the_prohibition_forgets_and_keeps_nothing() -> None:
    device, logins = make_device(), Remembered()
    logins.keep(share("ftp://files/a", "anna", "secret"), "anna", device.store)
    device.policy.apply(device.store, ["SP-25"], {}, "security")
    assert device.store.on(PROHIBITED)
    assert not logins.fill(share("ftp://files/a"), "anna", device.store).user
    logins.keep(share("ftp://files/a", "anna", "secret"), "anna", device.store)
    device.policy.apply(device.store, [], {}, "security")
    device.store.set(PROHIBITED, False, "anna", "panel")
    assert not logins.fill(share("ftp://files/a"), "anna", device.store).user


async def _put(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
    length = next(int(x.split(":")[1]) for x in head.splitlines() if x.startswith("content-length"))
    await reader.readexactly(length)
    login = base64.b64encode(b"anna:secret").decode().lower()
    good = f"basic {login}" in head
    status = b"201 Created" if good else b"401 No\r\nWWW-Authenticate: Basic realm=x"
    writer.write(b"HTTP/1.1 " + status + b"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
    await writer.drain()
    writer.close()


@pytest.mark.parametrize("prohibited", [False, True])
async def test_the_second_send_asks_nobody_only_where_it_may(*, prohibited: bool) -> None:
    device: Device = make_device(settings={PROHIBITED: prohibited})
    server = await asyncio.start_server(_put, "127.0.0.1", 0)
    async with server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/scans/"
        await deliver(device, share(url, "anna", "secret"), PARCEL, "anna")
        if prohibited:
            with pytest.raises(FrisketError):
                await deliver(device, share(url), PARCEL, "anna")
        else:
            await deliver(device, share(url), PARCEL, "anna")
