"""Litmus and curl judge the WebDAV server of the Advanced Space."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest
from tests.lab import running_device

from frisket.mfd.auditlog import LogKind
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


@pytest.mark.peer("curl")
async def test_curl_saves_and_fetches(tmp_path: Path) -> None:
    scan = tmp_path / "scan.pdf"
    scan.write_bytes(b"%PDF-1.4\n" + bytes(2_000_000))
    settings: dict[str, Value] = {
        **ON,
        "webdav.server.authentication": "digest",
        "webdav.server.printable-files-only": True,
        "admin.password": "Practice-1",
        "audit-log.save": True,
        "advanced-space.save-operation-log": True,
    }
    folder = tmp_path / "device"
    async with running_device(settings=settings, services=["http"], folder=folder) as (device, _):
        curl = ("curl", "-s", "-S", "-o", "out", "-w", "%{http_code}", "--max-time", "20")
        right = (*curl, "--digest", "-u", "Administrator:Practice-1")
        url = base(device)
        assert await run(*right, "-T", str(scan), f"{url}scan.pdf", folder=tmp_path) == "201"
        assert (folder / "webdav" / "scan.pdf").read_bytes() == scan.read_bytes()
        assert await run(*right, f"{url}scan.pdf", folder=tmp_path) == "200"
        assert (tmp_path / "out").read_bytes() == scan.read_bytes()
        assert await run(*right, "-T", str(scan), f"{url}scan.exe", folder=tmp_path) == "403"
        move = (*right, "-X", "MOVE", "-H", f"Destination: {url}scan.exe")
        assert await run(*move, f"{url}scan.pdf", folder=tmp_path) == "403"
        escape = (*right, "--path-as-is", "-T", str(scan))
        for path in ("../escaped.pdf", "%2e%2e/escaped.pdf", "..%2fescaped.pdf"):
            assert await run(*escape, f"{url}{path}", folder=tmp_path) not in {"201", "204"}
        assert not list(folder.parent.rglob("escaped.pdf"))
        assert await run(*curl, f"{url}scan.pdf", folder=tmp_path) == "401"
        assert device.journal.counts["failed_logins"] == 0
        wrong = (*curl, "--digest", "-u", "Administrator:wrong")
        assert await run(*wrong, f"{url}scan.pdf", folder=tmp_path) == "401"
        assert device.journal.counts["failed_logins"] >= 1
        saved = [e.operation for e in device.log if e.kind is LogKind.ADVANCED_SPACE]
        assert saved[:1] == ["Save"]
        assert not device.journal.counts["bugs"]
