"""Events of a device: one for each change, none for silence but one, whatever happens."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frisket.telemetry.alert_state import (
    EMPTY,
    FLOOD,
    LOW,
    SILENT,
    AlertState,
    Change,
    Event,
    Presence,
    Rules,
    Seen,
    observe,
    seen_of,
)
from frisket.telemetry.poll import Polled
from frisket.telemetry.sample import Alert, Level, Sample, Source, State, Status, Supply
from frisket.telemetry.wake import Quiet

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
STEP = timedelta(minutes=5)
HERE = Source("printer-mib", "1.3.6.1")
JAM = Alert("1.5", "critical", "media path", 1, 8, "Jam in the fixing unit", HERE)
LID = Alert("1.6", "warning", "cover", 2, 3, "", HERE)
READY = Alert("1.7", "other", "printer", 1, 507, "Ready", HERE)


def toner(amount: int, state: State = State.MEASURED) -> Supply:
    """Return a supply of which so much is left."""
    level = Level(state, HERE, amount if state is State.MEASURED else None, 100, "percent")
    return Supply("1.1", "Black Toner", "toner", "black", receptacle=False, level=level)


def sample(
    *alerts: Alert, supplies: Iterable[Supply] = (), problems: tuple[str, ...] = ()
) -> Sample:
    """Return a sample of a printer."""
    return Sample(
        printer="it is one",
        status=Status(problems=problems),
        alerts=alerts,
        supplies=tuple(supplies),
    )


def follow(
    samples: Iterable[Sample | None], state: AlertState | None = None, step: timedelta = STEP
) -> tuple[AlertState, list[Event]]:
    """Take polls in, one every five minutes."""
    found: list[Event] = []
    state = state or AlertState()
    for number, one in enumerate(samples):
        state, events = observe(state, Seen(START + number * step, one))
        found += events
    return state, found


def told(events: Iterable[Event]) -> list[tuple[str, str]]:
    """Return change and code of events."""
    return [(event.change.value, event.condition.code) for event in events]


def test_an_alert_is_raised_once_and_cleared_once() -> None:
    _, events = follow([sample(), *[sample(JAM)] * 9, *[sample()] * 9])
    assert told(events) == [("raised", "alert.media path.8"), ("cleared", "alert.media path.8")]
    raised = events[0].condition
    assert (raised.severity, raised.since) == ("critical", START + STEP)
    assert (raised.place, raised.text) == ("media path 1", "Jam in the fixing unit")
    assert events[1].condition.since == raised.since
    assert events[1].at > raised.since


def test_one_that_comes_and_goes_is_one() -> None:
    _, events = follow([sample(JAM), sample()] * 20)
    assert told(events) == [("raised", "alert.media path.8")]


def test_a_row_numbered_anew_is_no_new_alert() -> None:
    again = replace(JAM, index="1.99", text="Papierstau")
    _, events = follow([sample(JAM), sample(again), sample(JAM)])
    assert len(events) == 1


def test_alerts_without_a_code_are_told_apart_by_their_text() -> None:
    vague = [replace(JAM, code=1, text=text) for text in ("One", "Two")]
    _, events = follow([sample(*vague)])
    assert len(events) == 2


def test_what_needs_nobody_is_no_alert() -> None:
    assert not follow([sample(READY)])[1]


def test_a_printer_switched_off_is_one_event_and_its_return_another() -> None:
    off: list[Sample | None] = [None] * 400
    state, events = follow([sample(JAM, LID), *off])
    assert told(events)[2:] == [("raised", SILENT)]
    assert state.presence is Presence.DOWN
    assert events[-1].at - events[-1].condition.since >= Rules().silent_for
    state, events = follow([sample(JAM, LID), *off, sample(JAM, LID)])
    assert told(events)[2:] == [("raised", SILENT), ("cleared", SILENT)]
    assert state.presence is Presence.ANSWERS


def test_a_missed_poll_is_nothing() -> None:
    state, events = follow([sample(JAM), None, None, sample(JAM)])
    assert len(events) == 1
    assert state.silences == 0


def test_polls_in_quick_succession_do_not_make_a_device_down() -> None:
    state, events = follow([sample(), *[None] * 20], step=timedelta(seconds=10))
    assert not events
    assert state.presence is Presence.MISSED


def test_a_sleeper_is_not_down_and_keeps_its_alerts() -> None:
    state, _ = follow([sample(JAM)])
    for hour in range(12):
        state, events = observe(state, Seen(START + timedelta(hours=hour), None, asleep=True))
        assert not events
    assert state.presence is Presence.ASLEEP
    assert [condition.code for condition in state.standing] == ["alert.media path.8"]
    state, events = observe(state, Seen(START + timedelta(hours=13), sample(JAM)))
    assert not events
    assert state.presence is Presence.ANSWERS


def test_a_device_that_never_answered_is_not_down() -> None:
    state, events = follow([None] * 50)
    assert not events
    assert state.presence is Presence.UNMET


@pytest.mark.parametrize(
    ("levels", "expected"),
    [
        ([50, 11, 10, 11, 9, 12, 10], [("raised", LOW)]),
        ([10, 14, 15, 15, 15], [("raised", LOW), ("cleared", LOW)]),
        ([10, 100, 100], [("raised", LOW), ("cleared", LOW)]),
        ([5, 0, 0, 0], [("raised", LOW), ("raised", EMPTY), ("cleared", LOW)]),
        ([50, 40, 30], []),
    ],
)
def test_supplies_have_hysteresis(levels: list[int], expected: list[tuple[str, str]]) -> None:
    _, events = follow([sample(supplies=[toner(level)]) for level in levels])
    assert sorted(told(events)) == sorted(expected)


@pytest.mark.parametrize("state", [State.UNKNOWN, State.SOME, State.OTHER])
def test_what_is_not_measured_is_not_low(state: State) -> None:
    assert not follow([sample(supplies=[toner(0, state)])])[1]


def test_a_makers_nearly_empty_is_low() -> None:
    _, events = follow([sample(supplies=[toner(0, State.NEARLY_EMPTY)])])
    assert told(events) == [("raised", LOW)]


def test_what_an_alert_tells_is_told_once() -> None:
    alert = replace(JAM, group="supply", member=1, code=1104)
    both = sample(alert, supplies=[toner(3)], problems=("low on toner",))
    assert told(follow([both])[1]) == [("raised", "alert.supply.1104")]
    assert told(follow([sample(problems=("jammed",))])[1]) == [("raised", "problem.jammed")]


def test_silence_at_night_is_sleep() -> None:
    by_day, at_night = START, START.replace(hour=23)
    assert not seen_of(Polled("10.0.0.7", by_day, why="silent"), Quiet()).asleep
    assert seen_of(Polled("10.0.0.7", at_night, why="silent"), Quiet()).asleep
    assert not seen_of(Polled("10.0.0.7", at_night, why="silent"), None).asleep
    assert seen_of(Polled("10.0.0.7", by_day, why="it sleeps", rests=True), None).asleep
    assert seen_of(Polled("10.0.0.7", at_night, sample(JAM)), Quiet()).sample == sample(JAM)


def test_a_flood_is_told_once_a_day() -> None:
    def flood(start: int) -> Sample:
        return sample(*(replace(JAM, code=5000 + start + n) for n in range(100)))

    _, events = follow([flood(200 * n) for n in range(100)])
    raised = [event for event in events if event.change is Change.RAISED]
    assert len(raised) <= Rules().most_a_day + 1
    assert sum(event.condition.code == FLOOD for event in raised) == 1


alerts = st.lists(st.sampled_from([JAM, LID, READY, replace(LID, member=3)]), unique=True)
polls = st.one_of(
    st.none(),
    st.just("asleep"),
    st.builds(
        lambda some, level: sample(*some, supplies=[toner(level)]),
        alerts,
        st.integers(0, 100),
    ),
)


@given(st.lists(st.tuples(polls, st.integers(-90, 2000)), max_size=80))
def test_raised_and_cleared_alternate_and_what_stands_is_the_difference(
    steps: list[tuple[Sample | str | None, int]],
) -> None:
    state, now = AlertState(), START
    balance: Counter[tuple[str, str]] = Counter()
    for poll, minutes in steps:
        now += timedelta(minutes=minutes)
        seen = Seen(now, poll if isinstance(poll, Sample) else None, asleep=poll == "asleep")
        before = state
        state, events = observe(state, seen)
        for event in events:
            key = event.condition.key
            balance[key] += 1 if event.change is Change.RAISED else -1
            assert balance[key] in {0, 1}
        if not isinstance(poll, Sample):
            assert {event.condition.code for event in events} <= {SILENT, FLOOD}
            assert len(events) <= 1
        if poll == "asleep":
            assert not events
        if state.presence is before.presence is Presence.DOWN:
            assert not events
    assert {key for key, count in balance.items() if count} == {c.key for c in state.standing}


@given(st.lists(st.just(None) | st.just(sample(JAM)), min_size=1, max_size=200))
def test_no_poll_gives_more_than_it_must(found: list[Sample | None]) -> None:
    _, events = follow(found)
    turns = sum(a is not b for a, b in pairwise(found))
    assert len(events) <= turns + 2
