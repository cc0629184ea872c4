"""The command line changes hosts that run another agent on the standard port, and undoes it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.project.tree import ROOT

pytestmark = [
    pytest.mark.peer("snmpd"),
    pytest.mark.peer("snmp"),
    pytest.mark.netns,
    pytest.mark.skipif(
        os.geteuid() != 0 or not shutil.which("unshare") or not shutil.which("ip"),
        reason="standard ports of a namespace need root, unshare and ip",
    ),
]


def test_two_hosts_are_changed_and_brought_back(tmp_path: Path) -> None:
    command = ["unshare", "--net", "--pid", "--fork", "--mount-proc", "--kill-child"]
    command += [sys.executable, "-m", "tests.peers.changed_hosts", str(tmp_path)]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=110
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["codes"] == [0, 0, 0], told["said"]
    assert "over an SNMP community" in told["plan"]
    assert "serial SN-4711" in told["plan"]
    assert "Speak TLS 1.2 or newer only" in told["plan"], "the rest is for a person"
    assert told["traps"] == [["2", "2"], ["1", "1"], ["2", "2"]]
