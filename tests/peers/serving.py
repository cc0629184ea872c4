"""Starts a daemon on loopback for a module's tests, and ends what it started."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.peers.daemons import bound, end, end_master, program
from tests.unit.probe.lan import HOST


@contextmanager
def open_folder() -> Iterator[Path]:
    """Make a folder that daemons reach who give up root's rights; it is gone afterwards."""
    path = Path(tempfile.mkdtemp(prefix="frisket-"))
    path.chmod(0o755)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def _answers(port: int, *, udp: bool) -> bool:
    if udp:
        return bound(port)
    try:
        with socket.create_connection((HOST, port), timeout=1):
            return True
    except OSError:
        return False


@contextmanager
def serving(
    command: Sequence[str], port: int, *, folder: Path, udp: bool = False
) -> Iterator[None]:
    """Run `command` until the block ends; it begins once `port` is served."""
    log = folder / "daemon.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [program(command[0]), *command[1:]],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
            env={**os.environ, "HOME": str(folder), "PATH": os.environ["PATH"] + ":/usr/sbin"},
        )
    try:
        deadline = time.monotonic() + 30
        while not _answers(port, udp=udp):
            said = log.read_text(errors="replace")
            assert process.poll() is None, f"{command[0]} ended: {said}"
            assert time.monotonic() < deadline, f"{command[0]} serves nothing: {said}"
            time.sleep(0.05)
        yield
    finally:
        end_master(folder)
        end(process.pid)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
