"""The virtual MFD's print services against clients by others: each puts the right paper out."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from tests.lab import running_device
from tests.peers.daemons import program
from tests.peers.paper import make_pdf

from frisket.mfd.device import Device
from frisket.mfd.job import Job

_BACKENDS = Path("/usr/lib/cups/backend")


async def run(
    *command: str | Path, env: dict[str, str] | None = None, give: bytes | None = None
) -> str:
    """Run a program and return what it said; it has to succeed."""
    process = await asyncio.create_subprocess_exec(
        program(str(command[0])),
        *map(str, command[1:]),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={**os.environ, **(env or {})},
    )
    try:
        async with asyncio.timeout(60):
            out, _ = await process.communicate(give)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    said = out.decode(errors="replace")
    assert process.returncode == 0, f"{command[0]}: {said}"
    return said


@asynccontextmanager
async def printer(tmp_path: Path, *services: str, **settings: object) -> AsyncIterator[Device]:
    """Run a device that has printed nothing, and check that its journal agrees with itself."""
    chosen = {name.replace("__", ".").replace("_", "-"): value for name, value in settings.items()}
    async with running_device(
        settings=chosen,  # type: ignore[arg-type]
        services=services,
        folder=tmp_path / "device",
    ) as (device, _):
        device.jobs.pace = 0
        before = device.counters.values[301]
        yield device
        await device.jobs.settled()
        printed = sum(job.sides for job in device.jobs.ended())
        assert device.counters.values[301] == before + printed
        assert device.journal.counts["sheets"] == sum(job.sheets for job in device.jobs.ended())
        assert device.journal.counts["bugs"] == 0, device.journal.summary()


async def printed(device: Device, count: int = 1) -> list[Job]:
    """Wait until so many jobs have ended."""
    async with asyncio.timeout(20):
        while len(device.jobs.ended()) < count:
            await asyncio.sleep(0.02)
    await device.jobs.settled()
    return device.jobs.ended()


@pytest.mark.peer("rlpr")
async def test_rlpr_prints_and_lists(tmp_path: Path) -> None:
    paper = make_pdf(tmp_path / "three.pdf", 3)
    async with printer(tmp_path, "lpd", print__hold__forced=True) as device:
        port = f"--port={device.port(515)}"
        await run("rlpr", "--no-bind", port, "-H", device.address, "-P", "any", paper)
        async with asyncio.timeout(10):
            while not device.jobs.active():
                await asyncio.sleep(0.02)
        listed = await run("rlpq", "--no-bind", port, "-H", device.address, "-P", "any")
        [job] = device.jobs.active()
        assert str(job.id) in listed
        device.jobs.release(job.id, "test")
        [job] = await printed(device)
        assert (job.ticket.via, job.sheets) == ("lpd", 3)


async def backend(scheme: str, device: Device, port: int, path: str, paper: Path) -> None:
    uri = f"{scheme}://{device.address}:{device.port(port)}{path}"
    command = (_BACKENDS / scheme, "7", "ana", "report", "1", "", paper)
    kind = {"CONTENT_TYPE": "application/pdf", "FINAL_CONTENT_TYPE": "application/pdf"}
    await run(*command, env={"DEVICE_URI": uri, **kind})


@pytest.mark.peer("cups")
async def test_backend_lpd(tmp_path: Path) -> None:
    async with printer(tmp_path, "lpd") as device:
        paper = make_pdf(tmp_path / "two.pdf", 2)
        await backend("lpd", device, 515, "/queue?reserve=none", paper)
        [job] = await printed(device)
        assert (job.ticket.user, job.ticket.name, job.sheets) == ("ana", "report", 2)


@pytest.mark.peer("cups")
async def test_backend_socket(tmp_path: Path) -> None:
    async with printer(tmp_path, "raw") as device:
        await backend("socket", device, 9100, "", make_pdf(tmp_path / "two.pdf", 2))
        [job] = await printed(device)
        assert (job.format, job.sheets) == ("application/pdf", 2)
        assert device.journal.counts["print_port_bytes"] >= job.octets


@pytest.mark.peer("cups")
@pytest.mark.parametrize("scheme", ["ipp", "ipps"])
async def test_backend_ipp(tmp_path: Path, scheme: str) -> None:
    async with printer(tmp_path, "ipp") as device:
        await backend(scheme, device, 631, "/ipp/print", make_pdf(tmp_path / "two.pdf", 2))
        [job] = await printed(device)
        assert (job.ticket.user, job.sheets) == ("ana", 2)


@pytest.mark.peer("cups")
async def test_backend_ipp_upgrades_to_tls_where_it_is_demanded(tmp_path: Path) -> None:
    async with printer(tmp_path, "ipp", ipp__tls_only=True) as device:
        await backend("ipp", device, 631, "/ipp/print", make_pdf(tmp_path / "two.pdf", 2))
        [job] = await printed(device)
        assert job.sheets == 2


@pytest.mark.peer("curl")
@pytest.mark.parametrize("mode", [(), ("--disable-epsv",), ("--ftp-port", "-")])
async def test_curl_prints_by_ftp(tmp_path: Path, mode: Sequence[str]) -> None:
    async with printer(tmp_path, "ftp", ftp__print__enabled=True) as device:
        where = f"ftp://guest:x@{device.address}:{device.port(21)}/report.pdf"
        paper = make_pdf(tmp_path / "three.pdf", 3)
        await run("curl", "-sS", *mode, "--upload-file", paper, where)
        [job] = await printed(device)
        assert (job.ticket.user, job.ticket.name, job.sheets) == ("guest", "report.pdf", 3)


@pytest.mark.peer("lftp")
@pytest.mark.parametrize("passive", ["on", "off"])
async def test_lftp_prints_by_ftp(tmp_path: Path, passive: str) -> None:
    settings = {"ftp__print__enabled": True, "ftp__print__authentication": True}
    settings |= {"ftp__print__user": "ana", "ftp__print__password": "s3cret"}  # type: ignore[dict-item]
    async with printer(tmp_path, "ftp", **settings) as device:
        make_pdf(tmp_path / "one.pdf")
        script = (
            f"set ftp:passive-mode {passive}; set net:max-retries 1; set net:timeout 5; "
            f"open -u ana,s3cret -p {device.port(21)} {device.address}; "
            f"put {tmp_path}/one.pdf; ls; bye"
        )
        await run("lftp", "--norc", "-c", script)
        [job] = await printed(device)
        assert (job.ticket.user, job.ticket.authenticated, job.sheets) == ("ana", True, 1)


@pytest.mark.peer("nmap")
async def test_nmap_knows_a_printer_and_prints_nothing(tmp_path: Path) -> None:
    async with printer(tmp_path, "raw", "lpd", "ipp", "ftp", ftp__print__enabled=True) as device:
        ports = {n: device.port(n) for n in (21, 515, 631, 9100)}
        listed = ",".join(map(str, ports.values()))
        asked = ("-n", "-Pn", "-sT", "-sV", "--version-intensity", "2", "--allports")
        said = await run("nmap", *asked, "-p", listed, device.address)
        assert "Canon iR-ADV" in said, said
        assert said.count("open") >= 4, said
        await device.jobs.settled()
        assert device.journal.counts["sheets"] == 0


CUPSD = """
Listen {folder}/cups.sock
Browsing Off
WebInterface No
LogLevel info
DefaultAuthType None
MaxLogSize 0
<Location />
  Order allow,deny
  Allow all
