"""Swaks judges SMTP reception: plain, over STARTTLS, and where TLS is always asked for."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pikepdf
import pytest
from PIL import Image
from tests.lab import running_device

from frisket.mfd.auditlog import LogKind
from frisket.mfd.boxes import MEMORY_INBOX
from frisket.mfd.device import Device
from frisket.model.reading import Value

pytestmark = pytest.mark.peer("swaks", "libnet-ssleay-perl")


async def swaks(device: Device, *options: str) -> tuple[int, str]:
    """Run swaks; return its exit status and what was said."""
    process = await asyncio.create_subprocess_exec(
        *("swaks", "--server", f"{device.address}:{device.port(25)}", "--helo", "client.example"),
        *("--from", "scan@client.example", "--to", "fax@device.example", *options),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await asyncio.wait_for(process.communicate(), 60)
    return process.returncode or 0, said.decode(errors="replace")


def settings(tls: str) -> dict[str, Value]:
    on: dict[str, Value] = {"smtp.receive.enabled": True, "smtp.receive.tls": tls}
    return {**on, "tls.minimum-version": "TLSv1.2"}


def received(device: Device) -> list[tuple[str, str]]:
    """Return result and detail of each reception in the audit log."""
    return [(e.result, e.detail) for e in device.log if e.kind is LogKind.TRANSMISSION]


async def test_plain_with_a_fax(tmp_path: Path) -> None:
    fax = tmp_path / "fax.tif"
    Image.new("1", (1728, 1100), 1).save(fax, "TIFF", compression="group4")
    async with running_device(
        settings={**settings("off"), "audit-log.save": True}, services=["smtp"]
    ) as (device, _):
        status, said = await swaks(device, "--attach-type", "image/tiff", "--attach", f"@{fax}")
        assert status == 0, said
        assert "STARTTLS" not in said
        assert "AUTH" not in said
        assert "ESMTP Ready" in said
        ((result, detail),) = received(device)
        assert result == "OK"
        assert f"TIFF of {fax.stat().st_size} octets" in detail
        await device.jobs.settled()
        assert device.journal.counts["sheets"] == 1
        assert not device.journal.counts["bugs"]


async def test_memory_lock_keeps_it(tmp_path: Path) -> None:
    fax = tmp_path / "fax.pdf"
    with pikepdf.new() as pdf:
        pdf.add_blank_page()
        pdf.save(fax)
    wanted = {**settings("on"), "audit-log.save": True, "ifax.memory-lock": True}
    async with running_device(settings=wanted, services=["smtp"]) as (device, _):
        status, said = await swaks(
            device, "-tls", "--attach-type", "application/pdf", "--attach", f"@{fax}"
        )
        assert status == 0, said
        assert "TLS started with cipher" in said
        ((_, detail),) = received(device)
        assert "PDF of" in detail
        await device.jobs.settled()
        assert device.journal.counts["sheets"] == 0
        assert device.jobs.boxes.counts() == {MEMORY_INBOX: 1}


async def test_tls_is_offered_and_may_be_left() -> None:
    async with running_device(settings=settings("on"), services=["smtp"]) as (device, _):
        status, said = await swaks(device)
        assert status == 0, said
        assert "STARTTLS" in said


async def test_always_refuses_a_mail_without_tls() -> None:
    async with running_device(settings=settings("always"), services=["smtp"]) as (device, _):
        status, said = await swaks(device)
        assert status != 0
        assert "530" in said
        status, said = await swaks(device, "-tls")
        assert status == 0, said


async def test_a_mail_without_a_document_is_noted() -> None:
    wanted = {**settings("off"), "audit-log.save": True}
    async with running_device(settings=wanted, services=["smtp"]) as (device, _):
        assert (await swaks(device))[0] == 0
        ((result, detail),) = received(device)
        assert result == "NG"
        assert "no TIFF or PDF" in detail
