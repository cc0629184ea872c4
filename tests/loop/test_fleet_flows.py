"""A site's long work against real virtual devices: found, audited, and audited again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.lab import running_device

from frisket.audit.load import load_content
from frisket.fleet.crew import Crew, whole_site
from frisket.fleet.dispatch import due_now, orders_of, plan_minute
from frisket.fleet.flows import QUEUES, all_flows
from frisket.fleet.results import unpacked
from frisket.jobs.dbos_engine import open_jobs
from frisket.jobs.port import FlowState
from frisket.mfd.device import Device
from frisket.store.audits import Audits
from frisket.store.database import Database, open_database
from frisket.store.inventory import Inventory
from frisket.store.schedules import Schedules

pytestmark = pytest.mark.xdist_group("jobs")
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    found = open_database(f"sqlite:///{tmp_path / 'fleet.db'}")
    found.upgrade()
    yield found
    found.close()


@pytest.fixture
async def devices() -> AsyncIterator[list[Device]]:
    async with AsyncExitStack() as stack:
        started = [
            await stack.enter_async_context(running_device(settings={"snmp.v1.enabled": True}))
            for _ in range(2)
        ]
        yield [device for device, _ in started]


def crew_of(database: Database, told: list[Any]) -> Crew:
    return Crew(
        database, load_content(), lambda: datetime.now(UTC), lambda topic, what: told.append(topic)
    )


async def test_a_site_is_found_audited_and_its_changes_told(
    database: Database, devices: list[Device]
) -> None:
    if any(device.port(161) != 161 for device in devices):
        pytest.skip("discovery asks standard ports, which need root here")
    inventory = Inventory(database)
    told: list[Any] = []
    scope = [f"{device.address}/32" for device in devices]
    site = inventory.add_site("Lab", scope, NOON)
    inventory.change_site(site, {"limits": {"packets_per_second": 0}})
    crew = crew_of(database, told)
    [addresses] = crew.sweeps("Lab")
    assert addresses == [device.address for device in devices]
    # What lies outside the scope is not asked, whoever says so.
    outside = await asyncio.to_thread(crew.sweep, "Lab", ["127.0.0.1"])
    assert outside == {"asked": 0, "found": 0, "new": 0}
    first = await asyncio.to_thread(crew.sweep, "Lab", addresses)
    again = await asyncio.to_thread(crew.sweep, "Lab", addresses)
    assert (first["found"], first["new"], again["new"]) == (2, 2, 0)
    [ids] = crew.chosen(whole_site("Lab"))
    assert len(ids) == 2
    done = await asyncio.to_thread(crew.audit, "small-office", ids)
    assert (done["judged"], done["changed"], done["missed"]) == (2, 0, [])
    rows = {row.serial: row for one in ids if (row := inventory.device(one)) is not None}
    assert set(rows) == {device.plan.serial for device in devices}
    row = rows[devices[0].plan.serial]
    assert 0 < row.compliance < 1
    devices[0].store.set("snmp.v1.enabled", False, "panel", "panel")
    done = await asyncio.to_thread(crew.audit, "small-office", ids)
    assert done["changed"] >= 1
    audits = Audits(database)
    assert any("snmp.v1" in change.rule for change in audits.history(row.id))
    [result] = audits.results(row.id)
    findings = unpacked(result.findings)
    assert {one["verdict"] for one in findings} >= {"pass", "fail"}
    assert "snmp.v1.enabled" in unpacked(result.readings)["readings"]
    assert [device.journal.counts["sheets"] for device in devices] == [0, 0]
    assert "audit" in told


def test_a_flow_audits_what_is_due_once(database: Database, tmp_path: Path) -> None:
    inventory, schedules = Inventory(database), Schedules(database)
    site = inventory.add_site("Empty", [], NOON)
    schedules.save(site, "audit", {"at": ["12:00"], "baselines": ["small-office", "enterprise"]})
    schedules.save(site, "discovery", {"every": 3600})
    crew = crew_of(database, [])
    jobs = open_jobs(f"sqlite:///{tmp_path / 'jobs.db'}", all_flows(crew), QUEUES)
    try:
        minute = (NOON + timedelta(minutes=1)).isoformat()
        jobs.start("tick", "tick:1", minute)
        started = jobs.result("tick:1")
        assert sorted(started) == [
            f"audit:{site}:enterprise:2026-03-02T12:00:00+00:00",
            f"audit:{site}:small-office:2026-03-02T12:00:00+00:00",
            f"discovery:{site}:2026-03-02T12:00:00+00:00",
        ]
        assert [jobs.result(one) for one in started if one.startswith("audit")] == [
            {"judged": 0, "changed": 0, "missed": []}
        ] * 2
        jobs.start("tick", "tick:2", minute)
        assert jobs.result("tick:2") == []
        assert jobs.info(started[0]).state is FlowState.DONE
    finally:
        jobs.close()


def test_a_schedule_that_cannot_be_read_stops_no_other(database: Database) -> None:
    inventory, schedules = Inventory(database), Schedules(database)
    site = inventory.add_site("A", [], NOON)
    schedules.save(site, "audit", {"every": 5})
    schedules.save(site, "poll", {"every": 300})
    ready, wrong = due_now(schedules.all(), NOON)
    assert [stored.task for stored, _ in ready] == ["poll"]
    assert len(wrong) == 1
    assert len(plan_minute(schedules, NOON)) == 1
    assert orders_of(ready[0][0], NOON)[0].flow == "poll"
    # A tick that began is not begun again, nor is an older one.
    assert schedules.begun(site, "poll", NOON)
    assert not schedules.begun(site, "poll", NOON)
    assert not schedules.begun(site, "poll", NOON - timedelta(hours=1))
