"""Kept audit results: sums always equal what the results say, however they came in."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event
from tests.peers.postgres import empty

from frisket.fleet.inventory import Sighting, take_in
from frisket.model.finding import Verdict
from frisket.model.target import Identity
from frisket.store.audits import ALL, COLUMNS, AuditRecord, Audits
from frisket.store.database import Database
from frisket.store.inventory import Inventory
from frisket.store.standing import Standing

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
RULES = ("SO-01/a", "SO-01/b", "SO-02/c")


def record(device: int, at: datetime, *verdicts: str) -> AuditRecord:
    found = dict(zip(RULES, verdicts, strict=True))
    return AuditRecord(
        device, "small-office", at, 0.5, 0.5, "high", found, dict.fromkeys(found, "why"), b"f", b"r"
    )


def fill(database: Database) -> None:
    """Add two sites with two devices each."""
    inventory = Inventory(database)
    for name in ("Head office", "Branch"):
        inventory.add_site(name, [], NOON)
    for number in range(1, 5):
        seen = Sighting(f"10.0.0.{number}", Identity(serial=f"S1{number}"))
        take_in(inventory, number % 2 + 1, seen, NOON)


@pytest.fixture
def database(both: Database) -> Database:
    fill(both)
    return both


def test_a_first_result_is_no_change_and_the_second_is(database: Database) -> None:
    audits = Audits(database)
    assert audits.keep([record(1, NOON, "pass", "fail", "unknown")]) == 0
    later = NOON + timedelta(hours=1)
    assert audits.keep([record(1, later, "pass", "pass", "unknown")]) == 1
    [change] = audits.history(1)
    assert (change.rule, change.was, change.now, change.because) == ("b", "fail", "pass", "why")
    [kept] = audits.results(1)
    assert kept.at == later
    assert audits.failing("small-office") == []
    audits.keep([record(2, NOON, "fail", "disputed", "unknown")])
    assert audits.failing("small-office") == [("SO-01", "a", 1), ("SO-01", "b", 1)]
    audits.keep([record(2, later, "fail", "pass", "fail")])
    assert audits.failing("small-office") == [("SO-01", "a", 1), ("SO-02", "c", 1)]
    assert audits.failing("small-office", sites=[2]) == []
    [failing] = audits.failing_devices("small-office", "SO-02")
    assert (failing.id, failing.rule, failing.site) == (2, "c", "Head office")
    device = Inventory(database).device(1)
    assert device is not None
    assert (device.audited, device.worst, device.compliance) == (later, "high", 0.5)


def by(baseline: str, device: int, share: float | None, worst: str, hour: int) -> AuditRecord:
    """Return a result by another baseline."""
    found = record(device, NOON + timedelta(hours=hour), "pass", "fail", "unknown")
    return replace(found, baseline=baseline, compliance=share, coverage=0.25, worst=worst)


def test_a_device_stands_where_it_stands_worst(database: Database) -> None:
    """What the last audit found does not hide what another baseline demands."""
    audits, inventory, standing = Audits(database), Inventory(database), Standing(database)
    audits.keep([by("strict", 1, 0.2, "high", 0), by("mild", 1, 1.0, "", 1)])
    audits.keep([by("mild", 2, 0.5, "low", 0), by("strict", 2, None, "medium", 1)])
    one, two = inventory.device(1), inventory.device(2)
    assert one is not None
    assert two is not None
    assert (one.compliance, one.coverage, one.worst) == (0.2, 0.25, "high")
    assert one.audited == NOON + timedelta(hours=1)
    assert (two.compliance, two.worst) == (0.5, "medium")
    assert [(row.id, row.compliance) for row in standing.worst("strict")] == [(1, 0.2)]
    assert [row.id for row in standing.worst("mild")] == [2]
    assert standing.worst("mild", sites=[99]) == []
    audits.keep([by("strict", 1, 1.0, "", 2)])
    one = inventory.device(1)
    assert one is not None
    assert (one.compliance, one.worst) == (1.0, "")


def test_an_older_result_replaces_nothing(database: Database) -> None:
    audits = Audits(database)
    audits.keep([record(1, NOON, "pass", "pass", "pass")])
    audits.keep([record(1, NOON - timedelta(hours=1), "fail", "fail", "fail")])
    [kept] = audits.results(1)
    assert set(kept.verdicts.values()) == {"pass"}
    assert audits.by_day("small-office", date(2026, 1, 1))[NOON.date()].compliance == 1


def test_two_workers_that_audit_a_site_lose_nothing_of_its_sums(database: Database) -> None:
    audits = Audits(database)
    # Nothing fails: what does is counted in a row that workers wait for anyway.
    audits.keep([record(one, NOON, "pass", "unknown", "manual") for one in (1, 3)])
    both_have_read = threading.Barrier(2)

    def meet(*given: object) -> None:
        if str(given[2]).startswith("SELECT audit_score.site_id"):
            with suppress(threading.BrokenBarrierError):  # one of them waits for its turn
                both_have_read.wait(0.5)

    event.listen(database.engine, "after_cursor_execute", meet)
    later = NOON + timedelta(minutes=1)
    with ThreadPoolExecutor(2) as pool:
        new = [[record(one, later, "unknown", "pass", "pass")] for one in (1, 3)]
        assert list(pool.map(audits.keep, new)) == [3, 3]
    event.remove(database.engine, "after_cursor_execute", meet)
    [score] = audits.by_day("small-office", date(2026, 1, 1)).values()
    found = {name: count for name, count in score.verdicts.items() if count}
    assert found == {"passed": 4, "unknown": 2}


def test_a_device_that_is_gone_is_left_out(database: Database) -> None:
    audits = Audits(database)
    assert audits.keep([record(99, NOON, "pass", "pass", "pass")]) == 0
    assert audits.baselines() == []


def _flat(counted: Counter[tuple[int, str, str]]) -> Counter[tuple[int, str, str]]:
    """Sum over sites."""
    found: Counter[tuple[int, str, str]] = Counter()
    for (_, consideration, name), number in counted.items():
        found[0, consideration, name] += number
    return found


results = st.lists(
    st.tuples(
        st.integers(1, 4),
        st.integers(0, 6),
        st.lists(st.sampled_from(list(COLUMNS)), min_size=3, max_size=3),
    ),
    max_size=12,
)


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=25
)
@given(results, st.integers(1, 5))
def test_the_newest_sums_are_those_of_the_newest_results(
    both: Database,
    came: list[tuple[int, int, list[str]]],
    at_once: int,
) -> None:
    empty(both)
    fill(both)
    database = both
    audits = Audits(database)
    newest: dict[int, tuple[datetime, list[str]]] = {}
    # One device is not judged twice in one batch.
    batch: list[AuditRecord] = []
    for device, hours, verdicts in came:
        at = NOON + timedelta(hours=hours * 6)
        if len(batch) >= at_once or device in {one.device_id for one in batch}:
            audits.keep(batch)
            batch = []
        batch.append(record(device, at, *verdicts))
        if device not in newest or newest[device][0] <= at:
            newest[device] = (at, verdicts)
    audits.keep(batch)
    expected: Counter[tuple[int, str, str]] = Counter()
    for device, (_, verdicts) in newest.items():
        for rule, verdict in zip(RULES, verdicts, strict=True):
            for consideration in (rule[:5], ALL):
                expected[device % 2 + 1, consideration, COLUMNS[verdict]] += 1
    found = Counter(
        {
            (site, consideration, name): number
            for (site, consideration), score in audits.by_consideration("small-office").items()
            for name, number in score.verdicts.items()
            if number
        }
    )
    assert found == expected
    devices = sum(
        score.devices
        for (_, c), score in audits.by_consideration("small-office").items()
        if c == ALL
    )
    assert devices == len(newest)
    days = audits.by_day("small-office", date(2026, 1, 1))
    last = days[max(days)] if days else None
    whole = {name: n for (_, c, name), n in _flat(expected).items() if c == ALL}
    assert whole == {} if last is None else {k: v for k, v in last.verdicts.items() if v} == whole
    assert Verdict.PASS.value in COLUMNS
