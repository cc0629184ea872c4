"""A real net-snmp agent with a user for every pair of algorithms, as a context manager."""

from __future__ import annotations

import os
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from frisket.proto.snmp.wire.crypto import Auth, Priv, User

AUTH_NAMES = {
    Auth.MD5: "MD5",
    Auth.SHA1: "SHA",
    Auth.SHA224: "SHA-224",
    Auth.SHA256: "SHA-256",
    Auth.SHA384: "SHA-384",
    Auth.SHA512: "SHA-512",
}
PRIV_NAMES = {
    Priv.DES: "DES",
    Priv.AES128: "AES",
    Priv.AES192: "AES-192",
    Priv.AES256: "AES-256",
    Priv.AES192_CISCO: "AES-192-C",
    Priv.AES256_CISCO: "AES-256-C",
}
AUTH_PASSWORD = "sage and onion"
PRIV_PASSWORD = "rosemary and thyme"
PAIRS = [(auth, priv) for auth in Auth for priv in Priv]
SUBTREE = (1, 3, 6, 1, 4, 1, 8072, 9999, 9999)
TABLE = 200
NOBODY = User("nobody")
ONLY_AUTH = User("onlyauth", Auth.SHA1, AUTH_PASSWORD)
_SECONDS_TO_START = 10.0


def user(auth: Auth, priv: Priv) -> User:
    """Return the agent's user for a pair."""
    name = f"{auth.name}-{priv.name}".lower().replace("_", "-")
    return User(name, auth, AUTH_PASSWORD, priv, PRIV_PASSWORD)


def free_port() -> int:
    """Return a UDP port nobody uses."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


def environment(folder: Path) -> dict[str, str]:
    """Return an environment in which net-snmp reads no configuration but what it is given."""
    (folder / "cert_indexes").mkdir(exist_ok=True)  # it would say that it makes one
    return {
        "PATH": f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin",
        "MIBS": "",
        "MIBDIRS": str(folder),
        "SNMP_PERSISTENT_DIR": str(folder),
        "SNMPCONFPATH": str(folder),
        "LC_ALL": "C",
    }


def create_user(who: User, engine_id: bytes = b"") -> str:
    """Write the line of a net-snmp configuration that creates a user."""
    words = ["createUser"]
    if engine_id:
        words += ["-e", f"0x{engine_id.hex()}"]
    words.append(who.name)
    if who.auth:
        words += [AUTH_NAMES[who.auth], f'"{who.auth_password}"']
    if who.priv:
        words += [PRIV_NAMES[who.priv], f'"{who.priv_password}"']
    return " ".join(words)


@dataclass(frozen=True)
class Snmpd:
    """A running agent: `folder` holds its configuration and its log."""

    port: int
    folder: Path

    def environment(self) -> dict[str, str]:
        """Return the environment for net-snmp's tools."""
        return environment(self.folder)


def configuration(port: int) -> str:
    """Return a configuration: users, communities, a table of 200 numbers, a few odd values."""
    users = [NOBODY, ONLY_AUTH, *(user(*pair) for pair in PAIRS)]
    lines = [
        f"agentAddress udp:127.0.0.1:{port}",
        "rwcommunity public",
        "sysDescr Peer of the tests",
        "sysServices 72",
        "rwuser nobody noauth",
        "rwuser onlyauth auth",
        *(create_user(who) for who in users),
        *(f"rwuser {who.name} priv" for who in users if who.priv),
    ]
    root = ".".join(map(str, SUBTREE))
    lines += [f"override {root}.1.{i} integer {i * 1000}" for i in range(1, TABLE + 1)]
    lines += [
        f"override {root}.2.2 counter 4294967295",
        f"override {root}.2.3 uinteger 4294967295",
        f"override {root}.2.4 timeticks 4294967295",
        f"override {root}.2.6 object_id .1.3.6.1.4.1.4294967295",
        f"override {root}.2.7 integer -2147483648",
        f"override {root}.2.8 octet_str text",
        f"override -rw {root}.3.1 octet_str before",
        f"override -rw {root}.3.2 integer 1",
    ]
    # Too long for all of them to fit one datagram.
    lines += [f"override {root}.4.{i} octet_str {'x' * 900}" for i in range(1, 101)]
    return "\n".join(lines) + "\n"


def wait_until_bound(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    """Wait until the process serves the UDP port."""
    wanted = f"0100007F:{port:04X}"
    deadline = time.monotonic() + _SECONDS_TO_START
    while wanted not in Path("/proc/net/udp").read_text(encoding="ascii"):
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"it did not start: {log.read_text(errors='replace')[-2000:]}")
        time.sleep(0.02)


@contextmanager
def running(program: str, arguments: list[str], folder: Path, port: int) -> Iterator[Path]:
    """Run a daemon in the foreground until the end; yields its log."""
    log = folder / f"{program}.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [program, *arguments],
            cwd=folder,
            env=environment(folder),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
        try:
            wait_until_bound(process, port, log)
            yield log
        finally:
            process.terminate()
            process.wait(timeout=10)


@contextmanager
def snmpd() -> Iterator[Snmpd]:
    """Run an agent on a free port of 127.0.0.1."""
    with tempfile.TemporaryDirectory(prefix="snmpd-") as name:
        folder = Path(name)
        port = free_port()
        (folder / "agent.conf").write_text(configuration(port), encoding="utf-8")
        arguments = ["-f", "-LE", "w", "-C", "-c", "agent.conf", "-p", str(folder / "pid"), "-r"]
        arguments += ["-I", "-smux,agentx"]
        with running("snmpd", arguments, folder, port):
            yield Snmpd(port, folder)
