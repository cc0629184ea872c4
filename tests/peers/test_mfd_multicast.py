"""Avahi and wsdd find the virtual device by multicast, in a network of two namespaces."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from tests.project.tree import ROOT

MANAGER, DEVICE = "10.77.9.1", "10.77.9.11"
_BUS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>system</type><listen>unix:path={folder}/bus</listen><auth>EXTERNAL</auth>
<policy context="default"><allow user="*"/><allow own="*"/><allow send_type="method_call"/>
<allow send_type="signal"/><allow send_destination="*"/><allow receive_sender="*"/></policy>
</busconfig>"""
_AVAHI = """[server]
host-name=manager
use-ipv4=yes
use-ipv6=no
allow-interfaces=e0
[publish]
publish-workstation=no
"""

pytestmark = [pytest.mark.netns, pytest.mark.peer("iproute2")]


@dataclass
class Network:
    """Two namespaces on one wire: whoever looks, and the device."""

    folder: Path
    manager: str
    device: str
    stack: ExitStack = field(default_factory=ExitStack)

    def start(self, namespace: str, *command: str) -> subprocess.Popen[str]:
        """Run a program in a namespace until the network goes."""
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        process = subprocess.Popen(
            ["ip", "netns", "exec", namespace, *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=environment,
            cwd=ROOT,
        )
        self.stack.callback(end, process)
        return process

    def run_device(self, *services: str) -> subprocess.Popen[str]:
        """Run a device with these services, and wait for it."""
        command = (sys.executable, "-m", "tests.peers.device_process", DEVICE, *services)
        process = self.start(self.device, *command)
        wait_for(process, "ready")
        return process


def end(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.close()
    process.terminate()
    process.wait(10)
    assert process.stdout is not None
    process.stdout.close()


def wait_for(process: subprocess.Popen[str], word: str) -> None:
    assert process.stdout is not None
    said = []
    for line in process.stdout:
        said.append(line)
        if line.strip() == word:
            return
    pytest.fail("".join(said))


def tell(process: subprocess.Popen[str], line: str) -> None:
    assert process.stdin is not None
    process.stdin.write(f"{line}\n")
    process.stdin.flush()
    wait_for(process, "done")


@contextmanager
def two_namespaces(folder: Path) -> Iterator[Network]:
    names = (f"fk{os.getpid()}m", f"fk{os.getpid()}d")
    try:
        for name in names:
            made = subprocess.run(
                ["ip", "netns", "add", name], capture_output=True, text=True, check=False
            )
            if made.returncode:
                pytest.skip(f"no network namespaces here: {made.stderr.strip()}")
        wire = ["ip", "link", "add", "e0", "netns", names[0], "type", "veth"]
        made = subprocess.run(
            [*wire, "peer", "name", "e0", "netns", names[1]],
            capture_output=True,
            text=True,
            check=False,
        )
        if made.returncode:
            pytest.skip(f"no virtual wires here: {made.stderr.strip()}")
        for name, address in zip(names, (MANAGER, DEVICE), strict=True):
            for words in (
                "link set lo up",
                "link set e0 up",
                f"addr add {address}/24 brd + dev e0",
                "route add default dev e0",
            ):
                subprocess.run(["ip", "-n", name, *words.split()], check=True)
        network = Network(folder, *names)
        with network.stack:
            yield network
    finally:
        for name in names:
            subprocess.run(["ip", "netns", "del", name], capture_output=True, check=False)


@pytest.fixture
def network(tmp_path: Path) -> Iterator[Network]:
    with two_namespaces(tmp_path) as made:
        yield made


def run_avahi(network: Network) -> dict[str, str]:
    """Start avahi on a bus of its own; return the environment for its tools."""
    folder = network.folder
    bus = f"unix:path={folder}/bus"
    (folder / "bus.conf").write_text(_BUS.format(folder=folder))
    (folder / "avahi.conf").write_text(_AVAHI)
    network.start(
        network.manager,
        "dbus-daemon",
        f"--config-file={folder}/bus.conf",
        "--nofork",
        "--nopidfile",
    )
    until((folder / "bus").exists)
    # avahi-daemon runs once only: it gets a /run of its own, and services that it cannot see.
    script = (
        "mkdir -p /run/avahi-daemon && mount -t tmpfs none /run/avahi-daemon && "
        f"DBUS_SYSTEM_BUS_ADDRESS={bus} exec avahi-daemon -f {folder}/avahi.conf "
        "--no-drop-root --no-chroot --no-rlimits"
    )
    network.start(network.manager, "unshare", "-m", "sh", "-c", script)
    return {**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": bus}


def until(condition: Callable[[], object], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.1)


def browse(network: Network, environment: dict[str, str], kind: str) -> list[list[str]]:
    """Return what avahi-browse resolved of one service type, a row each."""
    run = subprocess.run(
        ["ip", "netns", "exec", network.manager, "avahi-browse", "-trp", kind],
        capture_output=True,
        text=True,
        env=environment,
        timeout=30,
        check=False,
    )
    return [line.split(";") for line in run.stdout.splitlines() if line.startswith("=")]


@pytest.mark.peer("avahi-daemon", "avahi-browse", "dbus-daemon")
def test_avahi_finds_the_printer_and_hears_its_goodbye(network: Network) -> None:
    environment = run_avahi(network)
    device = network.run_device("mdns")
    until(lambda: browse(network, environment, "_ipp._tcp"))
    (row,) = browse(network, environment, "_ipp._tcp")
    assert row[1:3] == ["e0", "IPv4"]
    assert row[7:9] == [DEVICE, "631"]
    assert '"rp=ipp/print"' in row[9]
    assert '"mopria-certified=1.3"' in row[9]
    for kind in ("_ipps._tcp", "_printer._tcp", "_pdl-datastream._tcp", "_http._tcp"):
        assert [found[7] for found in browse(network, environment, kind)] == [DEVICE], kind
    assert browse(network, environment, "_universal._sub._ipp._tcp")
    tell(device, "ipp.enabled=off")
    until(lambda: not browse(network, environment, "_ipp._tcp"))
    assert browse(network, environment, "_printer._tcp")
    tell(device, "mdns.ipv4.enabled=off")
    until(lambda: not browse(network, environment, "_printer._tcp"))


@pytest.mark.peer("wsdd")
def test_wsdd_finds_the_device(network: Network) -> None:
    network.run_device("wsd")
    seeker = network.start(network.manager, "wsdd", "-i", "e0", "-4", "-D", "-v")
    assert seeker.stdout is not None
    said = []
    deadline = time.monotonic() + 30
    for line in seeker.stdout:
        said.append(line)
        if "ProbeMatches" in line and DEVICE in line:
            return
        assert time.monotonic() < deadline, "".join(said)
    pytest.fail("".join(said))
