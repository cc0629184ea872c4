"""Schedules and the ticks that began, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from frisket.fleet.dispatch import due_now
from frisket.store.database import Database
from frisket.store.inventory import Inventory
from frisket.store.schedules import Schedules

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def test_a_schedule_is_kept_once_a_task(both: Database) -> None:
    schedules = Schedules(both)
    site = Inventory(both).add_site("A", [], NOON)
    schedules.save(site, "audit", {"every": 3600})
    schedules.save(site, "audit", {"at": ["12:00"]})
    [kept] = schedules.all()
    assert (kept.site_id, kept.task, kept.document) == (site, "audit", {"at": ["12:00"]})


def test_a_tick_begins_once_and_never_an_older_one(both: Database) -> None:
    schedules = Schedules(both)
    site = Inventory(both).add_site("A", [], NOON)
    schedules.save(site, "poll", {"every": 300})
    later = NOON + timedelta(minutes=5)
    ticks = [NOON, NOON, later, NOON]
    assert [schedules.begun(site, "poll", tick) for tick in ticks] == [True, False, True, False]


def test_a_clock_that_ran_ahead_stops_no_schedule(both: Database) -> None:
    schedules = Schedules(both)
    site = Inventory(both).add_site("A", [], NOON)
    schedules.save(site, "poll", {"every": 300})
    assert schedules.begun(site, "poll", NOON + timedelta(days=365))
    [(stored, tick)], wrong = due_now(schedules.all(), NOON)
    assert (stored.task, tick, wrong) == ("poll", NOON, [])
    assert schedules.begun(site, "poll", NOON)
    assert due_now(schedules.all(), NOON)[0] == []
