"""Workers killed at any moment: no decision lost, no device acted on twice."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.xdist_group("jobs")
WORKER = Path(__file__).with_name("jobs_worker.py")
ROOT = Path(__file__).parents[2]


def start(folder: Path, executor: str, count: int) -> subprocess.Popen[bytes]:
    with (folder / "worker.log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, str(WORKER), str(folder), executor, str(count)],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
            stdout=log,
            stderr=log,
        )


def under_fire(folder: Path, seed: int, count: int, kills: int) -> int:
    """Run a rollout whose worker is killed again and again; return how often it was."""
    chance = random.Random(seed)
    (folder / "devices").mkdir()
    killed = 0
    deadline = time.monotonic() + 100
    while not (folder / "result").exists() and time.monotonic() < deadline:
        worker = start(folder, "local", count)
        try:
            worker.wait(chance.uniform(2.0, 4.0) if killed < kills else 60)
        except subprocess.TimeoutExpired:
            worker.send_signal(signal.SIGKILL)
            worker.wait()
            killed += 1
    return killed


def judge(folder: Path, count: int) -> None:
    assert (folder / "result").exists(), (folder / "worker.log").read_text()[-3000:]
    assert (folder / "result").read_text().split() == ["done"] * count
    wear = {path.name: len(path.read_text().split()) for path in (folder / "devices").iterdir()}
    assert wear == {f"d{number}": 1 for number in range(count)}


@pytest.mark.timeout(180)
def test_one_worker_killed_again_and_again(tmp_path: Path) -> None:
    assert under_fire(tmp_path, 1, 40, 3) >= 2
    judge(tmp_path, 40)


@pytest.mark.nightly
@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", range(2, 12))
def test_many_kills(tmp_path: Path, seed: int) -> None:
    under_fire(tmp_path, seed, 80, 8)
    judge(tmp_path, 80)
