"""`frisket serve` and `frisket worker` killed at any moment while an office works with them."""

from __future__ import annotations

import signal
import sqlite3
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import httpx
import psycopg
import pytest
from bench.console_fleet import fill
from sqlalchemy import text
from tests.living import Living, living
from tests.loop.office import Office, Process, console, password, until, worker
from tests.loop.test_fleet_changes import SOURCE, fleet_of, settings
from tests.peers.postgres import Cluster, cluster

from frisket.console.build import open_data
from frisket.fleet.change_crew import ChangeCrew
from frisket.fleet.flows import QUEUES, all_flows
from frisket.jobs.dbos_engine import open_jobs

pytestmark = pytest.mark.xdist_group("lab")


def office_of(lab: Living, folder: Path, chance: Random, url: str = "") -> Office:
    """Fill a database with the devices and two people who know each other well."""
    data = folder / "data"
    database = open_data(data, url)
    fleet = fleet_of(database, data, lab.devices)
    for name, role in (("ann", "administrator"), ("bob", "security-administrator")):
        fleet.account(name, role)
        password(database, name)
    database.close()
    words = ["--database", url] if url else []
    place = url or f"sqlite:///{data / 'frisket.db'}"
    return Office(data, place, fleet, lab.devices, console(data, *words), chance)


