"""The port of remote operation: open with its setting, cut with it, and free while nobody looks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from tests.lab import running_device

from frisket.mfd.device import Device
from frisket.mfd.host import Host
from frisket.mfd.services import rfb
from frisket.proto.rfb.vncauth import respond
from frisket.proto.rfb.wire import KeyEvent, UpdateRequest, encode_client_message

ON = {"remote-operation.enabled": True, "remote-operation.password": "ros12345"}
_SERVED = ["rfb"]
_WHOLE = 4 + 12 + 800 * 480 * 4  # one raw update of the whole panel


@asynccontextmanager
async def serving(**more: Any) -> AsyncIterator[tuple[Device, Host]]:
    settings = {**ON, "audit-log.save": True, **more.pop("settings", {})}
    async with running_device(settings=settings, services=_SERVED, **more) as (device, host):
        yield device, host


def idle(screen: rfb.Screen) -> bool:
    """Say whether a device's screen costs nothing."""
    watched = screen.device.glass.watchers
    return screen.image is None and screen.ticking is None and not watched


Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def join(device: Device, password: str = "ros12345") -> Streams:
    reader, writer = await asyncio.open_connection(device.address, 5900)
    assert await reader.readexactly(12) == b"RFB 003.003\n"
    writer.write(b"RFB 003.003\n")
    assert await reader.readexactly(4) == b"\0\0\0\2"
    challenge = await reader.readexactly(16)
    writer.write(respond(password, challenge) + b"\1")
    return reader, writer


async def enter(device: Device) -> Streams:
    reader, writer = await join(device)
    assert await reader.readexactly(4) == bytes(4)
    head = await reader.readexactly(24)
    await reader.readexactly(int.from_bytes(head[20:24], "big"))
    return reader, writer


def ask(writer: asyncio.StreamWriter, *, again: bool) -> None:
    writer.write(encode_client_message(UpdateRequest(again, 0, 0, 800, 480)))


async def test_the_port_follows_the_setting() -> None:
    assert rfb.SERVICE.name == "rfb"
    async with serving(settings={"remote-operation.enabled": False}) as (device, host):
        assert not host.ports()
        device.store.set("remote-operation.enabled", True, "test", "remote-ui")
        await host.settled()
        assert host.ports() == {"rfb": 5900}
        reader, writer = await enter(device)
        device.store.set("remote-operation.enabled", False, "test", "remote-ui")
        await host.settled()
        assert not host.ports()
        with suppress(ConnectionResetError):
            assert await reader.read() == b""
        writer.close()


async def test_a_wrong_password_closes_and_is_counted() -> None:
    async with serving() as (device, _):
        reader, writer = await join(device, "wrong")
        assert await reader.read() == b"\0\0\0\1"
        assert device.journal.counts["failed_logins"] == 1
        assert [e.result for e in device.log if "Remote" in e.operation] == ["NG"]
        writer.close()


async def test_nothing_is_kept_until_somebody_looks_nor_afterwards() -> None:
    async with serving() as (device, host):
        (screen,) = host._open.values()
        assert isinstance(screen, rfb.Screen)
        assert idle(screen)
        reader, writer = await enter(device)
        ask(writer, again=False)
        await reader.readexactly(_WHOLE)
        assert screen.image is not None
        writer.close()
        await writer.wait_closed()
        while screen.connections:
            await asyncio.sleep(0)
        assert idle(screen)


async def test_a_touch_of_one_viewer_is_seen_by_the_other() -> None:
    async with serving() as (device, _):
        reader, writer = await enter(device)
        _, other = await enter(device)
        ask(writer, again=False)
        await reader.readexactly(_WHOLE)
        ask(writer, again=True)
        other.write(encode_client_message(KeyEvent(True, 0xFFC1)))
        head = await reader.readexactly(4)
        assert head[:2] == bytes(2)
        assert int.from_bytes(head[2:], "big") >= 1
        assert device.glass.state.screen == "counter"
        writer.close()
        other.close()


async def test_what_changes_by_itself_is_sent_too() -> None:
    async with serving() as (device, _):
        reader, writer = await enter(device)
        ask(writer, again=False)
        await reader.readexactly(_WHOLE)
        ask(writer, again=True)
        device.store.set("network.host-name", "renamed", "test", "remote-ui")
        assert (await reader.readexactly(4))[:2] == bytes(2)
        writer.close()


async def test_a_changed_password_cuts_the_viewers_off() -> None:
    async with serving() as (device, host):
        reader, writer = await enter(device)
        device.store.set("remote-operation.password", "other", "test", "remote-ui")
        await host.settled()
        with suppress(ConnectionResetError):
            assert await reader.read() == b""
        writer.close()
        reader, writer = await join(device, "other")
        assert await reader.readexactly(4) == bytes(4)
        writer.close()


async def test_a_ninth_viewer_is_told_why_not() -> None:
    async with serving() as (device, _):
        crowd = [await enter(device) for _ in range(8)]
        reader, writer = await asyncio.open_connection(device.address, 5900)
        writer.write(b"RFB 003.003\n")
        answer = await reader.read()
        assert answer.endswith(b"too many viewers")
        for _, one in [*crowd, (reader, writer)]:
            one.close()


async def test_a_sleeping_device_wakes_before_it_greets() -> None:
    async with serving(quirks={"sleeps": True, "wake_seconds": 0.2}) as (device, _):
        start = asyncio.get_running_loop().time()
        _, writer = await enter(device)
        assert asyncio.get_running_loop().time() - start >= 0.2
        assert device.journal.counts["wakes"] == 1
        writer.close()


async def test_garbage_ends_one_connection_and_not_the_device() -> None:
    async with serving() as (device, _):
        reader, writer = await asyncio.open_connection(device.address, 5900)
        writer.write(b"\0" * 4000)
        assert await reader.read() == b"RFB 003.003\n"
        writer.close()
        _, writer = await enter(device)
        writer.close()
        assert device.journal.counts["bugs"] == 0


async def test_a_restart_ends_the_login_at_the_panel() -> None:
    async with serving() as (device, host):
        device.glass.show(device.glass.state.goto("counter"))
        await host.reboot("test")
        assert device.glass.state.screen == "home"
