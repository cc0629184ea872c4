"""When work is due, whatever the clocks do."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frisket.errors import UsageError
from frisket.fleet.schedule import (
    Quiet,
    Schedule,
    Task,
    due,
    following,
    is_quiet,
    read_schedule,
    upcoming,
)

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)  # a Monday
NIGHTLY = read_schedule(Task.AUDIT, {"at": ["02:30"]}, "Europe/Berlin")
BUSY = read_schedule(Task.POLL, {"every": 300, "quiet": ["19:00", "06:30"]}, "Europe/Berlin")


def test_every_five_minutes_is_one_tick_each() -> None:
    tick = due(BUSY, None, NOON + timedelta(seconds=17))
    assert tick == NOON
    assert due(BUSY, tick, NOON + timedelta(seconds=299)) is None
    assert due(BUSY, tick, NOON + timedelta(seconds=300)) == NOON + timedelta(seconds=300)


def test_quiet_hours_over_midnight() -> None:
    assert is_quiet(BUSY, datetime(2026, 3, 2, 18, 0, tzinfo=UTC))  # 19:00 in Berlin
    assert not is_quiet(BUSY, datetime(2026, 3, 2, 17, 59, tzinfo=UTC))
    assert due(BUSY, None, datetime(2026, 3, 2, 3, 0, tzinfo=UTC)) is None
    assert following(BUSY, datetime(2026, 3, 2, 18, 1, tzinfo=UTC)) == datetime(
        2026, 3, 3, 5, 30, tzinfo=UTC
    )


def test_a_missed_night_is_made_up_for_once_and_not_at_noon() -> None:
    half_past_one = datetime(2026, 3, 2, 1, 30, tzinfo=UTC)
    assert due(NIGHTLY, None, half_past_one) == half_past_one
    assert due(NIGHTLY, None, half_past_one + timedelta(hours=5)) == half_past_one
    assert due(NIGHTLY, half_past_one, half_past_one + timedelta(hours=5)) is None
    assert due(NIGHTLY, None, half_past_one + timedelta(hours=7)) is None


def test_summer_time_skips_no_night_and_repeats_none() -> None:
    done: list[datetime] = []
    now = datetime(2026, 3, 27, tzinfo=UTC)
    while now < datetime(2026, 3, 31, tzinfo=UTC):
        if tick := due(NIGHTLY, done[-1] if done else None, now):
            done.append(tick)
        now += timedelta(minutes=7)
    assert len(done) == 4
    done.clear()
    now = datetime(2026, 10, 23, tzinfo=UTC)
    while now < datetime(2026, 10, 27, tzinfo=UTC):
        if tick := due(NIGHTLY, done[-1] if done else None, now):
            done.append(tick)
        now += timedelta(minutes=7)
    assert len(done) == 4


def test_only_on_some_days() -> None:
    weekly = read_schedule(Task.DISCOVERY, {"at": ["12:00"], "days": ["tue", "Friday"]}, "UTC")
    assert due(weekly, None, NOON) is None
    assert following(weekly, NOON) == NOON + timedelta(days=1)
    assert due(weekly, None, NOON + timedelta(days=1)) == NOON + timedelta(days=1)


@pytest.mark.parametrize(
    "table",
    [
        {},
        {"every": 300, "at": ["02:00"]},
        {"every": 5},
        {"every": "often"},
        {"every": float("inf")},
        {"every": float("nan")},
        {"at": []},
        {"at": ["25:00"]},
        {"at": "02:30"},
        {"at": ["02:30"], "days": ["holiday"]},
        {"every": 300, "quiet": ["19:00"]},
        {"every": 300, "colour": 1},
    ],
)
def test_what_a_schedule_cannot_mean_is_refused(table: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        read_schedule(Task.POLL, table, "UTC")
    with pytest.raises(UsageError):
        read_schedule(Task.POLL, {"every": 300}, "Mars/Olympus")


moments = st.integers(0, 2 * 365 * 86400).map(
    lambda seconds: datetime(2025, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
)


@given(moments, st.integers(60, 90000), st.booleans())
def test_the_next_tick_is_due_when_it_comes(now: datetime, seconds: int, by_hour: bool) -> None:
    if by_hour:
        at = (time(seconds % 24, seconds % 60),)
        schedule = Schedule(Task.AUDIT, hours=at, zone="Europe/Berlin")
    else:
        quiet = Quiet(time(22), time(6))
        schedule = Schedule(Task.POLL, every=timedelta(seconds=seconds), quiet=quiet)
    tick = following(schedule, now)
    assert tick > now
    assert due(schedule, None, tick) == tick
    assert due(schedule, tick, tick) is None


def test_what_comes_next_is_told_in_order_and_never_in_quiet_hours() -> None:
    one = read_schedule(Task.POLL, {"every": 3600, "quiet": ["19:00", "06:30"]}, "Europe/Berlin")
    now = datetime(2026, 11, 20, 16, 30, tzinfo=UTC)
    ticks = upcoming(one, now, 3)
    assert [f"{tick:%d %H:%M}" for tick in ticks] == ["20 17:00", "21 06:00", "21 07:00"]
