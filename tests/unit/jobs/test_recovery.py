"""What the private call behind `recover` promises: taken over, work keeps its device's lock."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError
from tests.peers.postgres import KINDS, postgres

from frisket.errors import FrisketError
from frisket.jobs.connection import job_engine
from frisket.jobs.dbos_engine import DbosJobs, open_jobs
from frisket.jobs.liveness import Liveness
from frisket.jobs.port import Flow, JobFault, Json, Queue, Steps

__all__ = ["postgres"]
pytestmark = pytest.mark.xdist_group("jobs")  # the engine is one per process
QUEUES = (Queue("fleet"), Queue("device", one_per_key=True))


class Devices:
    """Two flows on one device; each waits to be let go, and must be alone."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.lock = threading.Lock()
        self.now: list[str] = []
        self.most = 0
        self.done: list[str] = []

    def touch(self, name: str) -> Json:
        with self.lock:
            self.now.append(name)
            self.most = max(self.most, len(self.now))
        self.gate.wait(20)
        time.sleep(0.05)
        with self.lock:
            self.now.remove(name)
            self.done.append(name)
        return name

    def flow(self, steps: Steps, name: str) -> Json:
        return steps.step("touch", self.touch, name)


@pytest.fixture
def devices() -> Iterator[Devices]:
    made = Devices()
    yield made
    made.gate.set()


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.parametrize("kind", KINDS)
def test_work_taken_over_keeps_queue_and_device(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest, devices: Devices
) -> None:
    url = f"sqlite:///{tmp_path / 'jobs.db'}"
    if kind == "postgresql":
        url = request.getfixturevalue("postgres").create()
    flows = [Flow("device", "device", devices.flow)]
    dead = open_jobs(url, flows, QUEUES, executor="dead")
    dead.start("device", "first", "first", key="serial-1")
    until(lambda: devices.now == ["first"])
    dead.close()  # its flow stays as a kill leaves it: begun, and of nobody who lives
    other = Devices()
    jobs = open_jobs(url, [Flow("device", "device", other.flow)], QUEUES, executor="living")
    try:
        jobs.start("device", "second", "second", key="serial-1")
        time.sleep(1.2)  # two looks into the queue: the device is still the dead one's
        assert other.now == []
        assert jobs.recover("dead") == 1
        assert jobs.recover("dead") == 0
        other.gate.set()
        assert [jobs.result("first"), jobs.result("second")] == ["first", "second"]
        assert (other.most, other.done) == (1, ["first", "second"])
    finally:
        other.gate.set()
        jobs.close()


def test_what_was_not_taken_over_is_not_forgotten(tmp_path: Path, devices: Devices) -> None:
    database = tmp_path / "jobs.db"
    flows = [Flow("device", "device", devices.flow)]
    url = f"sqlite:///{database}"
    dead = open_jobs(url, flows, QUEUES, executor="dead")
    dead.start("device", "first", "first", key="serial-1")
    until(lambda: devices.now == ["first"])
    dead.close()
    jobs = open_jobs(url, flows, QUEUES, executor="living")
    try:
        with sqlite3.connect(database) as connection:
            connection.execute(
                "CREATE TRIGGER broken BEFORE UPDATE ON workflow_status BEGIN "
                "SELECT RAISE(ABORT, 'no'); END"
            )
        hearts = Hearts()
        with pytest.raises(JobFault, match="not all work of dead"):
            Liveness("living", hearts, jobs.recover, print).once()
        assert hearts.forgotten == []
        with sqlite3.connect(database) as connection:
            connection.execute("DROP TRIGGER broken")
        Liveness("living", hearts, jobs.recover, print).once()
        assert hearts.forgotten == ["dead"]
        devices.gate.set()
        assert jobs.result("first") == "first"
    finally:
        devices.gate.set()
        jobs.close()


class Hearts:
    """Heartbeats by which `dead` is silent."""

    def __init__(self) -> None:
        self.forgotten: list[str] = []

    def beat(self, executor: str) -> None:
        del executor

    def silent(self, seconds: float) -> list[str]:
        del seconds
        return ["dead"]

    def forget(self, executor: str) -> None:
        self.forgotten.append(executor)


def test_a_step_that_may_be_run_again_is(tmp_path: Path) -> None:
    asked: list[tuple[str, int]] = []
    ran: list[int] = []

    def again(fault: FrisketError, tries: int) -> bool:
        asked.append((str(fault), tries))
        return tries < 3

    def fails() -> Json:
        ran.append(1)
        raise JobFault("away")

    flow = Flow("two", "fleet", lambda steps: steps.step("fails", fails))
    jobs: DbosJobs = open_jobs(f"sqlite:///{tmp_path / 'jobs.db'}", [flow], QUEUES, again=again)
    try:
        jobs.start("two", "t")
        with pytest.raises(FrisketError, match="away"):
            jobs.result("t")
        assert asked == [("away", 1), ("away", 2), ("away", 3)]
        assert len(ran) == 3
    finally:
        jobs.close()


def test_a_socket_that_is_gone_counts_as_a_database_that_is_away(tmp_path: Path) -> None:
    engine = job_engine(f"postgresql://postgres@/postgres?host={tmp_path}")
    with pytest.raises(OperationalError) as raised, engine.connect():
        pass
    assert raised.value.connection_invalidated
    engine.dispose()


def test_a_file_without_room_counts_as_a_database_that_is_away(tmp_path: Path) -> None:
    engine = job_engine(f"sqlite:///{tmp_path / 'jobs.db'}")
    with engine.connect() as connection:
        connection.exec_driver_sql("CREATE TABLE step (result)")
        connection.commit()
        connection.exec_driver_sql("PRAGMA max_page_count = 3")
        with pytest.raises(OperationalError, match="full") as raised:
            connection.exec_driver_sql("INSERT INTO step VALUES (zeroblob(100000))")
    assert raised.value.connection_invalidated
    engine.dispose()
