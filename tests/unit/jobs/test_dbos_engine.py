"""The job port's promises, kept by the engine behind it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from frisket.jobs.dbos_engine import DbosJobs, open_jobs
from frisket.jobs.port import Flow, FlowFailed, FlowState, JobFault, Json, Queue, Steps

pytestmark = pytest.mark.xdist_group("jobs")  # the engine is one per process


class Work:
    """What the flows of this file do, and what was done."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.running = 0
        self.most = 0
        self.lock = threading.Lock()
        self.gate = threading.Event()

    def note(self, what: str) -> Json:
        self.done.append(what)
        return {"noted": what, "count": len(self.done)}

    def fails(self, what: str) -> Json:
        self.done.append(what)
        raise ValueError(f"no {what} today")

    def alone(self, what: str) -> Json:
        with self.lock:
            self.running += 1
            self.most = max(self.most, self.running)
        time.sleep(0.02)
        with self.lock:
            self.running -= 1
        self.done.append(what)
        return None

    def waits(self) -> Json:
        self.gate.wait(20)
        return None

    def two(self, steps: Steps, what: str) -> Json:
        first = steps.step("first", self.note, what + "1")
        second = steps.step("second", self.note, what + "2")
        return [first, second, steps.id]

    def broken(self, steps: Steps, what: str) -> Json:
        return steps.step("fails", self.fails, what)

    def parent(self, steps: Steps, *names: str) -> Json:
        for name in names:
            steps.child("two", f"{steps.id}/{name}", name)
        return [steps.wait(f"{steps.id}/{name}")[2] for name in names]

    def device(self, steps: Steps, what: str) -> Json:
        return steps.step("alone", self.alone, what)

    def slow(self, steps: Steps) -> Json:
        steps.step("waits", self.waits)
        return steps.step("after", self.note, "after")


QUEUES = (Queue("fleet"), Queue("device", one_per_key=True))


@pytest.fixture
def work() -> Work:
    return Work()


@pytest.fixture
def jobs(tmp_path: Path, work: Work) -> Iterator[DbosJobs]:
    flows = [
        Flow("two", "fleet", work.two),
        Flow("broken", "fleet", work.broken),
        Flow("parent", "fleet", work.parent),
        Flow("slow", "fleet", work.slow),
        Flow("device", "device", work.device),
    ]
    opened = open_jobs(f"sqlite:///{tmp_path / 'jobs.db'}", flows, QUEUES)
    yield opened
    work.gate.set()
    opened.close()


def test_the_same_id_twice_is_one_flow(jobs: DbosJobs, work: Work) -> None:
    jobs.start("two", "once", "a")
    jobs.start("two", "once", "a")
    assert jobs.result("once")[2] == "once"
    jobs.start("two", "once", "a")
    assert jobs.result("once")[0] == {"noted": "a1", "count": 1}
    assert work.done == ["a1", "a2"]
    assert jobs.info("once").state is FlowState.DONE


def test_a_failure_names_its_reason(jobs: DbosJobs) -> None:
    jobs.start("broken", "bad", "paper")
    with pytest.raises(FlowFailed, match="ValueError: no paper today"):
        jobs.result("bad")
    assert jobs.info("bad").state is FlowState.FAILED


def test_a_parent_waits_for_its_children(jobs: DbosJobs, work: Work) -> None:
    jobs.start("parent", "p", "x", "y", "z")
    assert jobs.result("p") == ["p/x", "p/y", "p/z"]
    assert sorted(work.done) == ["x1", "x2", "y1", "y2", "z1", "z2"]
    assert {info.id for info in jobs.listed(prefix="p/")} == {"p/x", "p/y", "p/z"}


def test_one_device_is_never_worked_on_twice_at_once(jobs: DbosJobs, work: Work) -> None:
    for number in range(6):
        jobs.start("device", f"d{number}", str(number), key="serial-1")
    for number in range(6):
        jobs.result(f"d{number}")
    assert work.most == 1
    assert sorted(work.done) == ["0", "1", "2", "3", "4", "5"]


def test_a_cancelled_flow_stops_before_its_next_step(jobs: DbosJobs, work: Work) -> None:
    jobs.start("slow", "s")
    while jobs.info("s").state is not FlowState.RUNNING:
        time.sleep(0.05)
    jobs.cancel("s")
    work.gate.set()
    with pytest.raises(FlowFailed):
        jobs.result("s")
    assert jobs.info("s").state is FlowState.CANCELLED
    assert work.done == []


def test_what_cannot_be_started_is_told(jobs: DbosJobs) -> None:
    with pytest.raises(JobFault, match="no flow"):
        jobs.start("nothing", "n")
    with pytest.raises(JobFault, match="key"):
        jobs.start("device", "d", "x")
    with pytest.raises(JobFault, match="key"):
        jobs.start("two", "t", "x", key="k")
    with pytest.raises(JobFault, match="a flow cannot keep a set"):
        jobs.start("two", "t", {1, 2})
    assert jobs.info("t").state is FlowState.ABSENT
