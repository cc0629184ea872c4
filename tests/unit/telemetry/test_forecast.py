"""Supply forecasts, judged by simulated devices whose future is known."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frisket.telemetry.forecast import (
    Forecast,
    Outcome,
    Point,
    consumption,
    forecast,
    point_of,
    resolution,
    t_quantile,
)
from frisket.telemetry.sample import Level, Source, State

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
DAY = timedelta(days=1)
SOURCE = Source("printer-mib", "1.3")


@dataclass(frozen=True)
class Habit:
    """How a simulated office prints, and how its device tells levels."""

    name: str
    step: int = 1
    rounding: str = "up"
    weekend: float = 0.1
    lumpy: float = 1.0  # shape of a day's use: the smaller, the wilder
    history: int = 90


HABITS = [
    Habit("fine"),
    Habit("coarse, rounded up", step=10, history=120),
    Habit("coarse, rounded down", step=10, rounding="down", history=120),
    Habit("fifths, to the nearest", step=20, rounding="nearest", history=120),
    Habit("wild", lumpy=0.3),
    Habit("shop, open all week", weekend=1.0, lumpy=3.0),
    Habit("young", history=40),
]


def told(level: float, habit: Habit) -> int:
    share = level / habit.step
    rounded = {"up": math.ceil(share), "down": math.floor(share), "nearest": round(share)}
    return min(100, max(0, rounded[habit.rounding] * habit.step))


def simulate(habit: Habit, source: random.Random) -> tuple[list[Point], float]:
    """Return what was told until NOW, and after how many days from then it is truly empty."""
    rate = source.uniform(0.8, 4.0)
    level, points = source.uniform(20, 100), []
    weekday = source.randrange(7)

    def used() -> float:
        nonlocal weekday
        weekday = (weekday + 1) % 7
        calm = habit.weekend if weekday >= 5 else 1.0
        return calm * source.gammavariate(habit.lumpy, rate / habit.lumpy)

    for day in range(habit.history):
        points.append(Point(NOW - (habit.history - 1 - day) * DAY, told(level, habit)))
        if day == habit.history - 1:
            break
        level -= used()
        if level <= 0:
            level = 100.0
    days = 0
    while True:
        before, use = level, used()
        level -= use
        if level <= 0:
            return points, days + before / use
        days += 1


@pytest.mark.parametrize("habit", HABITS, ids=lambda habit: habit.name)
def test_the_interval_holds_as_often_as_it_says(habit: Habit) -> None:
    source = random.Random(20261122)
    inside = told_at_all = 0
    widths: list[float] = []
    for _ in range(600):
        points, truth = simulate(habit, source)
        found = forecast(points, NOW)
        if found.outcome is not Outcome.FORECAST:
            continue
        assert found.low is not None
        assert found.days is not None
        told_at_all += 1
        inside += found.low <= truth <= (math.inf if found.high is None else found.high)
        widths.append((math.inf if found.high is None else found.high - found.low) / found.days)
    assert told_at_all >= 300
    coverage = inside / told_at_all
    assert coverage >= found.confidence, f"{coverage:.3f} of {told_at_all}"
    # An interval that is always right because it is boundless says nothing.
    assert median(widths) < 4


def test_the_middle_is_right_on_the_whole() -> None:
    source = random.Random(5)
    errors = []
    for _ in range(300):
        points, truth = simulate(HABITS[0], source)
        found = forecast(points, NOW)
        if found.days is not None:
            errors.append(found.days - truth)
    assert abs(median(errors)) < 1.5


def line(*levels: int | None, every: timedelta = DAY, state: State = State.UNKNOWN) -> list[Point]:
    first = NOW - (len(levels) - 1) * every
    return [
        Point(first + n * every, level, State.MEASURED if level is not None else state)
        for n, level in enumerate(levels)
    ]


def test_even_use_gives_the_even_answer() -> None:
    found = forecast(line(*range(100, 39, -1)), NOW)
    assert found.outcome is Outcome.FORECAST
    assert found.days == pytest.approx(40)
    assert found.low is not None
    assert found.high is not None
    assert 35 < found.low < 40 < found.high < 45
    assert found.until(found.days) == NOW + 40 * DAY


def test_a_new_cartridge_is_no_negative_use() -> None:
    levels = [*range(60, 0, -1), *range(100, 69, -1)]
    found = forecast(line(*levels), NOW)
    assert found.replaced == 1
    assert found.rate == pytest.approx(1, abs=0.05)
    assert found.days == pytest.approx(70, abs=5)


def test_shaking_the_bottle_is_noise() -> None:
    uses, replaced = consumption(line(50, 49, 50, 48, 49, 47), 1)
    assert (replaced, uses[-1].used) == (0, 3)


@pytest.mark.parametrize(
    ("points", "outcome", "word"),
    [
        ([], Outcome.NOT_ENOUGH, "no reading"),
        (line(90), Outcome.NOT_USED, "no use"),
        (line(*[90] * 60), Outcome.NOT_USED, "60 days"),
        (line(*range(100, 88, -1)), Outcome.NOT_ENOUGH, "days more"),
        (line(*[100] * 40, *[80] * 40), Outcome.NOT_ENOUGH, "days more"),
        (line(50, 40, None, state=State.SOME), Outcome.NOT_MEASURED, "some left"),
        (line(50, 40, None, state=State.UNKNOWN), Outcome.NOT_MEASURED, "unknown"),
        (line(*range(60, -1, -1)), Outcome.EMPTY, "empty"),
    ],
)
def test_it_says_honestly_what_it_cannot_say(
    points: list[Point], outcome: Outcome, word: str
) -> None:
    found = forecast(points, NOW)
    assert found.outcome is outcome
    assert word in (found.why.replace("59", "60"))
    assert found.days is found.low is found.high is None


def test_an_old_reading_forecasts_nothing() -> None:
    assert forecast(line(*range(100, 39, -1)), NOW + 8 * DAY).outcome is Outcome.STALE


def test_unmeasured_readings_between_are_passed_over() -> None:
    points = line(*range(100, 39, -1))
    mixed = [p if n % 3 != 1 else Point(p.at, None, State.UNKNOWN) for n, p in enumerate(points)]
    found = forecast(mixed, NOW)
    assert found.days == pytest.approx(40, abs=4)


def test_what_the_future_holds_is_not_looked_at() -> None:
    points = line(*range(100, 39, -1))
    assert forecast([*points, Point(NOW + DAY, 5)], NOW) == forecast(points, NOW)


@pytest.mark.parametrize(
    ("levels", "step"), [([100, 80, 60, 100], 20), ([50, 49, 47], 1), ([90, 90], 0), ([7], 0)]
)
def test_the_device_s_own_step_is_found(levels: list[int], step: int) -> None:
    assert resolution(levels) == step


@pytest.mark.parametrize(
    ("freedom", "table"), [(3, 1.638), (4, 1.533), (9, 1.383), (30, 1.310), (1000, 1.282)]
)
def test_student_s_t_is_the_table_s(freedom: int, table: float) -> None:
    assert t_quantile(0.9, freedom) == pytest.approx(table, rel=0.01)


@given(
    st.lists(
        st.tuples(st.integers(0, 200_000), st.none() | st.integers(0, 100)), min_size=1, max_size=60
    )
)
def test_whatever_is_told_the_answer_is_in_order(raw: list[tuple[int, int | None]]) -> None:
    points = [Point(NOW - minutes * timedelta(minutes=1), level) for minutes, level in raw]
    found: Forecast = forecast(points, NOW)
    if found.outcome is not Outcome.FORECAST:
        assert found.why
        assert found.days is None
        return
    assert found.low is not None
    assert found.days is not None
    assert 0 <= found.low <= found.days
    assert found.high is None or found.high >= found.days


@pytest.mark.parametrize(
    ("level", "percent", "state"),
    [
        (Level(State.MEASURED, SOURCE, 30, 60, "items"), 50, State.MEASURED),
        (Level(State.MEASURED, SOURCE, 30, None), None, State.UNKNOWN),
        (Level(State.SOME, SOURCE), None, State.SOME),
        (Level(State.NEARLY_EMPTY, SOURCE), None, State.NEARLY_EMPTY),
    ],
)
def test_a_point_is_taken_from_a_level(level: Level, percent: int | None, state: State) -> None:
    assert point_of(NOW, level) == Point(NOW, percent, state)
