"""Where a virtual device cannot live: addresses taken, ports without rights, full disks."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.lab import own_address

ROOT = Path(__file__).parents[2]
_FIRST_FREE = Path("/proc/sys/net/ipv4/ip_unprivileged_port_start")
# Root without the one right that ports below 1024 need.
_WITHOUT = ("setpriv", "--bounding-set", "-net_bind_service", "--inh-caps", "-net_bind_service")


def frisket(*words: str, lab: Path | None = None) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "NO_COLOR": "1", **({"FRISKET_LAB": str(lab)} if lab else {})}
    command = [sys.executable, "-m", "frisket.cli", *words]
    return subprocess.run(command, capture_output=True, text=True, env=env, timeout=60, check=False)


@contextmanager
def device_at(address: str, *before: str) -> Iterator[list[str]]:
    """Run `frisket mfd` until the block ends; yields what it said up to `is up`."""
    command = [*before, sys.executable, "-m", "frisket.cli", "mfd", "--address", address]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        assert process.stdout is not None
        lines: list[str] = []
        try:
            for line in process.stdout:
                lines.append(line)
                if " is up at " in line:
                    break
            yield lines
        finally:
            process.terminate()


def test_an_address_that_another_device_has_is_refused() -> None:
    with own_address() as (address, _), device_at(address) as lines:
        assert "is up at" in lines[-1], lines
        second = frisket("mfd", "--address", address)
    assert second.returncode == 2
    assert "already in use" in second.stderr
    assert "Traceback" not in second.stderr


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("mfd", "--address", "192.0.2.1"), "not on this machine only"),
        (("mfd", "--address", "printer"), "is no IP address"),
        (("mfd", "--address", "127.x"), "is no IP address"),
        (("mfd", "--state-dir", "/proc/frisket"), "no state can be kept"),
        (("mfd", "--personality", "typewriter"), "unknown personality"),
        (("lab", "up", "--state-dir", "/proc/frisket"), "cannot keep its state"),
        (("lab", "up", "--devices", "0"), "at least one device"),
    ],
)
def test_it_says_why_and_shows_no_traceback(words: tuple[str, ...], why: str) -> None:
    done = frisket(*words)
    assert done.returncode == 2
    assert why in done.stderr
    assert "Traceback" not in done.stderr


def test_a_lab_keeps_its_hands_off_the_files_of_others(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("the only copy")
    up = frisket("lab", "up", "--devices", "1", lab=tmp_path)
    assert up.returncode == 2
    assert "thesis.txt" in up.stderr
    (tmp_path / "lab-0.log").write_text("left by a lab that has crashed")
    assert frisket("lab", "down", lab=tmp_path).returncode == 0
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


@pytest.mark.skipif(shutil.which("setpriv") is None, reason="no setpriv to give rights up with")
@pytest.mark.skipif(os.geteuid() != 0, reason="this user has no rights to give up")
def test_without_rights_ports_are_moved_and_it_says_so() -> None:
    if int(_FIRST_FREE.read_text()) < 1024:
        pytest.skip("here low ports need no rights")
    with own_address() as (address, _), device_at(address, *_WITHOUT) as lines:
        said = "".join(lines)
        assert "moved up by 20000" in said
        assert not [line for line in lines if "not served" in line]
        ports = {line.split()[0]: line.split()[1] for line in lines if line.strip()[-1:].isdigit()}
        assert (ports["snmp"], ports["ipp"], ports["raw"]) == ("20161", "20631", "9100")


def test_a_full_disk_loses_nothing_and_stops_nothing(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.loop.full_disk", str(tmp_path / "device")]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=100, check=False
    )
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    for name in ("set", "policy"):
        assert said[name].startswith("settings.ledger cannot be written")
    assert said["kept"] is True, "refused means unchanged"
    assert said["ticked"] == []
    assert said["entered"] == [False, False, False]
    assert said["up"] == [True, True], "also after a restart"
    assert said["faults"] == {}
    assert said["remembered"] == [False, True, False]
    assert said["counts"].get("bugs", 0) == 0
    assert said["counts"]["sheets"] == 0
    assert said["counts"]["failed_logins"] == 3
    assert said["journal"] == said["counts"], "what was noted meanwhile is on disk afterwards"
