"""nmap, testssl.sh and sslscan look at the virtual MFD as they would at a printer on the wall."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from tests.lab import running_device
from tests.peers.daemons import program

from frisket.mfd.device import Device
from frisket.model.reading import Value
from frisket.model.target import Target
from frisket.net.budget import Limits
from frisket.probe.base import Options, Sighting
from frisket.probe.visit import visit_target

TLS: dict[str, Value] = {"remote-ui.tls.enabled": True}


async def run(*command: str) -> str:
    """Run a program to its end and return what it printed; its code says what it found."""
    process = await asyncio.create_subprocess_exec(
        program(command[0]),
        *command[1:],
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        async with asyncio.timeout(150):
            out, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return out.decode(errors="replace")


async def audit(device: Device) -> Sighting:
    """Read everything that an audit reads."""
    shift = device.plan.shift
    ports = {port: port + shift for port in range(1, 1024)} if shift else {}
    seen = await visit_target(
        Target(device.address, ports=ports),
        Limits(packets_per_second=0, seconds=60),
        Options(patience=2.0),
        lambda: datetime.now(UTC),
    )
    assert isinstance(seen, Sighting), seen
    return seen


@pytest.mark.peer("nmap")
async def test_an_audit_and_a_plain_version_scan_leave_every_sheet_in_the_tray(
    tmp_path: Path,
) -> None:
    report = tmp_path / "nmap.xml"
    async with running_device(folder=tmp_path / "device") as (device, host):
        seen = await audit(device)
        assert seen.printer
        assert device.journal.counts["print_port_bytes"] == 0
        ports = ",".join(str(port) for port in sorted(set(host.ports().values())))
        # nmap spares 9100 to 9107 unless told otherwise; it knocks at 515 all the same.
        scan = ("nmap", "-n", "-Pn", "-sT", "-sV", "--version-light", "-p", ports)
        said = await run(*scan, "-oX", str(report), device.address)
        found = [dict(service.attrib) for service in ET.parse(report).iter("service")]
        assert any(service.get("devicetype") == "printer" for service in found), said
        assert any("Canon" in service.get("product", "") for service in found), said
        await device.jobs.settled()
        assert device.journal.counts["sheets"] == 0
        assert device.journal.counts["bugs"] == 0, device.journal.summary()
        assert (await audit(device)).printer, "it answers as before"


async def look_at_tls(device: Device, out: Path, *what: str) -> dict[str, dict[str, Any]]:
    """Return testssl.sh's findings by their id."""
    where = f"{device.address}:8443"
    quiet = ("--nodns", "none", "--quiet", "--color", "0", "--warnings", "off")
    said = await run("testssl", *quiet, *what, "--jsonfile", str(out), where)
    assert out.exists(), said
    return {finding["id"]: finding for finding in json.loads(out.read_text())}


@pytest.mark.peer("testssl.sh")
async def test_testssl_sees_old_versions_go_with_the_security_policy(tmp_path: Path) -> None:
    weak = {**TLS, "crypto.prohibit-weak-keys": False}
    async with running_device(settings=weak, services=["http"], quirks={"close_primes": True}) as (
        device,
        host,
    ):
        before = await look_at_tls(device, tmp_path / "before.json", "-p")
        assert before["TLS1"]["finding"].startswith("offered")
        assert before["TLS1_1"]["finding"].startswith("offered")
        device.policy.apply(device.store, ["SP-36", "SP-37"], {}, "test")
        await host.reboot("test")
        after = await look_at_tls(device, tmp_path / "after.json", "-p", "-S")
    for name in ("SSLv2", "SSLv3", "TLS1", "TLS1_1"):
        assert after[name]["finding"].startswith("not offered"), after[name]
        assert after[name]["severity"] in {"OK", "INFO"}
    assert after["TLS1_2"]["finding"] == "offered"
    assert after["cert_keySize"]["finding"] == "EC 256 bits"
    assert "SHA256" in after["cert_signatureAlgorithm"]["finding"]


@pytest.mark.peer("sslscan")
@pytest.mark.parametrize("ticked", [False, True])
async def test_sslscan_sees_weak_ciphers_go_with_the_security_policy(
    ticked: bool, tmp_path: Path
) -> None:
    report = tmp_path / "sslscan.xml"
    async with running_device(settings=TLS, services=["http"]) as (device, host):
        if ticked:
            device.policy.apply(device.store, ["SP-36", "SP-37"], {}, "test")
            await host.reboot("test")
        said = await run("sslscan", "--no-failed", f"--xml={report}", f"{device.address}:8443")
    tree = ET.parse(report)
    versions = {
        protocol.get("version")
        for protocol in tree.iter("protocol")
        if protocol.get("type") == "tls" and protocol.get("enabled") == "1"
    }
    ciphers = {str(cipher.get("cipher")) for cipher in tree.iter("cipher")}
    old = {name for name in ciphers if name.endswith("-SHA")}
    assert ciphers, said
    assert {"1.2", "1.3"} <= versions
    assert not [name for name in ciphers if "NULL" in name or "RC4" in name or "DES" in name]
    if ticked:
        assert not versions & {"1.0", "1.1"}
        assert not old, "CBC with SHA-1"
    else:
        assert versions >= {"1.0", "1.1"}
        assert old
