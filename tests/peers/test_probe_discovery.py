"""Discovery probes judged by responders that need a network of their own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.project.tree import ROOT

ADDRESS = "10.9.8.1"
# What the probe saw, one line a key; asked again while the responder is still starting.
ASK = f"""
import asyncio, sys
from tests.unit.probe.lan import see
from frisket.probe import mdns, wsd
probe = {{"mdns": mdns.PROBE, "wsd": wsd.PROBE}}[sys.argv[1]]
async def main():
    for _ in range(40):
        seen = await see(probe, {{}}, host="{ADDRESS}", patience=1)
        if seen.facts or any("open" in getattr(r[0], "detail", "") for r in seen.readings.values()):
            break
        await asyncio.sleep(0.1)
    for key in sorted(seen.readings):
        reading = seen.readings[key][0]
        print(key, getattr(reading, "value", "unread"), sep="=")
    print("model", seen.identity.model, sep="=")
asyncio.run(main())
"""
NETWORK = f"""
ip link set lo up
ip link add e0 type veth peer name e1
ip addr add {ADDRESS}/24 dev e0
ip link set e0 up
ip link set e1 up
"""
ANNOUNCED = """<?xml version="1.0"?><!DOCTYPE service-group SYSTEM "avahi-service.dtd">
<service-group><name>Hall printer</name><service><type>_ipp._tcp</type>
<subtype>_universal._sub._ipp._tcp</subtype><port>631</port>
<txt-record>rp=ipp/print</txt-record><txt-record>ty=Canon iR-ADV C3325</txt-record>
<txt-record>mopria-certified=1.3</txt-record></service></service-group>
"""
AVAHI = """[server]
host-name=mfd
use-ipv4=yes
use-ipv6=no
allow-interfaces=e0
enable-dbus=no
[publish]
publish-workstation=no
"""

pytestmark = [
    pytest.mark.netns,
    pytest.mark.skipif(
        os.geteuid() != 0 or not shutil.which("unshare") or not shutil.which("ip"),
        reason="a network namespace needs root, unshare and ip",
    ),
]


def asked_inside(responder: str, probe: str) -> dict[str, str]:
    """Run `responder` in namespaces of its own, ask it there, and return what was seen."""
    python = f"{sys.executable} -c '{ASK}' {probe}"
    script = f"set -e\n{NETWORK}\n{responder} &\nserver=$!\n{python}\nkill $server\nwait || true\n"
    made = subprocess.run(["unshare", "-nm", "true"], capture_output=True, check=False)
    if made.returncode:
        pytest.skip("this machine allows no namespaces")
    run = subprocess.run(
        # With --kill-child nothing started inside outlives the test.
        ["unshare", "-nmpf", "--kill-child", "sh", "-c", script],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    lines = (line.partition("=") for line in run.stdout.splitlines())
    return {key: value for key, _, value in lines}


@pytest.mark.peer("avahi-daemon")
def test_avahi_answers_and_announces_a_printer(tmp_path: Path) -> None:
    (tmp_path / "services").mkdir()
    (tmp_path / "services" / "printer.service").write_text(ANNOUNCED)
    (tmp_path / "avahi.conf").write_text(AVAHI)
    own = "mkdir -p /run/avahi-daemon\nmount -t tmpfs none /run/avahi-daemon\n"
    own += f"mount --bind {tmp_path / 'services'} /etc/avahi/services\n"
    flags = "--no-drop-root --no-chroot --no-rlimits"
    seen = asked_inside(f"{own}avahi-daemon -f {tmp_path / 'avahi.conf'} {flags} 1>&2", "mdns")
    assert seen["mdns.ipv4.enabled"] == "True"
    assert seen["airprint.enabled"] == "True"
    assert seen["mopria.enabled"] == "True"
    assert seen["model"] == "iR-ADV C3325"


@pytest.mark.peer("wsdd")
def test_wsdd_that_hears_multicast_only_is_not_called_off() -> None:
    seen = asked_inside("wsdd -4 -i e0 -n PRINTER 1>&2", "wsd")
    assert seen["wsd.enabled"] in {"True", "unread"}