</Location>
<Policy default>
  <Limit All>
    Order deny,allow
  </Limit>
</Policy>
"""
FILES = """
ServerRoot {folder}/etc
RequestRoot {folder}/spool
CacheDir {folder}/cache
StateDir {folder}/state
TempDir {folder}/temporary
AccessLog {folder}/access.log
ErrorLog {folder}/error.log
PageLog {folder}/page.log
ServerKeychain {folder}/etc
Printcap {folder}/printcap
Sandboxing relaxed
"""


@asynccontextmanager
async def cups() -> AsyncIterator[dict[str, str]]:
    """Run a CUPS server of our own; yields the environment that makes clients use it."""
    # Not below tmp_path: the filters run as user lp, who may not pass through it.
    folder = Path(tempfile.mkdtemp(prefix="frisket-cups-"))
    folder.chmod(0o755)
    for name in ("etc", "spool", "cache", "state", "temporary"):
        (folder / name).mkdir()
    (folder / "temporary").chmod(0o1777)
    (folder / "etc/cupsd.conf").write_text(CUPSD.format(folder=folder))
    (folder / "etc/cups-files.conf").write_text(FILES.format(folder=folder))
    process = await asyncio.create_subprocess_exec(
        program("cupsd"),
        *("-f", "-c", str(folder / "etc/cupsd.conf"), "-s", str(folder / "etc/cups-files.conf")),
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(20):
            while not (folder / "cups.sock").exists():
                assert process.returncode is None, (folder / "error.log").read_text()
                await asyncio.sleep(0.05)
        yield {"CUPS_SERVER": str(folder / "cups.sock"), "HOME": str(folder)}
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.peer("cups")
@pytest.mark.peer("cups-client")
async def test_cups_takes_it_for_a_driverless_printer(tmp_path: Path) -> None:
    paper = make_pdf(tmp_path / "four.pdf", 4)
    async with printer(tmp_path, "ipp") as device, cups() as env:
        uri = f"ipp://{device.address}:{device.port(631)}/ipp/print"
        await run("lpadmin", "-p", "mfd", "-E", "-v", uri, "-m", "everywhere", env=env)
        driver = Path(env["HOME"]) / "etc/ppd/mfd.ppd"
        async with asyncio.timeout(20):
            while not driver.exists():  # cupsd asks the printer in the background
                await asyncio.sleep(0.05)
        made = driver.read_text()
        assert "*DefaultPageSize: A4" in made
        assert "*Duplex DuplexNoTumble" in made
        wishes = ("-o", "sides=two-sided-long-edge", "-n", "2")
        await run("lp", "-d", "mfd", *wishes, "-t", "report", paper, env=env)
        [job] = await printed(device)
        assert (job.state, job.sheets, job.sides) == (9, 4, 8), job
