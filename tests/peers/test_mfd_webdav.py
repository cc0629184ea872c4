"""Litmus and curl judge the WebDAV server of the Advanced Space."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest
from tests.lab import running_device

from frisket.mfd.device import Device
from frisket.model.reading import Value

ON: dict[str, Value] = {"webdav.server.enabled": True}


async def run(*command: str, folder: Path) -> str:
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=folder,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await asyncio.wait_for(process.communicate(), 110)
    return said.decode(errors="replace")


def base(device: Device) -> str:
    return f"http://{device.address}:{device.port(80)}/webdav/"


@pytest.mark.peer("litmus")
@pytest.mark.parametrize("scheme", ["none", "basic", "digest"])
async def test_litmus_passes_every_test(tmp_path: Path, scheme: str) -> None:
    settings = {**ON, "webdav.server.authentication": scheme, "admin.password": "Practice-1"}
    async with running_device(settings=settings, services=["http"], folder=tmp_path / "d") as (
        device,
        _,
    ):
        user = () if scheme == "none" else ("Administrator", "Practice-1")
        said = await run("litmus", "-k", base(device), *user, folder=tmp_path)
        assert not device.journal.counts["bugs"]
        assert not device.journal.counts["failed_logins"]
    passed = re.findall(r"summary for `(\w+)': of \d+ tests run: (\d+) passed, (\d+) failed", said)
    assert [(name, int(failed)) for name, _, failed in passed] == [
        ("basic", 0),
        ("copymove", 0),
        ("props", 0),
        ("locks", 0),
        ("http", 0),
    ], said
    assert sum(int(count) for _, count, _ in passed) == 104
