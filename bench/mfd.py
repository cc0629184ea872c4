"""What one process of virtual MFDs costs: memory, start, and after a visit to each device.

    python -m bench.mfd --devices 1000

Starts `frisket lab` as a user would, with its own state folder, and reads the figures of its
processes from /proc. Nothing is asserted.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def processes(folder: Path) -> list[int]:
    """Return the process ids of the lab whose state folder this is."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                words = (entry / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if b"run" in words and str(folder).encode() in words:
                found.append(int(entry.name))
    return sorted(found)


def memory(pid: int) -> tuple[float, float]:
    """Return resident and peak memory in MB."""
    fields = dict(
        line.split(":", 1)
        for line in Path(f"/proc/{pid}/status").read_text().splitlines()
        if ":" in line
    )
    resident, peak = (int(fields[name].split()[0]) / 1024 for name in ("VmRSS", "VmHWM"))
    return resident, peak


def sockets(pid: int) -> int:
    """Return how many descriptors a process holds."""
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--devices", type=int, default=1000)
    parser.add_argument("--state", default="factory")
    parser.add_argument("--audit", action="store_true", help="audit the fleet, then measure again")
    words = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="fb-") as folder:
        lab = Path(folder) / "lab"
        env = {**os.environ, "FRISKET_LAB": str(lab)}
        frisket = [sys.executable, "-m", "frisket.cli"]
        start = time.perf_counter()
        up = [*frisket, "lab", "up", "--devices", str(words.devices), "--state", words.state, "-q"]
        subprocess.run(up, env=env, check=True)
        print(f"start: {time.perf_counter() - start:.1f} s for {words.devices} devices")
        try:
            show(lab, words.devices)
            if words.audit:
                start = time.perf_counter()
                audit = [*frisket, "audit", "lab", "-q", "-f", "json", "--exit-zero"]
                out = subprocess.run(audit, env=env, check=True, capture_output=True).stdout
                took = time.perf_counter() - start
                done = len(json.loads(out)["devices"])
                print(f"audited {done} devices in {took:.1f} s")
                show(lab, words.devices)
        finally:
            subprocess.run([*frisket, "lab", "down"], env=env, check=True)


def show(lab: Path, devices: int) -> None:
    """Print what the lab's processes hold."""
    pids = processes(lab)
    total = 0.0
    for pid in pids:
        resident, peak = memory(pid)
        total += resident
        print(f"process {pid}: {resident:.0f} MB (peak {peak:.0f}), {sockets(pid)} descriptors")
    print(f"{len(pids)} processes, {total:.0f} MB, {1024 * total / devices:.0f} kB a device")


if __name__ == "__main__":
    main()
