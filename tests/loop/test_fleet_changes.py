"""Changes of a fleet on running virtual devices: two persons, waves, the record, undo, drift."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import update
from tests.living import living
from tests.loop.recorded import judged_record

from frisket.audit.load import load_content
from frisket.console.build import open_data
from frisket.drivers.policy import is_policy
from frisket.fleet.approval import Decider, NotAllowed
from frisket.fleet.change_crew import ChangeCrew
from frisket.fleet.change_source import Source
from frisket.fleet.changes import digest_of_plans, unpacked_plan
from frisket.fleet.changing import Changing
from frisket.fleet.crew import Crew
from frisket.fleet.equipped import Equipment
from frisket.fleet.flows import QUEUES, all_flows
from frisket.fleet.guard import LEASE_SECONDS
from frisket.fleet.health import Shown, worse
from frisket.fleet.keys import Keys
from frisket.fleet.log import AuditLog
from frisket.fleet.logins import set_login
from frisket.fleet.proposals import Proposals
from frisket.fleet.rollout import NotNow
from frisket.jobs.dbos_engine import open_jobs
from frisket.jobs.port import Jobs
from frisket.ledger import LedgerFault
from frisket.mfd.device import Device
from frisket.probe.base import Options
from frisket.store.accounts import Fresh, GrantRow, add_account
from frisket.store.auditlog import LogStore, Wanted
from frisket.store.changes import Changes, StoredRows
from frisket.store.database import Database, open_database
from frisket.store.drifts import Drifts
from frisket.store.inventory import Inventory, put_device
from frisket.store.logins import StoredLogins
from frisket.store.proposals import find_proposal
from frisket.store.tables.account import ACCOUNT
from frisket.store.tables.proposal import PROPOSAL
from frisket.store.work import ActionState, Work

pytestmark = [
    pytest.mark.xdist_group("jobs"),
    pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning"),
]
LOGIN = {
    "user": "initial",
    "authentication-password": "initial1",
    "encryption-password": "initial1",
    "remote-ui-password": "7654321",
    "remote-ui-plaintext": "allowed",
}
SOURCE = Source("baseline", "small-office")


@dataclass
class Fleet:
    """A fleet of virtual devices with a crew, in a folder."""

    database: Database
    crew: Crew
    changing: Changing
    ids: list[int]
    site: int

    def account(self, name: str, role: str) -> int:
        """Add an account that is older than a day."""
        long_ago = datetime.now(UTC) - timedelta(days=9)
        with self.database.write() as connection:
            made = add_account(
                connection, Fresh(name, name), [GrantRow(role, None)], "test", long_ago
            )
            connection.execute(update(ACCOUNT).values(elevated=long_ago))
        return int(made.id if hasattr(made, "id") else made)

    def planned(self, jobs: Jobs) -> int:
        """Make a change of all devices and let it be planned."""
        number = self.changing.make(SOURCE, {"ids": self.ids}, [self.site], "ann")
        jobs.start("plan", f"plan:{number}", number)
        jobs.result(f"plan:{number}")
        return number


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    found = open_database(f"sqlite:///{tmp_path / 'fleet.db'}", connections=10)
    found.upgrade()
    yield found
    found.close()


def fleet_of(database: Database, folder: Path, devices: list[Device]) -> Fleet:
    """Put running devices into an inventory, with a login for their site."""

    def now() -> datetime:
        return datetime.now(UTC)

    inventory = Inventory(database)
    site = inventory.add_site("Lab", [f"{device.address}/32" for device in devices], now())
    inventory.change_site(site, {"limits": {"packets_per_second": 0}})
    ids = []
    for device in devices:
        shift = device.plan.shift
        ports = {str(port): device.port(port) for port in range(1, 1024)} if shift else {}
        values = {
            "site_id": site,
            "key": f"serial:canon:{device.plan.serial}",
            "serial": device.plan.serial,
            "address": device.address,
            "model": "C5535",
            "ports": ports,
            "state": "managed",
        }
        with database.write() as connection:
            ids.append(put_device(connection, None, values, now()))
    equipment = Equipment(database, Keys(folder / "keys" / "logins.key"), now)
    equipment.ready()
    set_login(StoredLogins(database), f"site:{site}", LOGIN, "ann", now())
    log = AuditLog(LogStore(database), Ed25519PrivateKey.generate(), now)
    content = load_content()
    crew = Crew(
        database,
        content,
        now,
        lambda topic, what: None,
        Options(patience=0.6),
        equipment=equipment,
        log=log,
    )
    return Fleet(database, crew, Changing(database, log, now, content), ids, site)


@contextmanager
def working(fleet: Fleet, folder: Path) -> Iterator[Jobs]:
    """Run the job engine of a crew."""
    jobs = open_jobs(f"sqlite:///{folder / 'jobs.db'}", all_flows(fleet.crew), QUEUES)
    try:
        yield jobs
    finally:
        jobs.close()


def writes(devices: list[Device]) -> list[int]:
    """Return the most writes of one setting of each device."""
    return [max(device.journal.writes.values(), default=0) for device in devices]


def approved(fleet: Fleet, number: int, ann: int, bob: int) -> None:
    """Propose a change by one person and approve it by the other."""
    proposal = fleet.changing.propose(number, ann, "ann")
    proposals = Proposals(fleet.database, fleet.changing.log, fleet.changing.clock)
    with fleet.database.read() as connection:
        found = find_proposal(connection, proposal)
    assert found is not None
    moment = fleet.changing.clock()
    own = Decider(ann, True, moment - timedelta(days=2), moment)
    with pytest.raises(NotAllowed, match="themselves"):
        proposals.approve(proposal, found.digest, own, "ann")
    by = Decider(bob, True, moment - timedelta(days=2), moment)
    proposals.approve(proposal, found.digest, by, "bob")


def turn(hands: ChangeCrew, number: int) -> list[list[int]]:
    """Return whose turn it is, once the network was asked what is to be asked before."""
    while (told := hands.next(number)).get("look"):
        hands.looking.look(number, told["look"], told["after"])
    devices: list[list[int]] = told["devices"]
    return devices


def settings(device: Device) -> dict[str, Any]:
    """Return every setting in effect, straight from the device."""
    return {key: device.store.effective(key) for key in device.store.keys()}  # noqa: SIM118


@pytest.mark.timeout(300)
def test_a_change_is_proposed_approved_made_and_put_back(
    database: Database, tmp_path: Path
) -> None:
    with living(2) as lab:
        devices = lab.devices
        fleet = fleet_of(database, tmp_path, devices)
        factory = [settings(device) for device in devices]
        ann, bob = fleet.account("ann", "operator"), fleet.account("bob", "security-administrator")
        fleet.crew.audit("small-office", fleet.ids)  # the first one is accepted
        with working(fleet, tmp_path) as jobs:
            number = fleet.planned(jobs)
            rows = Changes(database).devices(number)
            assert all(row.settings > 5 for row in rows), [row.why for row in rows]
            with pytest.raises(NotAllowed, match="second person"):
                fleet.changing.begin(number, "ann")
            approved(fleet, number, ann, bob)
            flow = fleet.changing.begin(number, "ann")
            jobs.start("change", flow, number)
            jobs.result(flow)
            change = Changes(database).find(number)
            rows = Changes(database).devices(number)
            assert change is not None
            assert change.state == "done", [(row.outcome, row.why) for row in rows]
            assert [row.outcome for row in rows] == ["done", "done"]
            assert [row.wave for row in rows] == [0, 1], "one of a model goes first"
            assert writes(devices) == [1, 1]
            assert not any(device.store.effective("snmp.v1.enabled") for device in devices)
            # Who carried out what was approved is on the log, and the ledger has each device once.
            assert Work(database).count(ActionState.DONE) == 2
            fleet.crew.audit("small-office", fleet.ids)
            assert Drifts(database).counts() == {}, "what two persons wanted is no drift"
            lab.panel(devices[0], "snmp.v1.enabled", True)
            fleet.crew.audit("small-office", fleet.ids)
            [drift] = Drifts(database).open()
            assert (drift.key, drift.cause) == ("snmp.v1.enabled", "unknown")
            lab.panel(devices[0], "snmp.v1.enabled", False)
            back = fleet.changing.undo(number, "ann")
            jobs.start("change", back, number)
            jobs.result(back)
            change = Changes(database).find(number)
            assert change is not None
            assert change.state == "undone", change.why
        record = judged_record(fleet.crew, number, tmp_path)
        assert [one["step"] for one in record["devices"]] == ["undone", "undone"]
        assert [len(one["turns"]) for one in record["devices"]] == [2, 2]
        ends = [one["action"] for one in record["log"] if one["actor"] == "frisket"]
        assert ends.count("change.end") == 2
        for one, before in zip(record["devices"], factory, strict=True):
            assert {s["key"]: s["before"] for s in one["settings"]}.items() <= before.items()
        for device, before in zip(devices, factory, strict=True):
            assert {k: v for k, v in settings(device).items() if v != before[k]} == {}
            counts = device.journal.counts
            assert [counts[n] for n in ("sheets", "print_port_bytes", "failed_logins")] == [0, 0, 0]


def test_a_worker_that_lost_its_lease_writes_nothing_more(
    database: Database, tmp_path: Path
) -> None:
    with living(1) as lab:
        devices = lab.devices
        fleet = fleet_of(database, tmp_path, devices)
        work, hands = Work(database), ChangeCrew(fleet.crew)
        number = fleet.changing.make(SOURCE, {"ids": fleet.ids}, [fleet.site], "ann")
        hands.planning.plan(number, fleet.ids)
        fleet.changing.planned(number)
        fleet.changing.begin(number, "ann")  # one device takes one person
        assert turn(hands, number) == [[fleet.ids[0], 1]]
        lease = f"device:{fleet.ids[0]}"
        fence = work.take_lease(lease, "another", LEASE_SECONDS)
        assert fence is not None
        assert hands.carry_out(number, fleet.ids[0], False) == {"busy": True}
        assert writes(devices) == [0]
        rows = StoredRows(database, number, fleet.ids[0], False, lease, fence)
        rows.append({"what": "restart", "device": "x"})
        work.give_back(lease, fence)
        assert work.take_lease(lease, "local", LEASE_SECONDS) is not None
        with pytest.raises(LedgerFault, match="taken over"):
            rows.append({"what": "restart", "device": "x"})
        assert hands.carry_out(number, fleet.ids[0], False)["outcome"] == "done"
        assert hands.carry_out(number, fleet.ids[0], False)["outcome"] == "done"
        assert writes(devices) == [1]


def has_written(device: Device, least: int) -> bool:
    """Say whether a device has taken so many writes."""
    return sum(device.journal.writes.values()) >= least


def until(happens: Callable[[], bool], process: subprocess.Popen[str], seconds: float = 90) -> None:
    """Wait until something happens at a device or in the database."""
    waiting, end = threading.Event(), time.monotonic() + seconds
    while not happens():
        assert time.monotonic() < end
        assert process.poll() is None, process.communicate()
        waiting.wait(0.005)


@contextmanager
def serving(data: Path) -> Iterator[subprocess.Popen[str]]:
    """Serve a console from a data folder, in a process that is killed with the block."""
    words = ["serve", "--data", str(data), "--port", "0"]
    process = subprocess.Popen(
        [sys.executable, "-m", "frisket.cli", *words],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.mark.nightly  # a shorter one is in test_serve_killed
@pytest.mark.timeout(300)
def test_a_console_killed_amid_a_change_goes_on_and_doubles_nothing(tmp_path: Path) -> None:
    data = tmp_path / "data"
    database = open_data(data)
    with living(2) as lab:
        devices = lab.devices
        fleet = fleet_of(database, data, devices)
        ann, bob = fleet.account("ann", "operator"), fleet.account("bob", "security-administrator")
        hands = ChangeCrew(fleet.crew)
        number = fleet.changing.make(SOURCE, {"ids": fleet.ids}, [fleet.site], "ann")
        hands.planning.plan(number, fleet.ids)
        fleet.changing.planned(number)
        approved(fleet, number, ann, bob)
        flow = fleet.changing.begin(number, "ann")
        url = f"sqlite:///{data / 'jobs.db'}"
        jobs = open_jobs(url, all_flows(fleet.crew), QUEUES, works=False)
        jobs.start("change", flow, number)
        jobs.close()
        for device, least in ((devices[0], 1), (devices[0], 4), (devices[1], 2)):
            with serving(data) as process:
                until(partial(has_written, device, least), process)

        def ended() -> bool:
            change = Changes(database).find(number)
            return change is not None and change.state not in {"running", "waiting"}

        with serving(data) as process:
            until(ended, process, 150)
        rows = Changes(database).devices(number)
        change = Changes(database).find(number)
        assert change is not None
        assert change.state == "done", [(row.outcome, row.why) for row in rows]
        for device in devices:
            doubled = {key: n for key, n in device.journal.writes.items() if n > 1}
            assert doubled == {}
            assert not device.store.effective("snmp.v1.enabled")
            assert device.journal.counts["failed_logins"] == 0
    database.close()


def test_a_policy_and_the_accepted_state_are_planned_too(
    database: Database, tmp_path: Path
) -> None:
    with living(1) as lab:
        device = lab.devices[0]
        fleet = fleet_of(database, tmp_path, lab.devices)
        fleet.crew.audit("small-office", fleet.ids)
        hands = ChangeCrew(fleet.crew)
        lab.panel(device, "snmp.v1.enabled", False)
        for source, least in (
            (Source("policy", "enterprise"), 1),
            (Source("accepted", "", ("snmp.v1.enabled",)), 1),
        ):
            number = fleet.changing.make(source, {"ids": fleet.ids}, [fleet.site], "ann")
            hands.planning.plan(number, fleet.ids)
            [row] = Changes(database).devices(number)
            assert row.settings >= least, row.why
            [(_, kept)] = Changes(database).plans(number)
            [plan] = unpacked_plan(kept, fleet.crew.content.catalog).devices
            assert is_policy(plan) == (source.kind == "policy")
        fleet.changing.planned(number)
        fleet.changing.begin(number, "ann")
        assert hands.carry_out(number, fleet.ids[0], False)["outcome"] == "done"
        assert device.store.effective("snmp.v1.enabled") is True


@pytest.mark.timeout(300)
def test_what_the_network_sees_worse_halts_and_what_failed_has_another_turn(
    database: Database, tmp_path: Path
) -> None:
    with living(2) as lab:
        first, second = lab.devices
        fleet = fleet_of(database, tmp_path, lab.devices)
        ann, bob = fleet.account("ann", "operator"), fleet.account("bob", "security-administrator")
        hands = ChangeCrew(fleet.crew)
        number = fleet.changing.make(SOURCE, {"ids": fleet.ids}, [fleet.site], "ann")
        hands.planning.plan(number, fleet.ids)
        fleet.changing.planned(number)
        approved(fleet, number, ann, bob)
        fleet.changing.begin(number, "ann")
        assert turn(hands, number) == [[fleet.ids[0], 1]]
        assert hands.carry_out(number, fleet.ids[0], False)["outcome"] == "done"
        # Nothing that the plan names, and the engine has proved its own: only the network tells.
        lab.panel(first, "remote-operation.enabled", True)
        assert turn(hands, number) == []
        change, row = Changes(database).find(number), Changes(database).devices(number)[0]
        assert change is not None
        assert (change.state, change.judged) == ("halted", 1)
        assert "1 of 1 devices of wave 1 worse" in change.why
        assert "SP-18/remote-operation.off was met and is not" in row.health
        assert row.step == "done", "it can still be put back"
        fleet.changing.resume(number, "ann")
        assert turn(hands, number) == [[fleet.ids[1], 1]]
        lab.panel(second, "snmp.v1.enabled", False)  # not as planned any more
        assert hands.carry_out(number, fleet.ids[1], False)["outcome"] == "stale"
        assert turn(hands, number) == []
        change = Changes(database).find(number)
        assert change is not None
        assert change.state == "done"
        lab.panel(second, "snmp.v1.enabled", True)
        moment = fleet.changing.clock()
        late = replace(fleet.changing, clock=lambda: moment + timedelta(hours=25))
        with pytest.raises(NotAllowed, match="24 hours"):
            late.retry(number, (), "ann")
        with pytest.raises(NotNow, match="only devices that failed"):
            fleet.changing.retry(number, fleet.ids[:1], "ann")
        with database.write() as connection:
            connection.execute(update(PROPOSAL).values(body={"plans": "others", "change": number}))
        with pytest.raises(NotAllowed, match="not what was approved"):
            fleet.changing.retry(number, (), "ann")
        with database.write() as connection:
            plans = digest_of_plans(
                ((one.device_id, one.plan) for one in Changes(database).plans(number)), {}
            )
            connection.execute(update(PROPOSAL).values(body={"plans": plans, "change": number}))
        fleet.changing.retry(number, (), "ann")
        assert turn(hands, number) == [[fleet.ids[1], 2]]
        assert hands.carry_out(number, fleet.ids[1], False)["outcome"] == "done"
        assert turn(hands, number) == []
        change = Changes(database).find(number)
        assert change is not None
        assert change.state == "done", change.why
        assert writes(lab.devices) == [1, 3], "the panel's two, and ours"
        assert [row.step for row in Changes(database).devices(number)] == ["done", "done"]
        fleet.changing.undo(number, "ann")
        for device in reversed(fleet.ids):
            assert hands.carry_out(number, device, True)["outcome"] == "done"
        assert second.store.effective("snmp.v1.enabled") is True
        told = [entry.action for entry in fleet.changing.log.store.page(Wanted(limit=50))]
        assert "change.retry" in told


def test_one_that_the_network_cannot_reach_any_more_halts_it() -> None:
    before = Shown("A1", frozenset({"X-1/a.off", "X-2/b.off"}))
    assert "does not any more" in worse(before, Shown(why="nothing answers"), {})
    assert worse(Shown(why="nothing answers"), Shown(why="nothing answers"), {}) == ""
    assert "another device answers" in worse(before, Shown("B2", before.met), {})
    assert worse(before, Shown("a1", frozenset()), {}) == "", "unseen is not worse"
