"""A retired device leaves every sum and keeps its history; coming back it counts as it did."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.peers.postgres import empty
from tests.unit.store.test_audits import RULES, fill, record

from frisket.store.audits import ALL, Audits
from frisket.store.changing import Changing
from frisket.store.database import Database
from frisket.store.inventory import Inventory, raise_alarm

NOW = datetime.now(UTC)


@pytest.fixture
def database(both: Database) -> Database:
    fill(both)
    return both


def test_what_is_retired_counts_no_more_and_keeps_its_history(database: Database) -> None:
    audits, inventory = Audits(database), Inventory(database)
    audits.keep([record(1, NOW, "fail", "pass", "unknown"), record(2, NOW, "fail", "fail", "pass")])
    audits.keep([record(1, NOW + timedelta(seconds=1), "pass", "fail", "unknown")])
    with database.write() as connection:
        raise_alarm(connection, 1, "test", "look", NOW)
    before = audits.by_consideration("small-office")
    failing = audits.failing("small-office")
    inventory.change_state([1], "retired")
    inventory.change_state([1], "retired")  # once more changes nothing
    after = audits.by_consideration("small-office")
    assert after[2, ALL].devices == 0, "site 2 has device 1 alone"
    assert after[1, ALL] == before[1, ALL]
    assert audits.failing("small-office") == [("SO-01", "a", 1), ("SO-01", "b", 1)]
    assert [row.id for row in audits.failing_devices("small-office", "SO-01")] == [2, 2]
    assert inventory.alarms_at([1, 2]) == []
    assert len(audits.history(1)) == 2
    assert len(audits.results(1)) == 1
    # An audit that was under way then is not kept: nothing is counted twice.
    audits.keep([record(1, NOW + timedelta(hours=1), "fail", "fail", "fail")])
    assert audits.by_consideration("small-office") == after
    change = {"state": "managed"}
    assert Changing(database).change_device(1, change, None, lambda seen: True)
    assert audits.by_consideration("small-office") == before
    assert audits.failing("small-office") == failing
    assert len(inventory.alarms_at([1, 2])) == 1


moves = st.lists(
    st.tuples(
        st.integers(1, 4),
        st.one_of(
            st.sampled_from(["new", "managed", "retired"]),
            st.lists(st.sampled_from(["pass", "fail", "unknown"]), min_size=3, max_size=3),
        ),
    ),
    max_size=15,
)


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(moves)
def test_sums_are_those_of_what_is_in_use_whatever_happens(
    both: Database, what: list[tuple[int, str | list[str]]]
) -> None:
    empty(both)
    fill(both)
    audits, inventory = Audits(both), Inventory(both)
    states = dict.fromkeys(range(1, 5), "new")
    kept: dict[int, list[str]] = {}
    for number, (device, step) in enumerate(what):
        if isinstance(step, str):
            inventory.change_state([device], step)
            states[device] = step
        else:
            audits.keep([record(device, NOW + timedelta(seconds=number), *step)])
            if states[device] != "retired":
                kept[device] = step
    used = {device: found for device, found in kept.items() if states[device] != "retired"}
    scores = audits.by_consideration("small-office")
    total = sum(score.devices for (_, about), score in scores.items() if about == ALL)
    assert total == len(used)
    wanted = {
        name: sum(found[place] == "fail" for found in used.values())
        for place, name in enumerate(RULES)
    }
    failing = {f"{about}/{rule}": count for about, rule, count in audits.failing("small-office")}
    assert failing == {name: count for name, count in wanted.items() if count}
