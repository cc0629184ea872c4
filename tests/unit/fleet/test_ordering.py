"""The order list and the months: nothing is ordered twice, nothing counted that was not read."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from frisket.fleet.counting import month_before, months_until
from frisket.fleet.ordering import by_time, is_due, order_list
from frisket.store.reported import Who
from frisket.telemetry.forecast import Forecast, Outcome
from frisket.telemetry.gateway.view import Remaining
from frisket.telemetry.sample import Level, Source, State, Supply

FROM = Source("t", "1")


@st.composite
def remaining(draw: st.DrawFn) -> Remaining:
    number = draw(st.integers(1, 5))
    who = Who(number, 1, "Here", "UTC", f"k{number}", f"s{number}", f"m{number % 2}", "", "")
    percent = draw(st.one_of(st.none(), st.integers(0, 100)))
    state = State.MEASURED if percent is not None else State.SOME
    level = Level(state, FROM, percent, None if percent is None else 100, "percent")
    name = draw(st.sampled_from(["Black", "Cyan"]))
    days = draw(st.one_of(st.none(), st.floats(0, 400)))
    said = Forecast(Outcome.NOT_ENOUGH) if days is None else Forecast(Outcome.FORECAST, low=days)
    return Remaining(who, Supply("1", name, "toner", name, False, level), said)


@given(st.lists(remaining(), max_size=20), st.floats(0, 365))
def test_every_due_supply_is_one_piece(everything: list[Remaining], within: float) -> None:
    lines = order_list(everything, within)
    assert sum(line.pieces for line in lines) == sum(is_due(one, within) for one in everything)
    assert len({(x.site, x.model, x.supply, x.color) for x in lines}) == len(lines)
    assert [x.soonest or 0.0 for x in lines] == sorted(x.soonest or 0.0 for x in lines)


@given(st.lists(remaining(), max_size=20))
def test_longer_times_order_no_less(everything: list[Remaining]) -> None:
    short = sum(line.pieces for line in order_list(everything, 7))
    assert short <= sum(line.pieces for line in order_list(everything, 30))
    assert sum(by_time(everything)) == len(everything)


@given(st.integers(2000, 2100), st.integers(1, 12), st.integers(0, 400))
def test_months_follow_each_other(year: int, month: int, back: int) -> None:
    found = months_until(datetime(year, month, 15, tzinfo=UTC), back + 1)
    assert found[-1] == (year, month)
    assert found[0] == month_before((year, month), back)
    assert all(month_before(late, 1) == early for early, late in pairwise(found))
