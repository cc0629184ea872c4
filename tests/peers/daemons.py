"""Starts a daemon in the foreground on loopback for one test, and ends what it started."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import subprocess
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from tests.unit.probe.lan import HOST

_SBIN = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"])


def program(name: str) -> str:
    """Return where a program is, also where an ordinary user's PATH does not look."""
    return shutil.which(name, path=_SBIN) or name


async def _accepts(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection(HOST, port)
    except OSError:
        return False
    writer.close()
    await writer.wait_closed()
    return True


@asynccontextmanager
async def daemon(
    command: Sequence[str], port: int, *, folder: Path, udp: bool = False
) -> AsyncIterator[None]:
    """Run `command` until the block ends; it begins once `port` is served.

    A daemon may end its whole process group with itself, so it gets one of its own.
    """
    log = folder / "daemon.log"
    with log.open("wb") as out:
        process = await asyncio.create_subprocess_exec(
            program(command[0]),
            *command[1:],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
            env={**os.environ, "HOME": str(folder), "PATH": _SBIN},
        )
    try:
        async with asyncio.timeout(30):
            while not (bound(port) if udp else await _accepts(port)):
                said = log.read_text(errors="replace")
                assert process.returncode is None, f"{command[0]} ended: {said}"
                await asyncio.sleep(0.05)
        yield
    finally:
        end_master(folder)
        end(process.pid)
        try:
            async with asyncio.timeout(10):
                await process.wait()
        except TimeoutError:
            os.killpg(process.pid, signal.SIGKILL)
            await process.wait()


def end(group: int) -> None:
    """Ask a process group that was started here to end."""
    try:
        os.killpg(group, signal.SIGTERM)
    except ProcessLookupError:
        return


def end_master(folder: Path) -> None:
    """Ask Postfix's master to end: it leads a process group of its own, out of reach of `end`."""
    for path in folder.glob("queue/pid/master.pid"):
        with suppress(ProcessLookupError, ValueError):
            os.kill(int(path.read_text()), signal.SIGTERM)


def bound(port: int) -> bool:
    """Say whether a UDP port is taken, as a daemon that cannot be connected to is waited for."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        try:
            sock.bind((HOST, port))
        except OSError:
            return True
    return False


def certificate(folder: Path) -> tuple[Path, Path]:
    """Write a self-signed certificate and its key; return their paths, key first."""
    key, cert = folder / "key.pem", folder / "cert.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    command += ["-subj", "/CN=printer.invalid", "-keyout", str(key), "-out", str(cert)]
    subprocess.run(command, check=True, capture_output=True)
    return key, cert
