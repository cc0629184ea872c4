"""ipptool's conformance suites against the virtual MFD; 2.1 and 2.2 as far as ippeveprinter."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest
from tests.lab import running_device
from tests.peers.paper import LETTER, make_jpeg, make_pdf, make_postscript

SUITES = Path("/usr/share/cups/ipptool")
# What IPP 2.1 and 2.2 ask for beyond printing (subscriptions, document objects) is not there, as
# in ippeveprinter, which fails the same number of tests.
MAY_FAIL = {"ipp-1.1": 0, "ipp-2.0": 0, "ipp-2.1": 1, "ipp-2.2": 2}


def with_documents(folder: Path) -> Path:
    """Return a folder with the suites and the documents they print, which Debian leaves out."""
    folder.mkdir()
    for suite in SUITES.glob("*.test"):
        (folder / suite.name).symlink_to(suite)
    make_pdf(folder / "document-a4.pdf", 4)
    make_pdf(folder / "document-letter.pdf", 4, LETTER)
    make_postscript(folder / "document-a4.ps", 4)
    make_postscript(folder / "document-letter.ps", 4, LETTER)
    make_jpeg(folder / "color.jpg")
    make_jpeg(folder / "gray.jpg", "L")
    return folder


async def judge(suite: str, uri: str, folder: Path) -> str:
    """Run one suite and return its report."""
    process = await asyncio.create_subprocess_exec(
        "ipptool",
        *("-t", "-I", "-R", "-f", "document-a4.pdf", uri, f"{suite}.test"),
        cwd=folder,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        out, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return out.decode()


@pytest.mark.peer("cups-ipp-utils")
@pytest.mark.xdist_group("ipptool")
@pytest.mark.timeout(240)
async def test_suites(tmp_path: Path) -> None:
    """All at once: the suites wait far more than they work."""
    folder = with_documents(tmp_path / "suites")
    async with running_device(services=["ipp"], folder=tmp_path / "device") as (device, _):
        for tray in range(len(device.personality.trays)):
            device.levels.refill(tray, 10_000)
        uri = f"ipp://{device.address}:{device.port(631)}/ipp/print"
        reports = dict(
            zip(
                MAY_FAIL,
                await asyncio.gather(*(judge(suite, uri, folder) for suite in MAY_FAIL)),
                strict=True,
            )
        )
        await device.jobs.settled()
        assert device.journal.counts["bugs"] == 0, device.journal.summary()
        assert device.journal.counts["sheets"] > 100
    for suite, report in reports.items():
        failed = re.findall(r"^ +(.*\S) +\[FAIL\]$", report, re.MULTILINE)
        assert len(failed) <= MAY_FAIL[suite], f"{suite}: {failed}\n{report}"
        assert report.count("[PASS]") >= 30, report
        assert "cannot be read" not in report, report
