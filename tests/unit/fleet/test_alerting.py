"""Alert rules: hysteresis, holding, and nothing told twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frisket.errors import UsageError
from frisket.fleet.alerting import (
    BELOW,
    Change,
    Measure,
    Rule,
    Signal,
    Standing,
    judge,
    read_rule,
    rule_table,
)

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
LOW = Rule(1, "Toner is low", Signal.SUPPLY, 10, 20, severity="warning", channels=(4,))


def course(rule: Rule, values: list[float | None]) -> list[Change]:
    """Return what is told while one subject takes these values, a minute apart."""
    before: dict[str, Standing] = {}
    told = []
    for minute, value in enumerate(values):
        measures = [] if value is None else [Measure("a", 1, value, "toner of a")]
        after, news = judge(rule, before, measures, NOON + timedelta(minutes=minute))
        before |= after
        told += [one.change for one in news]
    return told


def test_a_value_between_both_limits_tells_nothing() -> None:
    assert course(LOW, [50, 10, 15, 9, 19, 11, 21, 15, 50]) == [Change.RAISED, Change.CLEARED]


def test_it_must_hold_before_it_is_told() -> None:
    held = replace(LOW, hold=timedelta(minutes=3))
    assert course(held, [5, 5, 15, 5, 5, 15]) == []
    assert course(held, [5, 5, 5, 5]) == [Change.RAISED]


def test_what_is_not_measured_changes_nothing() -> None:
    assert course(LOW, [5, None, None, None]) == [Change.RAISED]
    assert course(replace(LOW, hold=timedelta(minutes=2)), [5, None, None, 5]) == [Change.RAISED]


def test_another_site_is_not_told_of() -> None:
    here = replace(LOW, sites=(2,))
    assert course(here, [1, 50]) == []


@given(
    st.sampled_from(sorted(Signal)),
    st.lists(st.one_of(st.none(), st.floats(-1000, 1000)), max_size=60),
    st.integers(0, 5),
)
def test_raised_and_cleared_take_turns(
    signal: Signal, values: list[float | None], hold: int
) -> None:
    limit, back = (10.0, 20.0) if signal in BELOW else (20.0, 10.0)
    rule = Rule(1, "r", signal, limit, back, timedelta(minutes=hold))
    told = course(rule, values)
    assert told == [Change.RAISED, Change.CLEARED] * (len(told) // 2) + [Change.RAISED] * (
        len(told) % 2
    )
    crossings = sum(value is not None and rule.crossed(value) for value in values)
    assert told.count(Change.RAISED) <= crossings


@given(
    st.sampled_from(sorted(Signal)),
    st.floats(0, 1000),
    st.floats(0, 100),
    st.integers(0, 10_000),
    st.sampled_from(["info", "warning", "critical"]),
    st.lists(st.integers(1, 99), max_size=3),
)
def test_a_rule_is_read_as_it_was_written(
    signal: Signal, limit: float, room: float, hold: int, severity: str, numbers: list[int]
) -> None:
    back = limit + room if signal in BELOW else limit - room
    places = tuple(numbers)
    rule = Rule(3, "r", signal, limit, back, timedelta(minutes=hold), severity, places, places)
    assert read_rule(3, "r", rule_table(rule)) == rule


@pytest.mark.parametrize(
    "table",
    [
        {},
        {"signal": "supply", "limit": 10, "back": 5},
        {"signal": "silent", "limit": 24, "back": 25},
        {"signal": "supply", "limit": "nan", "back": "nan"},
        {"signal": "supply", "limit": 1, "back": 2, "hold": 1 << 40},
        {"signal": "supply", "limit": 1, "back": 2, "severity": "loud"},
        {"signal": "weather", "limit": 1, "back": 2},
    ],
)
def test_what_a_rule_cannot_mean_is_refused(table: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        read_rule(1, "r", table)
