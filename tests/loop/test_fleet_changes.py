"""Changes of a fleet on running virtual devices: two persons, waves, the record, undo, drift."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import update
from tests.lab import running_device

from frisket.audit.load import load_content
from frisket.fleet.approval import Decider, NotAllowed
from frisket.fleet.change_crew import ChangeCrew
from frisket.fleet.changes import Source, step_of
from frisket.fleet.changing import Changing
from frisket.fleet.crew import Crew
from frisket.fleet.drifting import Drifting
from frisket.fleet.equipped import Equipment
from frisket.fleet.flows import QUEUES, all_flows
from frisket.fleet.guard import LEASE_SECONDS
from frisket.fleet.keys import Keys
from frisket.fleet.log import AuditLog
from frisket.fleet.logins import set_login
from frisket.fleet.proposals import Proposals
from frisket.fleet.rollout import Step
from frisket.jobs.dbos_engine import open_jobs
from frisket.jobs.port import Jobs
from frisket.mfd.device import Device
from frisket.probe.base import Options
from frisket.store.accounts import Fresh, GrantRow, add_account
from frisket.store.auditlog import LogStore
from frisket.store.changes import Changes
from frisket.store.database import Database, open_database
from frisket.store.drifts import Drifts
from frisket.store.inventory import Inventory, put_device
from frisket.store.logins import StoredLogins
from frisket.store.tables.account import ACCOUNT
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


@contextmanager
def living(count: int) -> Iterator[list[Device]]:
    """Run devices in a thread of their own: steps run event loops of theirs."""
    devices: list[Device] = []
    up, over = threading.Event(), threading.Event()

    async def live() -> None:
        async with AsyncExitStack() as stack:
            for _ in range(count):
                settings = {"snmp.v1.enabled": True}
                device, _host = await stack.enter_async_context(running_device(settings=settings))
                devices.append(device)
            up.set()
            await asyncio.to_thread(over.wait)

    thread = threading.Thread(target=lambda: asyncio.run(live()))
    thread.start()
    try:
        assert up.wait(30)
        yield devices
    finally:
        over.set()
        thread.join()


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


@pytest.mark.timeout(240)
def test_a_change_is_proposed_approved_made_and_put_back(
    database: Database, tmp_path: Path
) -> None:
    with living(2) as devices:
        fleet = fleet_of(database, tmp_path, devices)
        before = [dict(device.store.values()) for device in devices] if False else None
        ann, bob = fleet.account("ann", "operator"), fleet.account("bob", "security-administrator")
        with working(fleet, tmp_path) as jobs:
            fleet.crew.audit("small-office", fleet.ids)  # the first one is accepted
            number = fleet.planned(jobs)
            rows = Changes(database).devices(number)
            assert all(row.settings > 5 for row in rows), [row.why for row in rows]
            with pytest.raises(NotAllowed, match="second person"):
                fleet.changing.begin(number, "ann")
            proposal = fleet.changing.propose(number, ann, "ann")
            proposals = Proposals(database, fleet.changing.log, fleet.changing.clock)
            with database.read() as connection:
                from frisket.store.proposals import find_proposal

                found = find_proposal(connection, proposal)
            assert found is not None
            moment = fleet.changing.clock()
            by = Decider(bob, True, moment - timedelta(days=2), moment)
            proposals.approve(proposal, found.digest, by, "bob")
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
            del before
