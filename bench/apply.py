"""What hardening a fleet costs: devices a second, processor time and memory, progress shown.

    python bench/apply.py [--devices 1000] [--parallel 400] [--baseline small-office]

A fleet of virtual MFDs fresh from the factory runs in other processes. `frisket apply lab` plans,
writes, proves and records it as a user's would, its bars drawn on a terminal of its own. Then the
journals are asked whether each changed setting was written once. Where other labs may run on this
machine, start it in a network of its own:

    unshare -n sh -c 'ip link set lo up; exec python bench/apply.py'
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import pty
import re
import subprocess
import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from frisket.cli.support.labs import ask

FRISKET = [sys.executable, "-m", "frisket.cli"]
# What the models of a fleet have as the algorithms of their SNMPv3 user.
ALGORITHMS = {
    "iR-ADV C256 III (virtual)": ("SHA2-256", "AES-128"),
    "iR-ADV C3325 (virtual)": ("MD5", "DES"),
}
ENTRY = """
[[credential]]
for = {addresses}
user = "initial"
authentication = "{authentication}"
encryption = "{encryption}"
authentication-password = "initial1"
encryption-password = "initial1"
remote-ui-password = "7654321"
remote-ui-plaintext = "allowed"
"""


@dataclass(frozen=True, slots=True)
class Cost:
    """What a command took, what it printed, and the frames of progress it drew."""

    wall: float
    cpu: float
    peak: float
    code: int
    out: str
    drawn: str


class Lab:
    """A fleet with its folders."""

    def __init__(self, home: Path, devices: int) -> None:
        self.home, self.devices = home, devices
        state = {"FRISKET_LAB": str(home / "lab"), "FRISKET_STATE": str(home / "state")}
        self.environment = {**os.environ, **state, "TERM": "xterm", "COLUMNS": "120"}

    def run(self, *words: str) -> str:
        """Run a command to its end and return what it printed."""
        done = subprocess.run(
            [*FRISKET, *words], env=self.environment, check=True, capture_output=True, text=True
        )
        return done.stdout

    def asked(self, *words: str) -> Any:
        """Return what a command says in JSON."""
        return json.loads(self.run(*words, "--format", "json"))

    def measured(self, *words: str) -> Cost:
        """Run a command with its progress on a terminal, and measure it."""
        ours, theirs = pty.openpty()
        drawn: list[bytes] = []

        def look() -> None:
            try:
                while data := os.read(ours, 65536):
                    drawn.append(data)
            except OSError:  # the terminal is closed
                pass

        start = time.perf_counter()
        with subprocess.Popen(
            [*FRISKET, *words], env=self.environment, stdout=subprocess.PIPE, stderr=theirs
        ) as child:
            os.close(theirs)
            eyes = threading.Thread(target=look)
            eyes.start()
            assert child.stdout is not None
            out = child.stdout.read().decode()
            _, status, used = os.wait4(child.pid, 0)
            child.returncode = os.waitstatus_to_exitcode(status)
            eyes.join()
        os.close(ours)
        cpu = used.ru_utime + used.ru_stime
        text = b"".join(drawn).decode(errors="replace")
        wall = time.perf_counter() - start
        return Cost(wall, cpu, used.ru_maxrss / 1024, child.returncode, out, text)


def devices_cpu(lab: Lab) -> float:
    """Return the processor time that the fleet's own processes have used, in seconds."""
    used = 0
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if str(lab.home).encode() in (entry / "cmdline").read_bytes():
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
                used += int(fields[11]) + int(fields[12])
    return used / os.sysconf("SC_CLK_TCK")


def credentials(lab: Lab) -> Path:
    """Write a file of logins, each model's with its own algorithms."""
    by_kind: dict[tuple[str, str], list[str]] = {}
    for device in lab.asked("lab", "list")["devices"]:
        kind = ALGORITHMS.get(device["model"], ("SHA1", "AES-128"))
        by_kind.setdefault(kind, []).append(device["address"])
    text = "".join(
        ENTRY.format(addresses=json.dumps(addresses), authentication=a, encryption=e)
        for (a, e), addresses in by_kind.items()
    )
    path = lab.home / "credentials.toml"
    path.touch(mode=0o600)
    path.write_text(text, encoding="utf-8")
    return path


def show(what: str, cost: Cost, devices: int) -> None:
    """Print what a command cost."""
    frames = len(re.findall(r"\d+/\d+", cost.drawn))
    print(
        f"{what}: exit {cost.code}, {cost.wall:.1f} s, {devices / cost.wall:.1f} devices a second"
    )
    print(f"  processor time   {cost.cpu / devices * 1000:8.1f} ms a device")
    print(f"  peak memory      {cost.peak:8.1f} MB")
    print(f"  progress drawn   {frames:8d} times")


def judge(lab: Lab) -> None:
    """Print what the devices' own journals say of the run."""
    odd = Counter[str]()
    writes = 0
    for device in lab.asked("lab", "list")["devices"]:
        request = {"command": "journal", "address": device["address"]}
        journal: Any = ask(lab.home / "lab", request)
        counts = journal["counts"]
        odd.update({k: counts[k] for k in ("sheets", "print_port_bytes", "failed_logins")})
        odd["written more than once"] += sum(n > 1 for n in journal["writes"].values())
        writes += sum(journal["writes"].values())
    print(f"journals: {writes} writes; " + ", ".join(f"{n} {what}" for what, n in odd.items()))


def main() -> None:
    """Start the fleet, harden it, print the figures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--devices", type=int, default=1000)
    parser.add_argument("--parallel", type=int, default=400)
    parser.add_argument("--baseline", default="small-office")
    parser.add_argument("--undo", action="store_true", help="take the run back, measured too")
    parser.add_argument("--keep", type=Path, help="keep the table of outcomes here")
    given = parser.parse_args()
    print(f"{os.cpu_count()} processors, Python {sys.version.split()[0]}")
    with TemporaryDirectory(prefix="ba-") as folder:
        lab = Lab(Path(folder), given.devices)
        fleet = ["--devices", str(given.devices), "--state", "factory", "--quiet"]
        lab.run("lab", "up", *fleet)
        try:
            logins = ["--credentials", str(credentials(lab)), "--parallel", str(given.parallel)]
            spread = ["--max-failures", "0", "--auto-approve"]
            words = ["apply", "lab", "-b", given.baseline, *logins, *spread]
            before = devices_cpu(lab)
            cost = lab.measured(*words)
            show("apply", cost, given.devices)
            each = (devices_cpu(lab) - before) / given.devices * 1000
            print(f"  the devices' own {each:8.1f} ms of processor time each")
            outcomes = Counter(re.findall(r"^\S+\s{2,}(\S.*?)\s{2,}", cost.out, re.MULTILINE))
            print(f"outcomes: {dict(outcomes)}")
            if given.keep:
                given.keep.write_text(cost.out + cost.drawn, encoding="utf-8")
            if given.undo:
                run = next((lab.home / "state" / "runs").glob("*.run")).stem
                show("undo", lab.measured("apply", "--undo", run, *logins, *spread), given.devices)
            judge(lab)
        finally:
            lab.run("lab", "down")


if __name__ == "__main__":
    main()
