"""kill -9 at every named point of an apply, then on: nothing lost, doubled or wrongly claimed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from frisket.drivers.job import POINTS


def ended_and_continued(runs: int, lanes: int, seed: int) -> Any:
    """Do the runs in processes of their own (`tests.loop.failpoints`)."""
    words = ["--runs", str(runs), "--lanes", str(lanes), "--seed", str(seed)]
    done = subprocess.run(
        [sys.executable, "-m", "tests.loop.failpoints", *words],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONWARNINGS": "error"},
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


def judge(found: Any, runs: int) -> None:
    """Let nothing pass that was lost, doubled or wrongly claimed."""
    assert found["wrong"] == []
    counts = found["found"]
    assert counts["runs"] == runs
    assert counts["kills"] >= runs * 0.8
    assert not counts.keys() & {"lost", "doubled", "false success", "wrong"}
    assert found["passed"].keys() == POINTS.keys(), "each named point was passed by some run"


@pytest.mark.xdist_group("killed")
def test_killed_at_any_point_a_run_is_continued() -> None:
    judge(ended_and_continued(runs=30, lanes=3, seed=7), 30)


@pytest.mark.nightly
@pytest.mark.timeout(3600)
@pytest.mark.xdist_group("killed")
def test_killed_at_every_point_a_thousand_times() -> None:
    found = ended_and_continued(runs=1200, lanes=4, seed=2026)
    assert found["spots"] < 1200, "every point of every scenario, then any moment"
    judge(found, 1200)
