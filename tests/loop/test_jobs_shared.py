"""Workers that share a PostgreSQL, killed, frozen, and their database killed under them."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from tests.peers.postgres import Cluster, cluster

pytestmark = [pytest.mark.xdist_group("jobs"), pytest.mark.peer("postgresql")]
WORKER = Path(__file__).with_name("jobs_worker.py")
ROOT = Path(__file__).parents[2]
FROZEN = 4.0  # seconds: longer than a worker may be silent, shorter than a device's lease


@pytest.fixture(scope="module")
def postgres() -> Iterator[Cluster]:
    # It waits for the disk: it is killed here.
    with cluster(safe=True) as found:
        yield found


class Fleet:
    """Two workers on one database; a third takes the place of each that was killed."""

    def __init__(self, folder: Path, url: str, count: int) -> None:
        (folder / "devices").mkdir()
        self.folder, self.url, self.count = folder, url, count
        self.running: list[subprocess.Popen[bytes]] = []
        self.started = 0

    def start(self) -> None:
        """Start a worker."""
        self.started += 1
        with (self.folder / "worker.log").open("ab") as log:
            worker = subprocess.Popen(
                [
                    sys.executable,
                    str(WORKER),
                    str(self.folder),
                    f"w{self.started}",
                    str(self.count),
                ],
                cwd=ROOT,
                env={
                    **os.environ,
                    "PYTHONPATH": str(ROOT / "src"),
                    "FRISKET_TEST_DATABASE": self.url,
                },
                stdout=log,
                stderr=log,
            )
        self.running.append(worker)

    def said(self) -> str:
        return (self.folder / "worker.log").read_text()

    def acted(self) -> int:
        return len(list((self.folder / "devices").iterdir()))

    def until(self, acted: int, seconds: float = 30) -> None:
        """Wait until so many devices were acted on."""
        deadline = time.monotonic() + seconds
        while self.acted() < acted:
            assert time.monotonic() < deadline, self.said()[-3000:]
            time.sleep(0.02)

    def kill(self, which: int) -> None:
        worker = self.running.pop(which)
        worker.kill()
        worker.wait()

    def freeze(self, which: int) -> None:
        self.running[which].send_signal(signal.SIGSTOP)

    def thaw(self, which: int) -> None:
        self.running[which].send_signal(signal.SIGCONT)

    def finish(self, seconds: float) -> None:
        """Wait for the result, then end what is left."""
        deadline = time.monotonic() + seconds
        while not (self.folder / "result").exists() and time.monotonic() < deadline:
            time.sleep(0.1)

    def close(self) -> None:
        while self.running:
            self.kill(0)


@pytest.fixture
def fleet(tmp_path: Path, postgres: Cluster, request: pytest.FixtureRequest) -> Iterator[Fleet]:
    made = Fleet(tmp_path, postgres.create(), getattr(request, "param", 40))
    yield made
    made.close()


def judge(fleet: Fleet) -> None:
    """Every device was acted on once, every flow has ended, and no lease is left behind."""
    assert (fleet.folder / "result").exists(), fleet.said()[-3000:]
    assert (fleet.folder / "result").read_text().split() == ["done"] * fleet.count
    devices = (fleet.folder / "devices").iterdir()
    wear = {path.name: len(path.read_text().split()) for path in devices}
    assert wear == {f"d{number}": 1 for number in range(fleet.count)}
    with psycopg.connect(fleet.url) as connection:
        asked = "SELECT status, count(*) FROM dbos.workflow_status GROUP BY 1"
        assert connection.execute(asked).fetchall() == [("SUCCESS", fleet.count + 1)]
        states = "SELECT state, count(*) FROM action GROUP BY 1"
        assert connection.execute(states).fetchall() == [("done", fleet.count)]


@pytest.mark.timeout(120)
def test_one_killed_one_frozen_and_the_database_killed(fleet: Fleet, postgres: Cluster) -> None:
    fleet.start()
    fleet.until(4)
    fleet.start()
    fleet.until(8)
    fleet.kill(0)
    fleet.start()
    fleet.until(14)
    fleet.freeze(0)
    time.sleep(FROZEN)
    fleet.thaw(0)
    fleet.until(20)
    postgres.kill()
    time.sleep(1)
    postgres.start()
    fleet.finish(60)
    judge(fleet)
    assert "took over" in fleet.said()


def under_fire(fleet: Fleet, postgres: Cluster, chance: random.Random, faults: int) -> None:
    """Do harm of a kind that chance chooses, again and again."""
    fleet.start()
    fleet.start()
    for _ in range(faults):
        time.sleep(chance.uniform(1.0, 4.0))
        if (fleet.folder / "result").exists():
            return
        which = chance.randrange(2)
        match chance.choice(["kill", "freeze", "database", "both"]):
            case "kill":
                fleet.kill(which)
                fleet.start()
            case "freeze":
                fleet.freeze(which)
                time.sleep(FROZEN)
                fleet.thaw(which)
            case "database":
                postgres.kill()
                time.sleep(chance.uniform(0.1, 3.0))
                postgres.start()
            case "both":
                postgres.kill()
                fleet.kill(which)
                postgres.start()
                fleet.start()


@pytest.mark.nightly
@pytest.mark.timeout(900)
@pytest.mark.parametrize("fleet", [200], indirect=True)
@pytest.mark.parametrize("seed", range(8))
def test_any_harm_in_any_order(fleet: Fleet, postgres: Cluster, seed: int) -> None:
    under_fire(fleet, postgres, random.Random(seed), 10)
    fleet.finish(300)
    judge(fleet)
