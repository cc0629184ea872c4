"""The status board and the history of alerts and jams."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frisket.telemetry.board import Light, Row, board, light_of
from frisket.telemetry.forecast import Forecast, Outcome
from frisket.telemetry.history import Happening, by_day, is_jam, jams, spells
from frisket.telemetry.sample import Level, Source, State, Status, Supply

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
SOURCE = Source("printer-mib", "1.3")
IDLE = Status("idle", "running")


def supply(percent: int | None, state: State = State.MEASURED, name: str = "Black") -> Supply:
    level = Level(state, SOURCE, percent, 100 if percent is not None else None, "percent")
    return Supply("1.1", name, "toner", "black", False, level)


@pytest.mark.parametrize(
    ("row", "light"),
    [
        (Row("a", seen=NOW, status=IDLE), Light.WELL),
        (Row("a"), Light.NEVER),
        (Row("a", seen=NOW - 27 * HOUR, status=IDLE), Light.SILENT),
        (Row("a", seen=NOW - 20 * HOUR, asleep=True), Light.ASLEEP),
        (Row("a", seen=NOW), Light.UNKNOWN),
        (Row("a", seen=NOW, status=Status("idle", "running", ("jammed",))), Light.STOPPED),
        (Row("a", seen=NOW, status=Status("other", "down")), Light.STOPPED),
        (Row("a", seen=NOW, status=IDLE, alerts=("warning", "critical")), Light.STOPPED),
        (Row("a", seen=NOW, status=IDLE, alerts=("warning",)), Light.ATTENTION),
        (Row("a", seen=NOW, status=IDLE, supplies=(supply(10),)), Light.ATTENTION),
        (Row("a", seen=NOW, status=IDLE, supplies=(supply(None, State.SOME),)), Light.WELL),
    ],
)
def test_a_device_shows_the_worst_that_is_true(row: Row, light: Light) -> None:
    assert light_of(row, NOW) is light


@given(
    st.lists(
        st.builds(
            Row,
            st.text("ab", min_size=1),
            site=st.sampled_from(["x", "y"]),
            seen=st.none() | st.timedeltas(timedelta(0), 3 * DAY).map(lambda t: NOW - t),
            asleep=st.booleans(),
            alerts=st.lists(st.sampled_from(["critical", "warning"]), max_size=2).map(tuple),
        ),
        max_size=30,
    )
)
def test_every_device_is_counted_once(rows: list[Row]) -> None:
    found = board(rows, NOW)
    assert sum(found.counts.values()) == found.devices == len(rows)
    assert sum(sum(site.values()) for site in found.sites.values()) == len(rows)
    assert len(found.silent) == found.counts[Light.SILENT] + found.counts[Light.NEVER]


def test_what_runs_out_first_stands_first() -> None:
    soon = Forecast(Outcome.FORECAST, days=6, low=3, high=9)
    late = Forecast(Outcome.FORECAST, days=90, low=60, high=None)
    honest = Forecast(Outcome.NOT_ENOUGH, "why")
    rows = [
        Row("far", supplies=(supply(60),), forecasts={"1.1": late}),
        Row("low", supplies=(supply(9),), forecasts={"1.1": honest}),
        Row("soon", supplies=(supply(40),), forecasts={"1.1": soon}),
        Row("empty", supplies=(supply(0),)),
        Row("nearly", supplies=(supply(None, State.NEARLY_EMPTY),)),
        Row("some", supplies=(supply(None, State.SOME),)),
    ]
    found = board(rows, NOW)
    assert [each.device for each in found.worst] == ["empty", "nearly", "soon", "low"]
    assert [each.low for each in found.worst] == [None, None, 3, None]
    assert (found.measured, found.unmeasured) == (4, 2)
    assert len(board(rows, NOW, worst=2).worst) == 2


def test_the_longest_silent_stand_first_and_never_met_last() -> None:
    rows = [Row("b", seen=NOW - 2 * DAY), Row("never"), Row("a", seen=NOW - 9 * DAY)]
    assert [each.device for each in board(rows, NOW).silent] == ["a", "b", "never"]


# -- history


def happening(
    began: timedelta, lasted: timedelta | None, code: str = "x", **more: str
) -> Happening:
    ended = None if lasted is None else NOW + began + lasted
    return Happening("a", code, NOW + began, ended, **more)


def test_what_flutters_is_one_spell() -> None:
    found = spells(
        [happening(n * 6 * MINUTE, MINUTE) for n in range(5)]
        + [happening(5 * HOUR, None), happening(2 * HOUR, HOUR, "y")]
    )
    assert [(s.first.code, s.times) for s in found] == [("x", 1), ("y", 1), ("x", 5)]
    assert found[0].ended is None
    assert found[0].lasted(NOW + 6 * HOUR) == HOUR
    assert found[2].lasted(NOW) == 25 * MINUTE


@given(
    st.lists(
        st.tuples(
            st.integers(0, 500), st.none() | st.integers(0, 100), st.sampled_from(["x", "y"])
        ),
        max_size=30,
    )
)
def test_spells_lose_nothing(raw: list[tuple[int, int | None, str]]) -> None:
    happenings = [
        happening(at * MINUTE, None if lasted is None else lasted * MINUTE, code)
        for at, lasted, code in raw
    ]
    found = spells(happenings)
    assert sum(spell.times for spell in found) == len(raw)
    assert all(spell.ended is None or spell.ended >= spell.began for spell in found)


def test_days_are_the_site_s() -> None:
    late = [Happening("a", "x", datetime(2026, 11, 21, 23, 30, tzinfo=UTC), severity="critical")]
    assert [day.day for day in by_day(late)] == [21]
    found = by_day(late, ZoneInfo("Europe/Berlin"))
    assert [(day.day, dict(counts)) for day, counts in found.items()] == [(22, {"critical": 1})]


@pytest.mark.parametrize(
    ("code", "jam"),
    [
        ("alert.media path.8", True),
        ("problem.jammed", True),
        ("jam", True),
        ("jam.010C", True),
        ("service-call.E000-0001", False),
        ("8", True),
        ("808", False),
        ("alert.input.808", False),
        ("jammy", False),
    ],
)
def test_jams_are_known_by_each_way(code: str, jam: bool) -> None:
    assert is_jam(code) is jam


def test_a_jam_told_twice_is_one_and_few_pages_give_no_rate() -> None:
    happenings = [
        happening(timedelta(0), MINUTE, "jam", place="Drawer 1"),
        happening(MINUTE, MINUTE, "alert.media path.8", place="Drawer 1"),
        happening(2 * HOUR, MINUTE, "jam", place="Drawer 2"),
        Happening("b", "jam", NOW, NOW),
        Happening("c", "alert.input.808", NOW, NOW),
    ]
    worst, other = jams(happenings, {"a": 10_000, "b": 100})
    assert (worst.device, worst.count, worst.rate) == ("a", 2, 2.0)
    assert worst.places == (("Drawer 1", 2), ("Drawer 2", 1))
    assert (other.device, other.count, other.rate) == ("b", 1, None)
