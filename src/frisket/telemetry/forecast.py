"""When a supply will be empty, with an interval that is as wide as what is not known. Pure.

Use is held to be a sum of independent stretches of days with some mean and spread; the time until
the rest is used up follows from both, and from how coarsely the device tells its levels. Where
that cannot be said honestly, it is said why not.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from math import ceil, gcd, sqrt
from statistics import NormalDist, fmean, variance
from typing import Final

from frisket.telemetry.sample import Level, State

CONFIDENCE: Final = 0.8
WINDOW: Final = timedelta(days=120)  # what lies further back tells little of today's use
STALE: Final = timedelta(days=7)
_WEEK: Final = 7  # days: offices print in weeks
_STEPS: Final = 2  # a stretch is long enough for so many of the device's steps
_FEWEST: Final = 4  # stretches
_LEAST_USED: Final = 3  # steps of the device's own that were used in all
# Of what may lie outside, how much at each end: half of it, less what use with a long tail takes.
# Who printed little so far seems steady too; simulated offices showed how much that costs.
_TAIL: Final = 0.35
_HORIZON: Final = 3650.0  # days: beyond ten years an end is open
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Point:
    """A supply's level at a time: percent where it was measured, None otherwise."""

    at: datetime
    percent: int | None
    state: State = State.MEASURED


def point_of(at: datetime, level: Level) -> Point:
    """Return a sample's level as a point; an amount without a capacity is no percentage."""
    percent = level.percent
    unmeasured = State.UNKNOWN if level.state is State.MEASURED else level.state
    return Point(at, percent, State.MEASURED if percent is not None else unmeasured)


class Outcome(StrEnum):
    """What can be said."""

    FORECAST = "forecast"
    EMPTY = "empty"
    NOT_MEASURED = "not measured"  # -2, -3 and the like: the device gives no amount
    NOT_ENOUGH = "not enough data"
    NOT_USED = "not used"
    STALE = "stale"


@dataclass(frozen=True, slots=True)
class Forecast:
    """Days from the last reading until empty: the middle, and the ends of the interval.

    `high` is None where the interval is open: it may last for years. `rate` is percent a day,
    `step` how coarsely the device tells its level, `replaced` how often it was changed in the time
    looked at. Days and rate are None but for a forecast; `why` says it in words otherwise.
    """

    outcome: Outcome
    why: str = ""
    at: datetime | None = None
    percent: int | None = None
    days: float | None = None
    low: float | None = None
    high: float | None = None
    confidence: float = CONFIDENCE
    rate: float | None = None
    step: int = 0
    replaced: int = 0

    def until(self, days: float | None) -> datetime | None:
        """Return `days` of the forecast as a date; None where it is open."""
        return None if self.at is None or days is None else self.at + days * _DAY


@dataclass(frozen=True, slots=True)
class _Use:
    """What was used until a time, in percent of a full supply."""

    at: datetime
    used: float


def forecast(points: Iterable[Point], now: datetime, *, confidence: float = CONFIDENCE) -> Forecast:
    """Return when a supply is used up, from its levels until `now`, in any order."""
    ordered = sorted((p for p in points if p.at <= now), key=lambda p: p.at)
    if not ordered:
        return Forecast(Outcome.NOT_ENOUGH, "there is no reading")
    last = ordered[-1]
    if (said := _unsayable(last, now)) is not None:
        return said
    recent = [p for p in ordered if p.percent is not None and p.at >= last.at - WINDOW]
    step = resolution([p.percent for p in recent if p.percent is not None])
    uses, replaced = consumption(recent, step)
    known = Forecast(
        Outcome.NOT_ENOUGH, at=last.at, percent=last.percent, step=step, replaced=replaced
    )
    used = uses[-1].used
    span = (uses[-1].at - uses[0].at) / _DAY
    if step == 0 or used <= 0:
        return _because(known, Outcome.NOT_USED, f"no use was seen in {span:.0f} days")
    stretch = max(_WEEK, ceil(_STEPS * step * span / used))
    amounts = stretches(uses, stretch)
    if len(amounts) < _FEWEST or used < _LEAST_USED * step:
        need = max(_FEWEST * stretch - span, 1)
        why = f"{used:.0f} % in {span:.0f} days; about {need:.0f} days more are needed"
        return _because(known, Outcome.NOT_ENOUGH, why)
    assert last.percent is not None
    return _judged(known, last.percent, (amounts, stretch), confidence)


