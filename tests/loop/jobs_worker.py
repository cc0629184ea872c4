"""A worker process for test_jobs_killed: upgrades devices that are files, under fire.

usage: jobs_worker.py FOLDER EXECUTOR DEVICES

With FRISKET_TEST_DATABASE several of them share a PostgreSQL, and the living take over from the
dead: silent for DEAD seconds. What is done to a device is leased for LEASE seconds.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from frisket.fleet.guard import Busy, Deed, Seen, perform
from frisket.fleet.patience import Patience
from frisket.jobs.dbos_engine import open_jobs
from frisket.jobs.liveness import Liveness
from frisket.jobs.port import Flow, Json, Queue, Steps
from frisket.store.database import open_database
from frisket.store.work import Fenced, Work

DEAD, LEASE = 2.0, 10.0
QUEUES = (Queue("fleet", 4), Queue("device", 8, one_per_key=True))


class Devices:
    """Devices that are files: each upgrade appends a line, as each flash wears a real one."""

    def __init__(self, folder: Path, work: Work, me: str) -> None:
        self._folder = folder
        self._work = work
        self._me = me

    def look(self, name: str) -> Seen:
        path = self._folder / name
        return Seen.DONE if path.exists() and path.stat().st_size else Seen.NOT_DONE

    def act(self, name: str) -> None:
        time.sleep(0.01)
        with (self._folder / name).open("ab") as file:
            file.write(f"{self._me}\n".encode())
            file.flush()
            os.fsync(file.fileno())
        time.sleep(0.01)  # where a kill does most harm: done, and not yet known to be

    def upgrade(self, name: str) -> Json:
        deed = Deed(f"upgrade:{name}", name, lambda: self.look(name), lambda: self.act(name))
        while True:
            try:
                return perform(self._work, deed, self._me, LEASE).value
            except (Busy, Fenced):
                time.sleep(0.05)

    def flow(self, steps: Steps, name: str) -> Json:
        return steps.step("upgrade", self.upgrade, name)


def rollout(steps: Steps, names: list[str]) -> Json:
    """Upgrade every device as a flow of its own, and wait for all."""
    for name in names:
        steps.child("device", f"{steps.id}/{name}", name, key=name)
    return [steps.wait(f"{steps.id}/{name}") for name in names]


def told(text: str) -> None:
    print(text, flush=True)


def main() -> None:
    """Work until killed."""
    folder, executor, count = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    database = open_database(
        os.environ.get("FRISKET_TEST_DATABASE", f"sqlite:///{folder}/fleet.db")
    )
    database.upgrade()
    work = Work(database)
    devices = Devices(folder / "devices", work, f"{executor}/{os.getpid()}")
    flows = (Flow("rollout", "fleet", rollout), Flow("device", "device", devices.flow))
    url = os.environ.get("FRISKET_TEST_DATABASE", f"sqlite:///{folder}/jobs.db")
    unique = f"{executor}-{os.getpid()}" if "FRISKET_TEST_DATABASE" in os.environ else executor
    again = Patience(database, first=0.2).again
    jobs = open_jobs(url, flows, QUEUES, executor=unique, again=again)
    if unique != executor:
        Liveness(unique, work, jobs.recover, told, beat=0.5, dead=DEAD).start()
    jobs.start("rollout", "r1", [f"d{number}" for number in range(count)])
    done = jobs.result("r1")
    shown = folder / f"result.{os.getpid()}"
    shown.write_text("\n".join(done))
    shown.replace(folder / "result")


if __name__ == "__main__":
    main()
