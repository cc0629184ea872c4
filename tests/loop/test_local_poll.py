"""A small office without a collector: its devices are polled from the console's own process."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.lab import running_device

from frisket.audit.load import load_content
from frisket.fleet.crew import Crew
from frisket.fleet.polling import Polling
from frisket.store.database import Database, open_database
from frisket.store.inventory import Inventory
from frisket.store.localpolls import LocalPolls
from frisket.store.reported import Reported
from frisket.store.schedules import Schedules
from frisket.store.tables.device import DEVICE
from frisket.store.tables.service import LOCAL_POLL
from frisket.telemetry.gateway.metrics import Metrics
from frisket.telemetry.gateway.view import Views

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


class Clock:
    """A time that the test moves."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    found = open_database(f"sqlite:///{tmp_path / 'fleet.db'}")
    found.upgrade()
    yield found
    found.close()


def known_device(database: Database, site: int, key: str, address: str, port: int) -> int:
    row = {"site_id": site, "key": key, "address": address, "ports": {"161": port}}
    with database.write() as connection:
        made = DEVICE.insert().values(**row, first_seen=NOON, last_seen=NOON)
        return int(connection.execute(made.returning(DEVICE.c.id)).scalar_one())


async def test_devices_are_polled_into_the_same_store(database: Database) -> None:
    inventory, clock, told = Inventory(database), Clock(), list[Any]()
    async with running_device(settings={"snmp.v1.enabled": True}) as (device, _):
        site = inventory.add_site("Office", [f"{device.address}/32"], NOON)
        inventory.change_site(site, {"limits": {"packets_per_second": 0}})
        key = f"serial:canon:{device.plan.serial}"
        known = known_device(database, site, key, device.address, device.port(161))
        inventory.change_device(known, {"serial": device.plan.serial})
        outside = known_device(database, site, "other", "127.0.0.99", 161)
        crew = Crew(database, load_content(), clock, lambda topic, what: told.append(topic))
        polling = Polling(crew)
        [ids] = await asyncio.to_thread(polling.groups, "Office")
        assert set(ids) == {known, outside}
        done = await asyncio.to_thread(polling.poll, "Office", ids)
        # What has left the scope is not asked, and not called silent.
        assert done == {"polled": 1, "asleep": 0, "silent": [], "refused": 0}
        views = Views(Reported(database), Metrics(database))
        views.metrics.load()
        [who] = Reported(database).devices(device=device.plan.serial)
        assert who.id == known  # the device of the inventory, not a second one
        [now] = views.now([who])
        assert now.sample is not None
        assert now.sample.identity.serial == device.plan.serial
        assert now.sample.counters
        supplies = views.supplies([who], clock.now)
        assert {each.who.id for each in supplies} == {known}
        readings = Reported(database).readings(known, 0, 1 << 40)
        assert len(readings) == 1
        # A poll of which nothing is new stores nothing but that it answered.
        clock.now += timedelta(minutes=5)
        await asyncio.to_thread(polling.poll, "Office", ids)
        assert len(Reported(database).readings(known, 0, 1 << 40)) <= 2
        [latest] = Reported(database).latest([known])
        assert latest.seen == int(clock.now.timestamp())
        assert device.journal.counts["sheets"] == 0
        assert LocalPolls(database).kept(site)[device.address].met["via"].startswith("SNMP")
    assert told == ["poll", "poll"]


async def test_a_sleeper_is_woken_once_a_night_over_restarts(database: Database) -> None:
    inventory, clock = Inventory(database), Clock()
    clock.now = NOON.replace(hour=23)
    site = inventory.add_site("Office", ["127.0.0.98/32"], NOON)
    Schedules(database).save(site, "poll", {"every": 300, "quiet": ["19:00", "06:30"]})
    known = known_device(database, site, "key", "127.0.0.98", 9)
    # It was met by day, and a poll of this night stayed without an answer.
    with database.write() as connection:
        met = {"via": "SNMPv2c", "met": NOON.isoformat(), "woken": clock.now.isoformat()}
        row = {"site_id": site, "address": "127.0.0.98", "device": "key", "met": met}
        connection.execute(LOCAL_POLL.insert().values(**row, alarms={}, at=NOON))
    crew = Crew(database, load_content(), clock, lambda topic, what: None)
    clock.now += timedelta(hours=1)
    done = await asyncio.to_thread(Polling(crew).poll, "Office", [known])
    assert (done["asleep"], done["silent"]) == (1, [])
