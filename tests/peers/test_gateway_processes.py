"""A gateway of two processes: both serve the port, and neither outlives the other's end."""

from __future__ import annotations

import os
import signal
import ssl
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
from tests.peers.postgres import cluster

from frisket.net.serve_asgi import free_port


def children(pid: int) -> list[int]:
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def answers(port: int) -> bool:
    context = ssl._create_unverified_context()
    try:
        address = f"https://127.0.0.1:{port}/healthz"
        with urllib.request.urlopen(address, context=context, timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def eventually(wanted: bool, look: object, seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while callable(look) and bool(look()) is not wanted and time.monotonic() < end:
        time.sleep(0.1)
    assert callable(look)
    assert bool(look()) is wanted


@pytest.mark.peer("postgresql")
@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL])
def test_two_processes_serve_one_port_and_end_together(tmp_path: Path, end: signal.Signals) -> None:
    port = free_port("127.0.0.1")
    with cluster() as peer:
        words = ["gateway", "--data", str(tmp_path / "data"), "--port", str(port)]
        words += ["--database", peer.create(), "--processes", "2"]
        first = subprocess.Popen(
            [sys.executable, "-m", "frisket.cli", *words], stdout=subprocess.DEVNULL
        )
        try:
            eventually(True, lambda: answers(port))
            eventually(True, lambda: len(children(first.pid)) == 1)
            [second] = children(first.pid)
            first.send_signal(end)
            first.wait(30)
            eventually(False, lambda: Path(f"/proc/{second}").exists())
            assert not answers(port)
        finally:
            first.kill()
            first.wait()


def test_a_file_is_not_shared(tmp_path: Path) -> None:
    words = ["gateway", "--data", str(tmp_path), "--processes", "2"]
    environment = {k: v for k, v in os.environ.items() if k != "FRISKET_DATABASE"}
    done = subprocess.run(
        [sys.executable, "-m", "frisket.cli", *words],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 2
    assert "only PostgreSQL is shared" in done.stderr
