"""Smbclient judges the SMB server: the responder that only negotiates, and Samba behind a quirk."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.lab import running_device

from frisket.mfd.auditlog import LogKind
from frisket.mfd.device import Device
from frisket.model.reading import Known, Value
from frisket.model.target import Target
from frisket.net.budget import Budget, Limits
from frisket.net.dial import SocketDialer
from frisket.probe.base import Visit
from frisket.probe.smb import PROBE

pytestmark = pytest.mark.peer("smbclient")
ON: dict[str, Value] = {"smb.server.enabled": True, "audit-log.save": True}


async def smbclient(device: Device, folder: Path, *options: str, port: int = 445) -> str:
    """Run smbclient on the share; return what it said."""
    (folder / "client.conf").write_text("[global]\n  client min protocol = NT1\n")
    process = await asyncio.create_subprocess_exec(
        *("smbclient", f"//{device.address}/share", "-s", str(folder / "client.conf")),
        *("-p", str(device.port(port)), *options),
        cwd=folder,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await asyncio.wait_for(process.communicate(), 60)
    return said.decode(errors="replace")


@pytest.mark.parametrize("port", [445, 139])
@pytest.mark.parametrize("most", ["SMB3", "SMB2_02", "NT1"])
async def test_the_responder_refuses_politely(tmp_path: Path, port: int, most: str) -> None:
    quirks = {"smb_dialects": ("SMB1", "SMB2.0.2", "SMB3.1.1")}
    async with running_device(settings=ON, services=["smb"], quirks=quirks) as (device, _):
        said = await smbclient(device, tmp_path, "-N", "-m", most, port=port)
        assert "NT_STATUS_ACCESS_DENIED" in said
        refused = [e for e in device.log if e.kind is LogKind.NETWORK_AUTHENTICATION]
        assert [e.result for e in refused][:1] == ["NG"]
        assert not device.journal.counts["failed_logins"]


@pytest.mark.peer("samba")
async def test_samba_asks_for_the_administrator(tmp_path: Path) -> None:
    (tmp_path / "scan.pdf").write_bytes(b"%PDF-1.4 of a test")
    settings: dict[str, Value] = {
        **ON,
        "smb.server.authentication": True,
        "smb.server.require-signature": True,
        "admin.password": "Practice-1",
    }
    async with running_device(
        settings=settings, services=["smb"], quirks={"samba": True}, folder=tmp_path / "device"
    ) as (device, host):
        right = ("-U", "Administrator%Practice-1", "-c", "put scan.pdf; ls")
        said = await smbclient(device, tmp_path, *right)
        assert "putting file scan.pdf" in said, said
        assert (tmp_path / "device" / "samba" / "share" / "scan.pdf").exists()
        assert "LOGON_FAILURE" in await smbclient(device, tmp_path, "-U", "Administrator%wrong")
        assert "DENIED" in await smbclient(device, tmp_path, "-N", "-c", "ls")
        device.store.set("smb.server.enabled", False, "test", "lab")
        await host.settled()
        assert "CONNECTION_REFUSED" in await smbclient(device, tmp_path, *right)


@pytest.mark.peer("samba")
async def test_samba_takes_guests_where_nobody_is_asked(tmp_path: Path) -> None:
    settings: dict[str, Value] = {**ON, "smb.server.authentication": False}
    async with running_device(
        settings=settings, services=["smb"], quirks={"samba": True}, folder=tmp_path / "device"
    ) as (device, host):
        said = await smbclient(device, tmp_path, "-N", "-c", "mkdir inbox; ls")
        assert "inbox" in said, said
        device.store.set("smb.server.require-encryption", True, "test", "lab")
        await host.settled()
        assert not host.faults
        said = await smbclient(device, tmp_path, "-m", "SMB2_10", "-N", "-c", "ls")
        assert "inbox" not in said


@pytest.mark.peer("samba")
@pytest.mark.parametrize("signed", [True, False])
async def test_the_probe_reads_samba_like_the_responder(tmp_path: Path, signed: bool) -> None:
    settings: dict[str, Value] = {**ON, "smb.server.require-signature": signed}
    quirks = {"samba": True, "smb_dialects": ("SMB1", "SMB2.0.2", "SMB2.1")}
    async with running_device(
        settings=settings, services=["smb"], quirks=quirks, folder=tmp_path / "device"
    ) as (device, _):
        dialer = SocketDialer(
            Target(device.address, ports={445: device.port(445)}),
            Budget(Limits(packets_per_second=0)),
        )
        sighting = await PROBE.run(Visit(dialer, lambda: datetime.now(UTC)))
    (dialects,) = sighting.readings["smb.server.dialects"]
    (signature,) = sighting.readings["smb.server.require-signature"]
    assert isinstance(dialects, Known)
    assert isinstance(signature, Known)
    assert dialects.value == quirks["smb_dialects"]
    assert signature.value is signed
