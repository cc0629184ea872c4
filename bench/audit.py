"""What an audit costs: processor time, wall time and memory for each device, beside other tools.

    python bench/audit.py [--devices 100] [--parallel 40] [--profile FILE]
                           [--with-chain [--logs DIR]]

A fleet of virtual MFDs runs in other processes; this one audits it with the pacing lifted, as
`frisket audit lab` does, down to the written JSON report. With --with-chain, one of the devices is
then examined by what a user would run otherwise: nmap with its printer and TLS scripts, and
testssl.sh for its certificate and ciphers. Where other labs may run on this machine, start it in
a network of its own: unshare -n sh -c 'ip link set lo up; exec python bench/audit.py'.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import cProfile
import os
import resource
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from frisket.audit.load import load_content
from frisket.cli.support.options import Visiting, Words
from frisket.cli.support.output import outlets
from frisket.cli.support.progress import Tick
from frisket.cli.support.reports import Reports, open_reports
from frisket.cli.support.run import Run, visit_all
from frisket.cli.support.session import open_session
from frisket.model.finding import DeviceResult, Verdict

TCP = "21,22,23,25,80,139,443,445,515,631,5060,5900,8000,8443,9013,9100"
UDP = "161,427,1900,3702,5060,5353"
SCRIPTS = (
    "snmp-info,snmp-sysdescr,snmp-interfaces,ssl-enum-ciphers,ssl-cert,http-title,http-headers,"
    "http-security-headers,cups-info,vnc-info,smb-protocols,smb2-security-mode,ftp-anon,"
    "smtp-commands,pjl-ready-message,upnp-info,wsdd-discover,dns-service-discovery"
)


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds of processor and wall time."""

    cpu: float
    wall: float


def spent(who: int) -> float:
    """Return the processor time used, in seconds."""
    usage = resource.getrusage(who)
    return usage.ru_utime + usage.ru_stime


def peak() -> float:
    """Return the largest resident memory of this process so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


@contextlib.contextmanager
def lab(folder: Path, devices: int) -> Iterator[None]:
    """Run a fleet until the block ends."""
    frisket = [sys.executable, "-m", "frisket.cli", "lab"]
    fleet = ["--devices", str(devices), "--state", "mixed", "--quiet"]
    subprocess.run([*frisket, "up", *fleet, "--state-dir", str(folder)], check=True)
    try:
        yield
    finally:
        subprocess.run([*frisket, "down", "--state-dir", str(folder)], check=True)


@contextlib.contextmanager
def unseen(_: int) -> Iterator[Tick]:
    """Show no progress."""
    yield lambda *_: None


def audit(folder: Path, report: Path, parallel: int) -> tuple[Cost, Reports]:
    """Audit the whole lab into a JSON report."""
    content = load_content()
    session = open_session(content, "small-office", Words())
    places = outlets("json", [report])
    reports = open_reports(places, "small-office", content, verbose=False)
    visiting = Visiting(state_dir=folder, parallel=parallel, quiet=True)
    cpu, wall = time.process_time(), time.monotonic()
    asyncio.run(visit_all(Run(session, reports, visiting), ("lab",), unseen))
    reports.close(session.final())
    return Cost(time.process_time() - cpu, time.monotonic() - wall), reports


def timed(command: list[str], log: Path) -> Cost:
    """Run a tool to its end, keeping what it says."""
    cpu, wall = spent(resource.RUSAGE_CHILDREN), time.monotonic()
    with log.open("wb") as out:
        subprocess.run(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, check=False)
    return Cost(spent(resource.RUSAGE_CHILDREN) - cpu, time.monotonic() - wall)


def with_tls(devices: Sequence[DeviceResult]) -> str:
    """Return the address of a device that all tools have something to look at on."""
    for device in devices:
        shown = device.readings.known("remote-ui.tls.enabled")
        if any(reading.value is True and "port 443" in reading.detail for reading in shown):
            return device.target
    raise SystemExit("no device of this fleet shows Remote UI over TLS: take more")


def chain(address: str, logs: Path) -> dict[str, Cost]:
    """Examine one device by other tools, the way a user would."""
    missing = [tool for tool in ("nmap", "testssl") if not shutil.which(tool)]
    if missing:
        raise SystemExit(f"not installed: {', '.join(missing)} (Debian: nmap, testssl.sh)")
    nmap = ["nmap", "-n", "-Pn", "-sT", "-sU", "-sV", "-p", f"T:{TCP},U:{UDP}"]
    testssl = ["testssl", "--nodns", "none", "--warnings", "off", "--color", "0"]
    return {
        "nmap": timed([*nmap, "--script", SCRIPTS, address], logs / "nmap.txt"),
        "testssl": timed([*testssl, address], logs / "testssl.txt"),
    }


def show(cost: Cost, reports: Reports, devices: int) -> float:
    """Print what an audit cost; return the seconds of processor time for each device."""
    judged = len(reports.devices)
    each = cost.cpu / max(judged, 1)
    print(f"{judged} of {devices} devices judged, {len(reports.missed)} incomplete")
    print(f"  processor time   {each * 1000:8.1f} ms a device")
    print(f"  wall time        {cost.wall / max(judged, 1) * 1000:8.1f} ms a device")
    print(f"  throughput       {judged / cost.wall:8.1f} devices a second")
    print(f"  on one core      {judged / cost.cpu:8.1f} devices a second of processor time")
    print(f"  peak memory      {peak():8.1f} MB")
    verdicts = Counter(f.verdict for device in reports.devices for f in device.findings)
    print("  findings         " + ", ".join(f"{verdicts[v]} {v.value}" for v in Verdict))
    for missed in reports.missed[:5]:
        print(f"  {missed.target}: {missed.why}")
    return each


def main() -> None:
    """Run the fleet, the audit, and the other tools where asked."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--devices", type=int, default=100)
    parser.add_argument("--parallel", type=int, default=40)
    parser.add_argument("--with-chain", action="store_true")
    parser.add_argument("--profile", type=Path, help="write a profile of the audit here")
    parser.add_argument("--logs", type=Path, help="keep what the other tools say in this folder")
    options = parser.parse_args()
    print(f"{os.cpu_count()} processors, Python {sys.version.split()[0]}")
    with TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name) / "lab"
        with lab(folder, options.devices):
            profile = cProfile.Profile() if options.profile else contextlib.nullcontext()
            with profile:
                cost, reports = audit(folder, Path(name) / "report.json", options.parallel)
            if isinstance(profile, cProfile.Profile):
                profile.dump_stats(options.profile)
            each = show(cost, reports, options.devices)
            if options.with_chain:
                logs = options.logs or Path(name)
                costs = chain(with_tls(reports.devices), logs)
                for tool, one in costs.items():
                    print(f"{tool}: {one.cpu:.1f} s processor, {one.wall:.1f} s wall for 1 device")
                ratio = sum(one.cpu for one in costs.values()) / each
                print(f"ratio: the other tools take {ratio:.0f} times the processor time")


if __name__ == "__main__":
    main()