@dataclass
class Harm:
    """Somebody who does harm, at moments that chance or the office's own acts choose."""

    office: Office
    kinds: dict[str, Callable[[], None]]
    chance: Random
    most: int
    longest: float = 8.0
    done: Counter[str] = field(default_factory=Counter)
    starts: list[float] = field(default_factory=list)
    faults: list[BaseException] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)
    now: threading.Event = field(default_factory=threading.Event)
    wait: float = 0.0

    def shoot(self, seconds: float) -> None:
        """Do harm so soon from now: right when somebody decides something."""
        self.wait = seconds
        self.now.set()

    def run(self) -> None:
        """Do harm until that is enough, or the office is done."""
        try:
            while not self.over.is_set() and (left := self.left()) >= 0:
                longest = 2.0 if self.office.back else self.longest
                if self.now.wait(self.chance.uniform(0.2, longest)):
                    time.sleep(self.wait)
                if not left:
                    self.now.clear()
                    continue
                kind = self.chance.choice(sorted(self.kinds))
                self.kinds[kind]()
                self.done[kind] += 1
                self.now.clear()
                self.office.check_log()
        except BaseException as fault:  # noqa: BLE001 it is told in `under_fire`
            traceback.print_exception(fault)
            self.faults.append(fault)

    def left(self) -> int:
        """Return how much harm may be done now; -1 where no more is to come."""
        left = self.most - sum(self.done.values())
        if self.office.back:
            return left or -1
        return max(left - self.most // 4, 0)  # something is kept for the way back

    def kill_console(self) -> None:
        """Kill the console, and start it again."""
        with self.office.lock:
            self.office.serve.kill()
            self.starts.append(self.office.serve.start())


def under_fire(office: Office, harm: Harm, seconds: float) -> None:
    """Let the office work while harm is done."""
    office.shoot = harm.shoot
    thread = threading.Thread(target=harm.run)
    thread.start()
    try:
        office.work(seconds)
    finally:
        harm.over.set()
        harm.now.set()
        thread.join()
    assert harm.faults == []
    print("harm:", dict(harm.done), "slowest start:", round(max(harm.starts, default=0.0), 1))


@pytest.mark.timeout(120)
def test_a_decision_whose_process_was_killed_is_carried_out(tmp_path: Path) -> None:
    with living(1) as lab:
        office = office_of(lab, tmp_path, Random(1))
        fleet, device = office.fleet, lab.devices[0]
        hands = ChangeCrew(fleet.crew)
        changing = hands.changing
        number = changing.make(SOURCE, {"ids": fleet.ids}, [fleet.site], "ann")
        hands.planning.plan(number, fleet.ids)
        changing.planned(number)
        changing.begin(number, "ann")  # and here the console was killed: nobody started the work
        fleet.database.close()
        try:
            office.serve.start()
            until(lambda: sum(device.journal.writes.values()) >= 2)
            office.serve.kill()
            assert office.serve.start() < 10
            until(lambda: office.state() == "done", 90)
            office.check_log()
        finally:
            office.serve.kill()
        assert max(device.journal.writes.values()) == 1
        assert not device.store.effective("snmp.v1.enabled")


@pytest.mark.nightly
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", range(8))
def test_killed_at_any_moment(tmp_path: Path, seed: int) -> None:
    with living(3) as lab:
        factory = [settings(device) for device in lab.devices]
        office = office_of(lab, tmp_path, Random(seed))
        harm = Harm(office, {}, Random(seed + 1000), most=12)
        harm.kinds["console"] = harm.kill_console
        office.serve.start()
        try:
            under_fire(office, harm, 600)
            office.judge(factory)
        finally:
            office.serve.kill()
        assert max(harm.starts) < 10


@dataclass
class Crowd:
    """A console and workers around one PostgreSQL, where time can be let pass for the dead."""

    office: Office
    postgres: Cluster
    everyone: list[Process]
    chance: Random

    def start(self) -> None:
        for one in self.everyone:
            one.start()

    def close(self) -> None:
        for one in self.everyone:
            if one.running is not None and one.running.poll() is None:
                one.kill()

    def age(self, process: int) -> None:
        """Let five minutes pass for what a process left: its sign of life, and its leases."""
        with psycopg.connect(self.office.url, autocommit=True) as connection:
            for table, column, name in (("worker", "seen", "name"), ("lease", "until", "holder")):
                connection.execute(
                    f"UPDATE {table} SET {column} = {column} - interval '5 minutes' "
                    f"WHERE {name} LIKE %s",
                    [f"%-{process}-%"],
                )

    def kill_one(self) -> None:
        """Kill a console or a worker; another takes its place."""
        one = self.chance.choice(self.everyone)
        with self.office.lock:
            gone = one.kill()
            self.age(gone)
            one.start()

    def freeze_one(self) -> None:
        """Let a process stand still until it counts as dead, and wake it."""
        one = self.chance.choice(self.everyone)
        gone = one.send(signal.SIGSTOP)
        self.age(gone)
        time.sleep(7)  # the others take over
        one.send(signal.SIGCONT)

    def kill_database(self) -> None:
        """Kill PostgreSQL, and start it a little later."""
        with self.office.lock:
            self.postgres.kill()
            time.sleep(self.chance.uniform(0.1, 3.0))
            self.postgres.start()


def crowd_of(lab: Living, folder: Path, postgres: Cluster, chance: Random, workers: int) -> Crowd:
    url = postgres.create()
    office = office_of(lab, folder, chance, url)
    named = [worker(office.data, url, f"worker{number}") for number in range(workers)]
    return Crowd(office, postgres, [office.serve, *named], Random(chance.random()))


@pytest.mark.peer("postgresql")
@pytest.mark.timeout(180)
def test_a_worker_killed_amid_a_device_s_change_is_taken_over(tmp_path: Path) -> None:
    with cluster() as postgres, living(1) as lab:
        crowd = crowd_of(lab, tmp_path, postgres, Random(3), 2)
        office, workers, device = crowd.office, crowd.everyone[1:], lab.devices[0]
        fleet = office.fleet
        hands = ChangeCrew(fleet.crew)
        number = hands.changing.make(SOURCE, {"ids": fleet.ids}, [fleet.site], "ann")
        hands.planning.plan(number, fleet.ids)
        hands.changing.planned(number)
        hands.changing.begin(number, "ann")
        try:
            workers[0].start()
            until(lambda: sum(device.journal.writes.values()) >= 2)
            crowd.age(workers[0].kill())
            workers[1].start()
            until(lambda: office.state() == "done", 120)
        finally:
            crowd.close()
        assert "took over" in workers[1].said()
        assert max(device.journal.writes.values()) == 1
        assert not device.store.effective("snmp.v1.enabled")
        fleet.database.close()


@pytest.mark.nightly
@pytest.mark.peer("postgresql")
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("seed", range(8))
def test_a_console_and_workers_under_any_harm(tmp_path: Path, seed: int) -> None:
    with cluster(safe=True) as postgres, living(3) as lab:
        factory = [settings(device) for device in lab.devices]
        crowd = crowd_of(lab, tmp_path, postgres, Random(seed), 2)
        kinds = {
            "kill": crowd.kill_one,
            "freeze": crowd.freeze_one,
            "database": crowd.kill_database,
        }
        harm = Harm(crowd.office, kinds, Random(seed + 1000), most=14)
        crowd.start()
        try:
            under_fire(crowd.office, harm, 900)
            crowd.office.judge(factory)
        finally:
            crowd.close()


@pytest.mark.nightly
@pytest.mark.timeout(900)
def test_up_again_in_ten_seconds_with_5000_devices_and_work_pending(tmp_path: Path) -> None:
    with living(1) as lab:
        office = office_of(lab, tmp_path, Random(1))
        database, data = office.fleet.database, office.data
        fill(database, office.fleet.crew.content, 5000)
        with database.write() as connection:  # nothing but this machine is asked
            connection.execute(text("UPDATE device SET address = '127' || substr(address, 3)"))
            connection.execute(text("UPDATE site SET scope = '[\"127.0.0.0/8\"]'"))
        url = f"sqlite:///{data / 'jobs.db'}"
        jobs = open_jobs(url, all_flows(office.fleet.crew), QUEUES, works=False)
        for number in range(200):
            ids = list(range(number * 25 + 1, number * 25 + 26))
            jobs.start("audit", f"audit:test:{number}", "small-office", {"ids": ids})
        jobs.close()
        database.close()
        starts, walls = [], []
        try:
            for _ in range(6):
                began = time.monotonic()
                starts.append(office.serve.start())
                office.log_in("ann")
                headers = {"cookie": office.cookies["ann"]}
                place = f"{office.serve.url}/devices"
                with httpx.Client(trust_env=False, timeout=30) as client:
                    shown = client.get(place, headers=headers)
                assert shown.status_code == 200, shown.text
                walls.append(time.monotonic() - began)
                office.check_log()
                time.sleep(2)
                office.serve.kill()
        finally:
            office.serve.kill()
        states = Counter(asked(data / "jobs.db", "audit"))
        print("processor time to ready:", starts, "wall to the list:", walls, states)
        assert states["PENDING"] + states["ENQUEUED"] > 50, "the work was pending all the time"
        assert max(starts) < 10


def asked(file: Path, flow: str) -> list[str]:
    """Return how each flow of a kind stands."""
    with closing(sqlite3.connect(file)) as connection:
        asked = "SELECT status FROM workflow_status WHERE name = ?"
        return [str(row[0]) for row in connection.execute(asked, [flow])]
