"""`frisket serve` with the ground taken from under it: killed at work, database away, disk full."""

from __future__ import annotations

import asyncio
import resource
import signal
import sqlite3
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, closing
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from tests.lab import running_device
from tests.loop.test_serve import client, first_account, serving
from tests.peers.postgres import cluster

from frisket.fleet.inventory import Sighting, take_in
from frisket.mfd.device import Device
from frisket.model.target import Identity
from frisket.store.database import open_database
from frisket.store.inventory import Inventory

pytestmark = pytest.mark.xdist_group("lab")
BASELINES = ("small-office", "enterprise")


@pytest.fixture
async def devices() -> AsyncIterator[list[Device]]:
    async with AsyncExitStack() as stack:
        started = [await stack.enter_async_context(running_device()) for _ in range(2)]
        yield [device for device, _ in started]


def fill(url: str, devices: list[Device]) -> None:
    """Write a site and its devices into a database; the site is asked slowly."""
    database = open_database(url)
    database.upgrade()
    inventory, now = Inventory(database), datetime.now(UTC)
    site = inventory.add_site("Lab", [f"{one.address}/32" for one in devices], now)
    inventory.change_site(site, {"limits": {"packets_per_second": 20}})
    for one in devices:
        met = take_in(inventory, site, Sighting(one.address, Identity(serial=one.plan.serial)), now)
        ports = {"161": one.port(161), "80": one.port(80), "443": one.port(443)}
        inventory.change_device(met.device_id, {"ports": ports, "state": "managed"})
    database.close()


def until(true: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def asked(file: Path, question: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(file)) as connection:
        return connection.execute(question).fetchall()


@pytest.mark.timeout(180)
async def test_killed_during_an_audit_it_goes_on_and_doubles_nothing(
    tmp_path: Path, devices: list[Device]
) -> None:
    await asyncio.to_thread(_killed_during_an_audit, tmp_path / "data", devices)
    assert [device.journal.counts["sheets"] for device in devices] == [0, 0]


def _killed_during_an_audit(data: Path, devices: list[Device]) -> None:
    data.mkdir(mode=0o700)
    fill(f"sqlite:///{data / 'frisket.db'}", devices)
    states = "SELECT status FROM workflow_status WHERE name = 'audit'"
    with serving(data) as running, client(running.url) as visitor:
        cookie = first_account(running)
        for baseline in BASELINES:
            order = {"what": "audit", "which": "all", "baseline": baseline}
            assert visitor.post("/devices", data=order, headers=cookie).status_code == 303
            time.sleep(1.1)  # an order of the same second is the same order
        until(lambda: ("PENDING",) in asked(data / "jobs.db", states))
        until(lambda: any(device.journal.counts for device in devices))
        running.process.send_signal(signal.SIGKILL)
        running.process.wait()
    (data / "made").touch()
    with serving(data) as running, client(running.url) as visitor:
        until(lambda: asked(data / "jobs.db", states) == [("SUCCESS",)] * 2, 90)
        assert visitor.get("/devices", headers=cookie).status_code == 200
        log = visitor.get("/log/export", headers=cookie).text.splitlines()
    assert sum("audit.start" in line for line in log) == 2
    found = asked(data / "frisket.db", "SELECT device_id, baseline FROM audit_result ORDER BY 1, 2")
    assert found == [(one, name) for one in (1, 2) for name in sorted(BASELINES)]
    # What was seen twice, because the kill came between, is no change.
    assert asked(data / "frisket.db", "SELECT count(*) FROM audit_change") == [(0,)]


@pytest.mark.peer("postgresql")
@pytest.mark.timeout(120)
def test_with_its_database_away_it_says_so_and_comes_back(tmp_path: Path) -> None:
    with cluster() as postgres:
        url = postgres.create()
        with serving(tmp_path / "data", "--database", url) as running:
            cookie = first_account(running)
            with client(running.url) as visitor:
                visitor.headers.update(cookie)
                assert visitor.get("/devices").status_code == 200
                postgres.kill()
                judge_away(visitor)
                assert running.process.poll() is None
                postgres.start()
                until(lambda: visitor.get("/readyz").status_code == 200)
                assert visitor.get("/devices").status_code == 200
                assert (
                    visitor.post("/profile", data={"shown": "Back", "theme": "dark"}).status_code
                    == 303
                )
                assert "Back" in visitor.get("/profile").text
                assert visitor.post("/sites", data={"name": "New"}).status_code == 303
                assert "Lost" not in visitor.get("/profile").text + visitor.get("/sites").text


def judge_away(visitor: httpx.Client) -> None:
    """While the database is away: every page says so, no write is taken, the process lives."""
    assert visitor.get("/healthz").status_code == 200
    assert visitor.get("/readyz").status_code == 503
    for path in ("/", "/devices", "/devices.csv", "/sites", "/log", "/profile", "/login"):
        answer = visitor.get(path, timeout=20)
        if path != "/login":
            assert answer.status_code == 503, path
            assert "The database does not answer" in answer.text, path
    answer = visitor.get("/api/v1/status")
    assert answer.status_code == 503
    assert answer.json()["title"] == "The database does not answer"
    for path, data in (
        ("/profile", {"shown": "Lost", "theme": "dark"}),
        ("/sites", {"name": "Lost"}),
    ):
        answer = visitor.post(path, data=data)
        assert answer.status_code == 503, path


@pytest.mark.timeout(120)
def test_with_a_full_disk_reads_go_on_and_writes_are_refused_by_name(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with serving(data) as running:
        cookie = first_account(running)
        with client(running.url) as visitor:
            visitor.headers.update(cookie)
            assert (
                visitor.post("/profile", data={"shown": "Before", "theme": "dark"}).status_code
                == 303
            )
            # No file of the process may grow: the write-ahead log is the first to feel it.
            size = (data / "frisket.db-wal").stat().st_size
            before = resource.prlimit(running.process.pid, resource.RLIMIT_FSIZE)
            resource.prlimit(running.process.pid, resource.RLIMIT_FSIZE, (size, before[1]))
            for _ in range(5):
                answer = visitor.post("/profile", data={"shown": "Lost", "theme": "dark"})
            assert answer.status_code == 503
            assert "full" in answer.text or "disk" in answer.text
            assert visitor.get("/healthz").status_code == 200
            assert running.process.poll() is None
            resource.prlimit(running.process.pid, resource.RLIMIT_FSIZE, before)
            until(
                lambda: (
                    visitor.post("/profile", data={"shown": "After", "theme": "dark"}).status_code
                    == 303
                )
            )
            assert "After" in visitor.get("/profile").text
            assert visitor.post("/log/verify").status_code == 303
