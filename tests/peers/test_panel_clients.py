"""VNC clients nobody here wrote look at the panel, work it, and agree on what they see."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageChops
from tests.lab import running_device
from tests.peers.vnc import clicks, gvnccapture, run, vncdo

from frisket.mfd.device import Device
from frisket.mfd.panel.engine import look
from frisket.mfd.panel.paint import draw
from frisket.mfd.panel.view import Button
from frisket.proto.rfb.vncauth import respond

PASSWORD = "ros12345"  # eight characters, as many as count


@asynccontextmanager
async def panel(**settings: Any) -> AsyncIterator[Device]:
    wanted = {
        "remote-operation.enabled": True,
        "remote-operation.password": PASSWORD,
        "audit-log.save": True,
        **settings,
    }

    def noon() -> datetime:
        # The clock on the panel must not change between two pictures.
        return datetime(2026, 3, 2, 12, 0, tzinfo=UTC)

    async with running_device(settings=wanted, services=["rfb"], now=noon) as (device, _):
        yield device


def shown(device: Device) -> Image.Image:
    return draw(look(device.glass.state, device))


def same(picture: Path, truth: Image.Image) -> bool:
    with Image.open(picture) as image:
        return image.convert("RGB").tobytes() == truth.tobytes()


def place(device: Device, label: str) -> tuple[int, int]:
    """Return where a person would touch for a button."""
    for part in look(device.glass.state, device).parts:
        if isinstance(part, Button) and part.label == label:
            left, top, width, height = part.area
            return left + width // 2, top + height // 2
    raise AssertionError(f"no button {label}")


async def touch(device: Device, *labels: str) -> None:
    for label in labels:
        status, output = await vncdo(device.address, PASSWORD, *clicks(place(device, label)))
        assert status == 0, output


async def test_vncdo_sees_every_pixel(tmp_path: Path) -> None:
    async with panel() as device:
        status, output = await vncdo(device.address, PASSWORD, "capture", tmp_path / "a.png")
        assert status == 0, output
        assert same(tmp_path / "a.png", shown(device))


@pytest.mark.peer("gvncviewer")
async def test_gvnccapture_sees_every_pixel(tmp_path: Path) -> None:
    async with panel() as device:
        status, output = await gvnccapture(device.address, PASSWORD, tmp_path / "b.png")
        assert status == 0, output
        assert same(tmp_path / "b.png", shown(device))
        status, output = await gvnccapture(device.address, "wrong", tmp_path / "c.png")
        assert status != 0
        assert device.journal.counts["failed_logins"] == 1


def password_file(folder: Path) -> Path:
    """Return a file as `vncpasswd` writes it: the password under a key everyone knows."""
    key = bytes((23, 82, 107, 6, 35, 78, 88, 7)).decode("latin-1")
    file = folder / "password"
    file.write_bytes(respond(key, PASSWORD.encode().ljust(16, b"\0"))[:8])
    return file


@pytest.mark.peer("vncsnapshot")
async def test_vncsnapshot_speaks_3_3_and_sees_the_same(tmp_path: Path) -> None:
    async with panel() as device:
        words = ("-passwd", password_file(tmp_path), "-quality", "100")
        picture = tmp_path / "d.jpg"
        status, output = await run("vncsnapshot", *words, f"{device.address}:0", picture)
        assert status == 0, output
        assert "VNC server supports protocol version 3.3" in output
        assert "VNC authentication succeeded" in output
        with Image.open(picture) as image:
            # JPEG at its best quality still rounds.
            difference = ImageChops.difference(image.convert("RGB"), shown(device)).convert("L")
            assert not sum(difference.histogram()[24:])


async def test_a_wrong_password_is_refused_and_recorded(tmp_path: Path) -> None:
    async with panel() as device:
        status, output = await vncdo(device.address, "guess", "capture", tmp_path / "e.png")
        assert status != 0
        assert "authentication failed" in output
        assert not (tmp_path / "e.png").exists()
        assert device.journal.counts["failed_logins"] == 1
        last = list(device.log)[-1]
        assert (last.operation, last.result) == ("Remote Operation Login", "NG")


async def test_keys_are_the_hardware_keys() -> None:
    async with panel() as device:
        status, output = await vncdo(device.address, PASSWORD, "key", "f4", "pause", "0.1")
        assert status == 0, output
        assert device.glass.state.screen == "counter"


async def journey(device: Device) -> None:
    """Log in as Administrator and switch the lockout, all from afar."""
    words = ["type", "Administrator", "key", "enter", "type", "7654321", "key", "enter"]
    await touch(device, "Settings/Registration")
    assert device.glass.state.screen == "login"
    status, output = await vncdo(device.address, PASSWORD, *words, "pause", "0.1")
    assert status == 0, output
    assert device.glass.state.actor == "Administrator"
    await touch(device, "Management Settings", "Security Settings")
    await touch(device, "Authentication/Password Settings")
    await touch(device, "<Lockout Settings>")


async def test_an_administrator_changes_a_setting_from_afar(tmp_path: Path) -> None:
    async with panel(**{"auth.lockout.enabled": False}) as device:
        await journey(device)
        await touch(device, "On", "OK")
        assert device.store.on("auth.lockout.enabled")
        change = [e for e in device.log if e.operation == "Change Setting"][-1]
        assert (change.user, change.detail) == (
            "Administrator",
            "auth.lockout.enabled = on via panel",
        )
        await vncdo(device.address, PASSWORD, "capture", tmp_path / "f.png")
        assert same(tmp_path / "f.png", shown(device))
        assert "has been changed" in device.glass.state.notice
        assert device.journal.counts["sheets"] == 0


async def test_a_setting_that_the_policy_locks_stays_as_it_is() -> None:
    async with panel() as device:
        device.policy.apply(device.store, ["SP-35"], device.policy.parameters, "test")
        await journey(device)
        await touch(device, "Off", "OK")
        assert device.store.on("auth.lockout.enabled")
        assert "locked by the security policy: SP-35" in device.glass.state.notice
        refused = [e for e in device.log if e.operation == "Change Setting"][-1]
        assert refused.result == "NG"


async def test_turning_remote_operation_off_from_afar_ends_it() -> None:
    async with panel() as device:
        device.store.set("remote-operation.enabled", False, "Administrator", "remote-ui")
        status, _ = await vncdo(device.address, PASSWORD, "key", "f4")
        assert status != 0
