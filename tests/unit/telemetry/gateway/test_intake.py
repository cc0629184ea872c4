"""Every record once, in order per device, whatever happens on the way; on both databases."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from tests.unit.telemetry.gateway.bench import NOON, T0, WHO, Bench, record

from frisket.store.collectors import Collectors
from frisket.store.database import Database
from frisket.store.tables.collector import COLLECTOR, HELD, REFUSED
from frisket.store.tables.device import ALARM, DEVICE
from frisket.store.tables.sample import READING
from frisket.telemetry.batch import Kind, Record
from frisket.telemetry.gateway.applying import CHANGING, OUTSIDE, TOO_MANY, Limits
from frisket.telemetry.gateway.intake import MAIL_LATENESS, Forked

FULL = {**WHO, "counter.total": 100, "counter.color": 7}
YEAR = 366 * 86_400


@pytest.fixture
def bench(both: Database) -> Bench:
    return Bench(both)


def story() -> list[Record]:
    """Ten records of two devices."""
    told = [record(1, Kind.FULL, FULL), record(2, Kind.FULL, {"counter.total": 5}, device="S2")]
    for n in range(3, 11):
        device = "S1" if n % 2 else "S2"
        told.append(record(n, Kind.CHANGE, {"counter.total": 100 + n}, device=device, at=n))
    return told


def test_only_changes_are_stored(bench: Bench) -> None:
    bench.send(
        record(1, Kind.FULL, FULL, at=-40),
        record(2, Kind.SEEN, at=-30),
        record(3, Kind.CHANGE, {"counter.total": 101, "counter.color": 7}, at=-20),
        record(4, Kind.FULL, {**FULL, "counter.total": 101}, at=-10),
    )
    assert bench.readings == [(T0 - 40, 1, FULL), (T0 - 20, 2, {"counter.total": 101})]
    assert bench.latest == {**FULL, "counter.total": 101}
    assert bench.devices == [("S1", "S1", "10.0.0.7")]


def test_what_is_gone_is_told_by_nothing_and_by_its_absence(bench: Bench) -> None:
    bench.send(
        record(1, Kind.FULL, {**FULL, "a": 1, "b": 2}, at=-9),
        record(2, Kind.CHANGE, {"a": None, "never.there": None}, at=-8),
        record(3, Kind.FULL, FULL, at=-7),
    )
    assert [row[2] for row in bench.readings[1:]] == [{"a": None}, {"b": None}]
    assert bench.latest == FULL


def test_the_same_batch_twice_counts_once(bench: Bench) -> None:
    told = story()
    assert bench.send(*told).acknowledged == 10
    before = bench.rows(READING)
    bench.now += timedelta(hours=1)
    assert bench.send(*told).acknowledged == 10
    assert bench.send(*told[3:]).acknowledged == 10
    again = bench.send(*told[5:], record(11, Kind.SEEN, at=11))
    assert again.acknowledged == 11
    assert bench.rows(READING) == before


@pytest.mark.parametrize("order", list(permutations(range(4)))[1::5])
def test_any_order_gives_the_same(both: Database, order: tuple[int, ...]) -> None:
    bench = Bench(both, now=NOON + timedelta(minutes=1))
    told = story()
    parts = [told[:2], told[2:5], told[5:8], told[8:]]
    receipts = [bench.send(*parts[n], lateness=MAIL_LATENESS) for n in order]
    assert receipts[-1].acknowledged == 10 or 0 not in order[-1:]
    assert max(r.acknowledged for r in receipts) == 10
    assert bench.rows(HELD) == []
    numbers = bench.rows(READING, "device_id", "number", "at", "values")
    assert [(d, n, at - T0, v) for d, n, at, v in numbers if n > 1] == [
        (device, (n + 1) // 2, n, {"counter.total": 100 + n})
        for device, first in ((1, 3), (2, 4))
        for n in range(first, 11, 2)
    ]


def test_what_a_spool_lost_is_a_gap_and_full_records_are_wanted(bench: Bench) -> None:
    told = story()
    bench.send(*told[:4])
    bench.now += timedelta(minutes=5)
    receipt = bench.send(*told[6:], oldest=7)
    assert receipt.acknowledged == 10
    assert sorted(receipt.full) == ["S1", "S2"]
    assert bench.gaps == [(None, T0, T0 + 300, "2 records were lost on the way")]
    receipt = bench.send(record(11, Kind.FULL, FULL), record(12, Kind.SEEN, device="S2"))
    assert list(receipt.full) == ["S2"]


def test_what_waits_before_a_loss_is_kept(bench: Bench) -> None:
    told = story()
    bench.send(*told[:2])
    bench.send(*told[4:6])
    receipt = bench.send(*told[8:], oldest=9)
    assert receipt.acknowledged == 10
    kept = [values for _, _, values in bench.readings if len(values) == 1]
    assert sorted(v["counter.total"] for v in kept) == [5, 105, 106, 109, 110]
    assert [why for *_, why in bench.gaps] == ["2 records were lost on the way"] * 2


def test_a_mail_that_never_comes_is_given_up_after_three_days(bench: Bench) -> None:
    told = story()
    bench.send(*told[:2])
    bench.send(*told[5:])
    bench.now += timedelta(hours=71)
    bench.intake.give_up_waiting(bench.north, "s", bench.now)
    assert bench.rows(HELD, "first") == [(6,)]
    bench.now += timedelta(hours=1)
    bench.intake.give_up_waiting(bench.north, "s", bench.now)
    assert bench.rows(HELD) == []
    assert len(bench.readings) == 7
    assert [why for *_, why in bench.gaps] == ["3 records were lost on the way"]


def test_only_so_many_batches_wait(bench: Bench) -> None:
    for n in range(500):
        assert bench.send(record(10 + 2 * n, Kind.SEEN)).kept
    assert not bench.send(record(5000, Kind.SEEN)).kept


@pytest.mark.parametrize("years", [-1, 1])
def test_a_clock_a_year_off_is_corrected_and_marked(bench: Bench, years: int) -> None:
    off = years * YEAR
    bench.send(
        record(1, Kind.FULL, FULL, at=off - 600),
        record(2, Kind.CHANGE, {"counter.total": 101}, at=off - 300),
        sent=T0 + off,
    )
    assert [row[0] - T0 for row in bench.readings] == [-600, -300]
    assert bench.rows(READING, "skew", "delay") == [(off, 600), (off, 300)]
    assert bench.rows(COLLECTOR, "skew") == [(off,)]


def test_a_clock_that_was_set_in_between_keeps_the_order(bench: Bench) -> None:
    bench.send(
        record(1, Kind.FULL, FULL, at=-600),
        record(2, Kind.CHANGE, {"counter.total": 101}, at=YEAR),
        record(3, Kind.CHANGE, {"counter.total": 102}, at=-YEAR),
        record(4, Kind.CHANGE, {"counter.total": 103}, at=-1),
    )
    times = [row[0] - T0 for row in bench.readings]
    assert times == sorted(times)
    assert [row[2]["counter.total"] for row in bench.readings] == [100, 101, 102, 103]
    assert all(-YEAR <= at <= 0 for at in times)


def test_a_mail_of_yesterday_is_of_yesterday(bench: Bench) -> None:
    day = 86_400
    bench.send(record(1, Kind.FULL, FULL, at=-day), sent=T0 - day + 5, lateness=MAIL_LATENESS)
    assert bench.rows(READING, "at", "skew", "delay") == [(T0 - day, 0, day)]


def test_days_close_in_the_sites_zone_and_only_once(both: Database) -> None:
    bench = Bench(both)
    tokyo = bench.enrol("Tokyo", zone="Asia/Tokyo")  # nine hours ahead: midnight is 15:00 UTC
    today = T0 // 86_400
    level = {"supply.1": ["Black", "toner", "black", False, "percent", 100, "", "", ""]}
    full = {
        **FULL,
        **level,
        "supply.1.level": 50,
        "counter.total.is": ["Total", "x", 1, "", "", ""],
    }
    meters = {"counter.total": 100, "counter.color": 7, "supply.1.level": 50}
    bench.send(record(1, Kind.FULL, full, at=0), who=tokyo)
    bench.now += timedelta(hours=3, seconds=30)
    bench.send(record(2, Kind.CHANGE, {"counter.total": 109}, at=3 * 3600 - 1), who=tokyo)
    assert bench.days == []
    bench.send(record(3, Kind.CHANGE, {"counter.total": 120}, at=3 * 3600), who=tokyo)
    assert bench.days == [(today, T0 + 3 * 3600 - 1, {**meters, "counter.total": 109})]


def test_alerts_begin_and_end(bench: Bench) -> None:
    jam = ["critical", "mediaPath", 1, 8, "Paper jam", "printer-mib", "1.3", ""]
    bench.send(
        record(1, Kind.FULL, {**FULL, "alert.3": jam}, at=-50),
        record(2, Kind.CHANGE, {"alert.3": None, "alert.4": jam}, at=-40),
        record(3, Kind.CHANGE, {"alert.4": None}, at=-30),
        record(4, Kind.EVENT, {"code": "E000", "severity": "service", "text": "call"}, at=-20),
    )
    assert bench.events == [
        ("mediaPath 1", T0 - 50, T0 - 30, "critical", "alert.mediaPath.8", "Paper jam"),
        ("", T0 - 20, T0 - 20, "service", "E000", "call"),
    ]


def test_alerts_that_flutter_cost_no_more_than_their_budget(bench: Bench) -> None:
    jam = ["critical", "mediaPath", 1, 8, "Paper jam", "", "", ""]
    told = [record(1, Kind.FULL, FULL, at=-999)]
    told += [
        record(n, Kind.CHANGE, {"alert.3": jam if n % 2 else None}, at=n - 999)
        for n in range(2, 900)
    ]
    bench.send(*told)
    assert len(bench.events) == 200
    assert all(ended is not None for _, _, ended, *_ in bench.events)


def test_gaps_are_the_collectors_or_a_devices(bench: Bench) -> None:
    bench.send(
        record(1, Kind.FULL, FULL, at=-900),
        record(2, Kind.GAP, {"from": T0 - 800, "to": T0 - 500, "why": "power"}, device=""),
        record(3, Kind.GAP, {"from": T0 - 300, "to": T0 - 200, "why": "asleep"}),
    )
    assert bench.gaps == [
        (None, T0 - 800, T0 - 500, "power"),
        (1, T0 - 300, T0 - 200, "asleep"),
    ]


def test_another_sites_device_is_out_of_reach(bench: Bench) -> None:
    south = bench.enrol("South")
    bench.send(record(1, Kind.FULL, FULL))
    bench.send(record(1, Kind.FULL, {**FULL, "counter.total": 999_999}), who=south)
    mine = bench.rows(READING, "device_id", "values")
    assert [values["counter.total"] for _, values in mine] == [100, 999_999]
    assert mine[0][0] != mine[1][0]
    assert bench.rows(ALARM, "device_id", "text") == [
        (mine[1][0], "serial number S1 is reported from North as well")
    ]


def test_a_device_outside_the_sites_networks_is_not_taken(bench: Bench) -> None:
    west = bench.enrol("West", scope=("10.0.0.0/24", "2001:db8::/64"))
    receipt = bench.send(
        record(1, Kind.FULL, FULL),
        record(2, Kind.FULL, {"address": "10.0.1.7"}, device="S2"),
        record(3, Kind.FULL, {"address": "no address"}, device="S3"),
        record(4, Kind.CHANGE, {"address": "192.0.2.1", "counter.total": 7}),
        who=west,
    )
    assert receipt.acknowledged == 4
    assert receipt.refused == {"S1": OUTSIDE, "S2": OUTSIDE, "S3": OUTSIDE}
    assert bench.devices == [("S1", "S1", "10.0.0.7")]
    assert len(bench.readings) == 1
    assert [row[2] for row in bench.rows(REFUSED)] == ["S1", "S2", "S3"]


def test_a_device_that_changes_its_serial_costs_its_budget(bench: Bench) -> None:
    told = [
        record(n, Kind.FULL, {"address": "10.0.0.9", "identity.serial": f"X{n}"}, device=f"X{n}")
        for n in range(1, 101)
    ]
    receipt = bench.send(*told)
    assert receipt.acknowledged == 100
    assert len(bench.devices) == 3
    assert set(receipt.refused.values()) == {CHANGING}
    # The next poll of the same finds them in the list, and asks no more.
    again = bench.send(record(101, Kind.SEEN, device="X50"))
    assert again.refused == {"X50": CHANGING}


def test_only_so_many_new_devices_a_day(both: Database) -> None:
    bench = Bench(both, Limits(new_a_day=5))
    told = [record(n, Kind.FULL, {"address": f"10.0.0.{n}"}, device=f"X{n}") for n in range(1, 9)]
    receipt = bench.send(*told)
    assert len(bench.devices) == 5
    assert receipt.refused == dict.fromkeys(("X6", "X7", "X8"), TOO_MANY)
    bench.now += timedelta(days=1)
    bench.send(*(record(n + 8, r.kind, r.values, device=r.device) for n, r in enumerate(told, 1)))
    assert len(bench.devices) == 8


def test_a_device_known_otherwise_is_the_same_device(bench: Bench) -> None:
    bench.send(record(1, Kind.FULL, FULL))
    bench.send(record(2, Kind.FULL, {**FULL, "counter.total": 101}, device="another key"))
    assert len(bench.devices) == 1
    assert [row[1] for row in bench.readings] == [1, 2]


def test_two_keys_of_one_device_in_one_batch(bench: Bench) -> None:
    bench.send(
        record(1, Kind.FULL, FULL, at=-5),
        record(2, Kind.CHANGE, {**WHO, "counter.total": 101}, device="k2", at=-4),
        record(3, Kind.CHANGE, {"counter.total": 102}, at=-3),
    )
    assert [row[2].get("counter.total") for row in bench.readings] == [100, 101, 102]


def test_two_collectors_with_one_identity_are_noticed(bench: Bench) -> None:
    told = story()
    bench.send(*told)
    other = record(10, Kind.CHANGE, {"counter.total": 1}, device="S2")
    with pytest.raises(Forked):
        bench.send(other)
    with pytest.raises(Forked):
        bench.send(other, record(11, Kind.SEEN))
    assert bench.send(*told).acknowledged == 10


def test_the_inventory_shows_what_is_newest(bench: Bench) -> None:
    toner = {
        "supply.1": ["Black", "toner", "black", False, "", 200, "", "", ""],
        "supply.1.level": 30,
        "supply.2": ["Waste", "wasteToner", "", True, "percent", 100, "", "", ""],
        "supply.2.level": 1,
        "status.printer": "idle",
        "counter.life": 4,
    }
    bench.send(record(1, Kind.FULL, {**FULL, **toner}))
    assert bench.rows(DEVICE, "model", "status", "toner", "pages") == [("iR-ADV", "idle", 15, 100)]
    bench.send(record(2, Kind.CHANGE, {"status.printer": "printing"}))
    assert bench.rows(DEVICE, "status") == [("printing",)]


def test_a_revoked_collector_stays_known(bench: Bench) -> None:
    repository = Collectors(bench.database)
    assert repository.revoke("c-North")
    found = repository.find("c-North")
    assert found is not None
    assert found.state == "revoked"
    assert not repository.revoke("nobody")


OPERATIONS = st.lists(st.tuples(st.integers(0, 39), st.integers(1, 12)), min_size=1, max_size=30)


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(OPERATIONS)
def test_whatever_is_sent_again_or_early_counts_once(
    both: Database, sendings: list[tuple[int, int]]
) -> None:
    """Random pieces of one spool, over and over, then all of it: the same as all of it once."""
    bench = Bench(both)
    site = f"site-{len(bench.collectors.all())}"
    mine = bench.enrol(site)
    told = [record(1, Kind.FULL, {"counter.total": 0}, device="D", at=-100)]
    told += [
        record(n, Kind.CHANGE, {"counter.total": n}, device="D", at=n - 100) for n in range(2, 41)
    ]
    for start, length in [*sendings, (0, 40)]:
        bench.send(*told[start : start + length], who=mine)
    with both.read() as connection:
        device = connection.scalar(select(func.max(READING.c.device_id)))
        asked = select(READING.c.number, READING.c.at).where(READING.c.device_id == device)
        found = connection.execute(asked.order_by(READING.c.number)).all()
    assert [tuple(row) for row in found] == [
        (n, T0 - 100 + (n if n > 1 else 0)) for n in range(1, 41)
    ]
