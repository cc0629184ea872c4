"""What people are told when the ground gives way under a change: disk full, clock set.

The devices' journals say whether anything was done meanwhile that could not be kept.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from random import Random

import httpx
import pytest
from tests.living import living
from tests.loop.office import ROOT, Office, until
from tests.loop.test_fleet_changes import SOURCE
from tests.loop.test_serve_killed import asked, office_of

from frisket.fleet.change_crew import ChangeCrew
from frisket.mfd.device import Device
from frisket.store.auditlog import LogStore
from frisket.store.schedules import Schedules

pytestmark = [pytest.mark.xdist_group("lab"), pytest.mark.nightly]
FAKETIME = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1"
# libfaketime 0.9.10 reckons sleeps by the monotonic clock as if that had been set too.
SLEEP = """
import threading, time
time.sleep = lambda seconds: threading.Event().wait(max(seconds, 0)) and None
"""


def planned(office: Office) -> int:
    """Plan a change of all devices, here, and decide it; nobody has begun with it yet."""
    fleet, hands = office.fleet, ChangeCrew(office.fleet.crew)
    number = hands.changing.make(SOURCE, {"ids": fleet.ids}, [fleet.site], "ann")
    hands.planning.plan(number, fleet.ids)
    hands.changing.planned(number)
    hands.changing.begin(number, "ann")
    fleet.database.close()
    return number


def written(device: Device) -> int:
    """Return how many writes a device has taken."""
    return sum(device.journal.writes.values())


def once(device: Device) -> None:
    """Each setting was written once, and the device is as it was meant to be."""
    assert max(device.journal.writes.values()) == 1
    assert not device.store.effective("snmp.v1.enabled")
    assert device.journal.counts["failed_logins"] == 0


def get(office: Office, path: str) -> httpx.Response:
    """Ask for a page as Ann."""
    headers = {"cookie": office.cookies.get("ann", "")}
    return httpx.get(f"{office.serve.url}{path}", headers=headers, trust_env=False, timeout=30)


def little_room(office: Office, folder: Path) -> None:
    """Let the console live on a file system of its own, of which nobody else sees anything."""
    data, stock = office.data, folder / "stock"
    data.rename(stock)
    data.mkdir()
    script = f'mount -t tmpfs -o size=24m tmpfs {data} && cp -a {stock}/. {data}/ && exec "$@"'
    office.serve.around = ["unshare", "-m", "sh", "-c", script, "sh"]


def may_mount() -> bool:
    """Say whether this user may have file systems of their own."""
    if os.geteuid() != 0 or not shutil.which("unshare"):
        return False
    tried = ["unshare", "-m", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]
    return subprocess.run(tried, capture_output=True, check=False).returncode == 0


def filled(room: Path) -> Path:
    """Leave not an octet of room."""
    ballast = room / "ballast"
    with ballast.open("wb", buffering=0) as file:
        for size in (1 << 20, 1 << 12, 1):
            with suppress(OSError):
                while file.write(b"x" * size):
                    pass
    return ballast


def copied(room: Path, to: Path, office: Office) -> None:
    """Copy the databases to where this process sees them: SQLite would look past the mount."""
    shutil.rmtree(to, ignore_errors=True)
    to.mkdir()
    for path in sorted(room.glob("*.db*")):
        if not path.name.endswith("-shm"):
            shutil.copy(path, to)
    office.url = f"sqlite:///{to / 'frisket.db'}"


@pytest.mark.skipif(not may_mount(), reason="a file system of its own needs root and unshare")
@pytest.mark.timeout(400)
def test_on_a_full_disk_nothing_is_done_to_devices_and_all_goes_on_after(tmp_path: Path) -> None:
    with living(1) as lab:
        office, device = office_of(lab, tmp_path, Random(1)), lab.devices[0]
        planned(office)
        little_room(office, tmp_path)
        try:
            office.serve.start()
            assert office.serve.running is not None
            room = Path(f"/proc/{office.serve.running.pid}/root{office.data}")
            office.log_in("ann")
            until(lambda: written(device) >= 2)
            ballast = filled(room)
            answer = office.ask("ann", "/profile", shown="Lost", theme="dark")
            time.sleep(1)
            before = written(device)
            for _ in range(3):
                answer = office.ask("ann", "/profile", shown="Lost", theme="dark")
                time.sleep(1)
            assert answer is not None
            assert (answer.status_code, "full" in answer.text) == (503, True)
            assert get(office, "/changes/1").status_code == 200
            assert get(office, "/healthz").status_code == 200
            assert written(device) == before, "what cannot be kept is not done"
            copied(room, tmp_path / "copy", office)
            assert office.state() == "running"
            ballast.unlink()
            until(lambda: "/changes/1/undo" in get(office, "/changes/1/progress").text, 120)
            copied(room, tmp_path / "copy", office)
            assert office.state() == "done"
            assert asked(tmp_path / "copy" / "jobs.db", "change-device") == ["SUCCESS"]
            office.check_log()
        finally:
            office.serve.kill()
        once(device)


@pytest.mark.peer("libfaketime")
@pytest.mark.timeout(400)
def test_a_clock_that_is_set_on_and_back_is_told_and_stops_nothing(tmp_path: Path) -> None:
    with living(1) as lab:
        office, device = office_of(lab, tmp_path, Random(1)), lab.devices[0]
        planned(office)
        Schedules(office.fleet.database).save(office.fleet.site, "poll", {"every": 300})
        office.fleet.database.close()
        clock = tmp_path / "clock"
        clock.write_text("+0\n")
        (tmp_path / "sitecustomize.py").write_text(SLEEP)
        office.serve.more = {
            "PYTHONPATH": f"{tmp_path}:{ROOT / 'src'}",
            "LD_PRELOAD": FAKETIME,
            "FAKETIME_TIMESTAMP_FILE": str(clock),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }
        jobs = office.data / "jobs.db"
        try:
            office.serve.start()
            office.log_in("ann")
            until(lambda: written(device) >= 2)
            polls = len(asked(jobs, "poll"))
            clock.write_text("+86400\n")
            until(lambda: jumps(office) == [86_400], 30)
            assert len(asked(jobs, "tick")) <= 3, "a day is not made up for minute by minute"
            until(lambda: len(asked(jobs, "poll")) == polls + 1, 30)
            assert get(office, "/changes/1").status_code == 303, "the session is over"
            clock.write_text("-7200\n")
            until(lambda: jumps(office) == [86_400, -93_600], 30)
            until(lambda: len(asked(jobs, "poll")) == polls + 2, 90)
            until(lambda: office.state() == "done", 120)
            office.check_log()
        finally:
            office.serve.kill()
        once(device)


def jumps(office: Office) -> list[int]:
    """Return what the audit log tells of the clock, in tens of seconds."""
    with office.reading() as database:
        rows = list(LogStore(database).whole())
    told = [json.loads(row.body)["details"] for row in rows if row.action == "clock.jump"]
    return [round(one["seconds"], -1) for one in told]