def _because(known: Forecast, outcome: Outcome, why: str) -> Forecast:
    return Forecast(outcome, why, known.at, known.percent, step=known.step, replaced=known.replaced)


def _unsayable(last: Point, now: datetime) -> Forecast | None:
    if now - last.at > STALE:
        why = f"the last reading is {(now - last.at).days} days old"
        return Forecast(Outcome.STALE, why, last.at, last.percent)
    if last.percent is None:
        why = f"the device says only: {last.state.value}"
        return Forecast(Outcome.NOT_MEASURED, why, last.at)
    if last.percent <= 0:
        return Forecast(Outcome.EMPTY, "it is empty", last.at, last.percent)
    return None


def resolution(levels: Sequence[int]) -> int:
    """Return the step in which a device tells its levels, in percent; 0 where it never moved.

    A device that knows 100, 80, 60 … has 20.
    """
    step: int = gcd(*(abs(one - other) for one, other in pairwise(levels)))
    return step


def consumption(points: Sequence[Point], step: int) -> tuple[list[_Use], int]:
    """Return what was used over time, and how often the supply was replaced.

    A level that rises by more than its step and 2 percent is a new supply. What was used between
    these two readings nobody saw: the usual is put there. Smaller rises are noise.
    """
    spans: list[tuple[datetime, float, float | None]] = []
    for one, other in pairwise(points):
        assert one.percent is not None
        assert other.percent is not None
        new = other.percent - one.percent > max(step, 2)
        used = None if new else float(one.percent - other.percent)
        spans.append((other.at, (other.at - one.at) / _DAY, used))
    seen = [(days, used) for _, days, used in spans if used is not None]
    days = sum(each for each, _ in seen)
    usual = max(0.0, sum(used for _, used in seen) / days) if days else 0.0
    uses, total = [_Use(points[0].at, 0.0)], 0.0
    for at, length, used in spans:
        total += usual * length if used is None else used
        uses.append(_Use(at, total))
    return uses, len(spans) - len(seen)


def stretches(uses: Sequence[_Use], days: int) -> list[float]:
    """Return what was used in each whole stretch of `days`, the newest first.

    A stretch with an end that nothing was read near (two days) is left out.
    """
    times = [use.at for use in uses]
    found: list[float] = []
    end = uses[-1].at
    while end - days * _DAY >= uses[0].at:
        begin = end - days * _DAY
        ends = [uses[bisect_right(times, at) - 1] for at in (begin, end)]
        if all(at - use.at <= 2 * _DAY for at, use in zip((begin, end), ends, strict=True)):
            found.append(ends[1].used - ends[0].used)
        end = begin
    return found


def t_quantile(share: float, freedom: int) -> float:
    """Return Student's t for a one-sided share (Abramowitz and Stegun 26.7.5).

    Good to a few percent for 3 and more degrees of freedom.
    """
    z = NormalDist().inv_cdf(share)
    terms = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
    )
    return z + sum(term / float(freedom) ** power for power, term in enumerate(terms, 1))


def _judged(
    known: Forecast, level: int, seen: tuple[list[float], int], confidence: float
) -> Forecast:
    amounts, stretch = seen
    rate = fmean(amounts) / stretch
    if rate <= 0:
        return _because(known, Outcome.NOT_USED, "less and less of it seems to be used")
    # The spread of a day's use. Steps of the device add to it; that errs on the wide side.
    spread = variance(amounts) / stretch
    seen_days = len(amounts) * stretch
    quantile = t_quantile(1 - _TAIL * (1 - confidence), len(amounts) - 1)
    # The true level lies within a step of what is told; and where in its week an office is tells.
    blur = known.step * known.step / 2 + rate * rate

    def deviation(days: float) -> float:
        return sqrt(spread * (days + days * days / seen_days) + blur)

    low = _crossing(lambda days: rate * days + quantile * deviation(days), level)
    high = _crossing(lambda days: rate * days - quantile * deviation(days), level)
    return Forecast(
        Outcome.FORECAST,
        at=known.at,
        percent=level,
        days=level / rate,
        low=low or 0.0,
        high=high,
        confidence=confidence,
        rate=rate,
        step=known.step,
        replaced=known.replaced,
    )


def _crossing(used: Callable[[float], float], level: float) -> float | None:
    """Return the first day by which `used` reaches the level; None beyond the horizon."""
    if used(0.0) >= level:
        return 0.0
    low, high = 0.0, 1.0
    while used(high) < level:
        low, high = high, high * 2
        if low > _HORIZON:
            return None
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if used(middle) < level else (low, middle)
    return high
