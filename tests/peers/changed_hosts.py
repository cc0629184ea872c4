"""Two hosts of net-snmp on the standard port, changed and brought back by the command line.

Run in network and process namespaces of its own; prints what snmpget says in between, as JSON.
Argument: a folder.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

from tests.peers.daemons import program

HOST, PRINTER = "127.0.0.1", "127.0.0.2"
TRAPS = "1.3.6.1.2.1.11.30.0"
CREDENTIALS = """
[[credential]]
for = ["127.*"]
community = "looks"
write-community-from = "$WRITES"
"""
BOTH = """
agentAddress udp:{address}:161
rocommunity looks
rwcommunity writes
"""
MORE = """
sysDescr Acme 9000 printer
override 1.3.6.1.2.1.43.5.1.1.17.1 octet_str SN-4711
"""


def serve(folder: Path, address: str, more: str) -> subprocess.Popen[bytes]:
    """Start an agent."""
    conf = folder / f"{address}.conf"
    conf.write_text(BOTH.format(address=address) + more, encoding="ascii")
    words = ["-f", "-LE", "w", "-C", "-c", str(conf), "-I", "-smux,agentx,hr_print", "-r"]
    words += ["-p", str(folder / f"{address}.pid")]
    quiet = subprocess.DEVNULL
    env = {**os.environ, "MIBS": "", "SNMP_PERSISTENT_DIR": str(folder)}
    return subprocess.Popen([program("snmpd"), *words], stdout=quiet, stderr=quiet, env=env)


def asked(address: str) -> str:
    """Return whether the agent reports wrong communities, as snmpget shows it; "" while silent."""
    words = ["snmpget", "-v2c", "-c", "looks", "-Oqv", "-t", "1", "-r", "0", address, TRAPS]
    env = {**os.environ, "MIBS": ""}
    return subprocess.run(
        words, capture_output=True, text=True, check=False, env=env
    ).stdout.strip()


def wait_for(address: str) -> None:
    """Wait until the agent answers."""
    deadline = time.monotonic() + 20
    while not asked(address):
        if time.monotonic() > deadline:
            raise SystemExit(f"no agent at {address}")
        time.sleep(0.1)


def frisket(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the command line."""
    path = folder / "c.toml"
    command = [sys.executable, "-m", "frisket.cli", *words, "--credentials", str(path)]
    command += ["--patience", "1", "--pace", "0"]
    env = {**os.environ, "FRISKET_STATE": str(folder / "state"), "WRITES": "writes"}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=env)


def main(folder: Path) -> int:
    """Plan, apply, ask, undo, ask."""
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    credentials = folder / "c.toml"
    credentials.touch(mode=0o600)
    credentials.write_text(CREDENTIALS, encoding="ascii")
    agents = [serve(folder, HOST, ""), serve(folder, PRINTER, MORE)]
    try:
        for address in (HOST, PRINTER):
            wait_for(address)
        before = [asked(HOST), asked(PRINTER)]
        plan = frisket(folder, "plan", HOST, PRINTER, "-b", "modern")
        done = frisket(folder, "apply", HOST, PRINTER, "-b", "modern", "--auto-approve")
        after = [asked(HOST), asked(PRINTER)]
        (run,) = (path.stem for path in (folder / "state" / "runs").glob("*.run"))
        back = frisket(folder, "apply", "--undo", run, "--auto-approve")
        told = {
            "plan": plan.stdout,
            "codes": [plan.returncode, done.returncode, back.returncode],
            "said": done.stdout + done.stderr + back.stdout + back.stderr,
            "traps": [before, after, [asked(HOST), asked(PRINTER)]],
        }
        sys.stdout.write(json.dumps(told))
    finally:
        for agent in agents:
            agent.terminate()
        for agent in agents:
            agent.wait(timeout=20)
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
