"""When a sleeping device is left alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frisket.telemetry.acquaintance import Acquaintance, revived
from frisket.telemetry.wake import Quiet, after_answer, after_silence, rests_until, woke

QUIET = Quiet(time(20), time(7))
EVENING = datetime(2026, 3, 1, 22, tzinfo=UTC)
MET = Acquaintance("SNMPv2c", 0.02)


@pytest.mark.parametrize(
    ("hour", "within"), [(19, False), (20, True), (23, True), (0, True), (6, True), (7, False)]
)
def test_a_night_goes_over_midnight(hour: int, *, within: bool) -> None:
    found = QUIET.night(datetime(2026, 3, 1, hour, 30 if hour != 7 else 0, tzinfo=UTC))
    assert (found is not None) == within


def test_quiet_hours_may_lie_within_a_day_or_nowhere() -> None:
    noon = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
    assert Quiet(time(12), time(13)).night(noon)
    assert not Quiet(time(12), time(13)).night(noon + timedelta(hours=1))
    assert not Quiet(time(12), time(12)).night(noon)


def test_the_sites_own_hours_count() -> None:
    quiet = Quiet(time(20), time(7), ZoneInfo("Asia/Tokyo"))
    assert quiet.night(datetime(2026, 3, 1, 12, tzinfo=UTC))
    assert not quiet.night(datetime(2026, 3, 1, 23, tzinfo=UTC))


def test_an_answer_that_takes_long_was_a_wake() -> None:
    assert not woke(MET, 0.3)
    assert woke(MET, 3.0)
    assert not woke(replace(MET, latency=0.9), 3.0)
    assert woke(Acquaintance(), 3.0)


def test_latency_is_learnt_from_answers_of_those_awake_only() -> None:
    quick = after_answer(Acquaintance(), 0.04, EVENING)
    assert quick.latency == 0.04
    assert 0.04 < after_answer(quick, 0.08, EVENING).latency < 0.08
    slow = after_answer(quick, 9.0, EVENING)
    assert slow.latency == quick.latency
    assert slow.woken == EVENING


def test_one_wake_a_night() -> None:
    woken = after_answer(MET, 5.0, EVENING)
    assert rests_until(woken, EVENING + timedelta(hours=1), QUIET) == datetime(
        2026, 3, 2, 7, tzinfo=UTC
    )
    assert rests_until(woken, EVENING + timedelta(hours=9), QUIET) is None
    assert rests_until(woken, EVENING + timedelta(hours=24), QUIET) is None
    assert rests_until(woken, EVENING + timedelta(hours=1), None) is None
    assert rests_until(MET, EVENING, QUIET) is None


def test_a_clock_set_back_does_not_silence_a_device_for_ever() -> None:
    woken = after_silence(MET, EVENING + timedelta(days=365))
    assert rests_until(woken, EVENING, QUIET) is None


# Minutes from one poll to the next, and how the device takes it: seconds, or None for silence.
steps = st.lists(
    st.tuples(st.integers(1, 600), st.none() | st.sampled_from([0.01, 0.2, 4.0, 20.0])),
    max_size=60,
)


@given(steps)
def test_no_night_sees_two_wakes(polls: list[tuple[int, float | None]]) -> None:
    met, now = Acquaintance(), EVENING - timedelta(hours=8)
    nights: dict[datetime, int] = {}
    for minutes, waited in polls:
        now += timedelta(minutes=minutes)
        if rests_until(met, now, QUIET):
            continue
        waking = waited is None or woke(met, waited)
        met = after_silence(met, now) if waited is None else after_answer(met, waited, now)
        if waking and (night := QUIET.night(now)):
            nights[night[0]] = nights.get(night[0], 0) + 1
    assert all(count == 1 for count in nights.values())


@given(
    st.dictionaries(
        st.sampled_from(
            ["via", "latency", "engine", "serial", "context", "met", "woken", "silences", "other"]
        ),
        st.none() | st.integers() | st.floats() | st.text(max_size=40) | st.lists(st.integers()),
    )
)
def test_whatever_was_kept_is_taken_or_left(kept: dict[str, object]) -> None:
    assert 0 <= revived(kept).latency < 100


def test_what_is_kept_comes_back() -> None:
    met = replace(after_answer(MET, 5.0, EVENING), context="Jetdirect", silences=3)
    assert revived(met.durable()) == met
