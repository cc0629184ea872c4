"""One audit of a host on which everything was written by somebody else."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from tests.project.tree import ROOT

PEERS = ("snmpd", "vsftpd", "samba", "postfix", "tigervnc-standalone-server", "lprint", "openssl")
WANTED = {
    "snmp.v1.enabled": True,
    "snmp.v2c.answers": True,
    "snmp.v3.enabled": True,
    "snmp.community.public": True,
    "ftp.print.enabled": True,
    "ftp.tls-offered": True,
    "smtp.receive.enabled": True,
    "smtp.receive.tls": "off",
    "smb.server.enabled": True,
    "smb.server.dialects": ["SMB3.0", "SMB3.0.2", "SMB3.1.1"],
    "smb.server.require-signature": True,
    "remote-operation.enabled": True,
    "remote-operation.password-asked": True,
    "ipp.enabled": True,
    "ipp.tls-only": False,
    "ipp.authentication": False,
    "airprint.enabled": True,
    "certificate.self-signed": True,
    "certificate.expired": False,
    "certificate.weak-key": "",
    "lpd.enabled": False,
    "raw.enabled": False,
    "webdav.server.enabled": False,
    "remote-ui.enabled": False,
    "wsd.enabled": False,
    "slp.response.enabled": False,
    "mdns.ipv4.enabled": False,
    "dedicated-port.enabled": False,
    "network.unexpected-ports": [],
}

pytestmark = [
    *(pytest.mark.peer(name) for name in PEERS),
    pytest.mark.netns,
    pytest.mark.skipif(
        os.geteuid() != 0 or not shutil.which("unshare") or not shutil.which("ip"),
        reason="standard ports of a namespace need root, unshare and ip",
    ),
]


@pytest.fixture
def folder() -> Iterator[Path]:
    """Return a folder that daemons can enter after giving up their rights, unlike pytest's."""
    with TemporaryDirectory(prefix="frisket-") as name:
        made = Path(name)
        made.chmod(0o755)
        yield made


def audited(folder: Path) -> dict[str, Any]:
    """Return the capture of an audit of the host."""
    made = subprocess.run(["unshare", "-nmp", "-f", "true"], capture_output=True, check=False)
    if made.returncode:
        pytest.skip("this machine allows no namespaces")
    # With --kill-child nothing started inside outlives the test.
    apart = ["unshare", "-nmpf", "--kill-child", "--mount-proc", sys.executable]
    host = ["-m", "tests.peers.real_host", str(folder), str(1000 + os.getpid() % 400)]
    run = subprocess.run(
        [*apart, *host],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    document = json.loads(run.stdout)
    assert isinstance(document, dict)
    return document


def test_every_service_is_read_as_it_is(folder: Path) -> None:
    capture = audited(folder)
    identity = capture["identity"]
    assert (identity["vendor"], identity["model"]) == ("Canon", "iR-ADV C5235")
    assert identity["serial"] == "ABC12345"
    known = {
        key: reading["value"]
        for key, readings in capture["readings"].items()
        for reading in readings
        if "value" in reading
    }
    assert {key: known.get(key) for key in WANTED} == WANTED
    unread = [r for readings in capture["readings"].values() for r in readings if "unread" in r]
    assert not [reading for reading in unread if reading["unread"] in {"BUG", "SILENT", "BUDGET"}]
