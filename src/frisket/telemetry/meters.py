"""Counts over time: what was printed between two readings, by counter, meaning and month. Pure.

A count that rises is simple. One that falls, leaps or begins anew is marked, and what it hides is
never made up: a step across such a break counts nothing, and says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from enum import StrEnum
from itertools import pairwise
from typing import Final

MODULI: Final = (10**6, 10**7, 10**8, 10**9, 1 << 31, 1 << 32)
_NEAR: Final = 100  # a counter rolls over within the last and first hundredth of its range
# prtMarkerPowerOnCount begins anew whenever a device is switched on: it is no meter.
_POWER_ON: Final = "since-it-was-switched-on"
_FEW: Final = 1000  # pages: what falls below this, or to a hundredth, began anew from nothing
PAGES_AN_HOUR: Final = 20_000  # the fastest presses make about 300 pages a minute
_SLACK: Final = 1000


class Meaning(StrEnum):
    """What a counter counts, whatever its maker calls it."""

    TOTAL = "total"
    BLACK = "black"
    COLOR = "color"
    PRINT = "print"
    COPY = "copy"
    SCAN = "scan"


# Counter names of the poll tables, the first that a device has; Canon's by number 101, 108, 105 …
MEANINGS: Final[Mapping[Meaning, tuple[str, ...]]] = {
    Meaning.TOTAL: ("total-1", "total", "life-of-the-marker"),
    Meaning.BLACK: ("total-black-1", "black"),
    Meaning.COLOR: ("total-full-color-1", "color"),
    Meaning.PRINT: ("print-total-1", "print"),
    Meaning.COPY: ("copy-total-1", "copy"),
    Meaning.SCAN: ("scan-total-1", "scan"),
}


def by_meaning(names: Iterable[str]) -> dict[Meaning, str]:
    """Return which of these counters stands for each meaning; a meaning without one is left out."""
    there = set(names)
    found = {
        meaning: next((name for name in wanted if name in there), "")
        for meaning, wanted in MEANINGS.items()
    }
    return {meaning: name for meaning, name in found.items() if name}


@dataclass(frozen=True, slots=True)
class Reading:
    """What a device's counters showed at a time (UTC). `serial` is what it said it is, if it did.

    `sure` is False where the time is that of arrival.
    """

    at: datetime
    counters: Mapping[str, int]
    serial: str = ""
    sure: bool = True


def reading_of(
    at: datetime, values: Mapping[str, object], *, serial: str = "", sure: bool = True
) -> Reading:
    """Return the reading in flat values (`counter.total-1`), as the collector and the store have.

    Closing meters of a day are one too; `at` is then the day's end.
    """
    counters = {
        name.removeprefix("counter."): value
        for name, value in values.items()
        if name.startswith("counter.") and isinstance(value, int) and not isinstance(value, bool)
    }
    said = values.get("identity.serial")
    return Reading(at, counters, serial or (said if isinstance(said, str) else ""), sure)


class Mark(StrEnum):
    """Why a step is not simply a difference."""

    RESET = "reset"  # began anew from about nothing
    REPLACED = "replaced"  # another board: another serial number, or other counts
    ROLLED_OVER = "rolled over"  # reached the end of its digits; counted through
    IMPLAUSIBLE = "implausible"  # more than any machine prints in that time
    LEFT_OUT = "left out"  # one reading that the ones before and after it belie


@dataclass(frozen=True, slots=True)
class Step:
    """From one reading of a counter to the next. `pages` is what is known to have been counted.

    `uncounted` is what a break may hide besides, as far as the later reading shows it.
    """

    counter: str
    since: datetime
    until: datetime
    before: int
    after: int
    pages: int
    mark: Mark | None = None
    uncounted: int = 0


def room(since: datetime, until: datetime) -> int:
    """Return how many pages at most a machine can print in that time."""
    hours = max(0.0, (until - since).total_seconds() / 3600)
    return _SLACK + int(PAGES_AN_HOUR * hours)


def in_order(readings: Iterable[Reading]) -> list[Reading]:
    """Return readings by time; of several at one time the last given stands."""
    return [at for _, at in sorted({r.at: r for r in readings}.items())]


def _rolled(before: int, after: int) -> int | None:
    """Return the pages of a roll-over; None where it can be none."""
    for modulus in MODULI:
        share = modulus // _NEAR
        if modulus - share <= before < modulus and after <= share:
            return modulus - before + after
    return None


def _is_glitch(before: Reading, now: Reading, after: Reading | None, name: str) -> bool:
    """Say whether a reading is belied by the next: it goes on from the one before."""
    if after is None or name not in after.counters:
        return False
    if before.serial and after.serial and before.serial != after.serial:
        return False
    first, middle, last = before.counters[name], now.counters[name], after.counters[name]
    goes_on = first <= last <= first + room(before.at, after.at)
    return goes_on and not first <= middle <= last


def _step(before: Reading, now: Reading, name: str, *, begun_anew: bool) -> Step:
    old, new = before.counters[name], now.counters[name]

    def step(pages: int, mark: Mark | None = None, uncounted: int = 0) -> Step:
        return Step(name, before.at, now.at, old, new, pages, mark, uncounted)

    if before.serial and now.serial and before.serial != now.serial:
        return step(0, Mark.REPLACED, new)
    if new >= old:
        if begun_anew and new > old:
            # Beside counters that began anew this one did too: what it shows is all there is.
            return step(0, Mark.RESET, new)
        leap = new - old > room(before.at, now.at)
        return step(0, Mark.IMPLAUSIBLE, new - old) if leap else step(new - old)
    rolled = _rolled(old, new)
    if rolled is not None and not begun_anew and rolled <= room(before.at, now.at):
        return step(rolled, Mark.ROLLED_OVER)
    mark = Mark.RESET if new <= max(_FEW, old // _NEAR) else Mark.REPLACED
    return step(0, mark, new)


def _began_anew(before: Reading, now: Reading, names: Iterable[str]) -> bool:
    """Say whether most counters fell, and not all by rolling over: the memory was cleared."""
    told = [name for name in names if before.counters[name]]
    fell = [name for name in told if now.counters[name] < before.counters[name]]
    rolled = [n for n in fell if _rolled(before.counters[n], now.counters[n]) is not None]
    return len(rolled) < len(fell) and 2 * len(fell) > len(told)


def is_meter(name: str) -> bool:
    """Say whether a counter goes on for a device's whole life."""
    return not name.startswith(_POWER_ON)


def steps(readings: Iterable[Reading]) -> list[Step]:
    """Return the steps of every meter, in time.

    A reading without a counter says nothing of it.
    """
    ordered = in_order(readings)
    last: dict[str, Reading] = {}
    found: list[Step] = []
    for place, now in enumerate(ordered):
        following = ordered[place + 1] if place + 1 < len(ordered) else None
        known = [name for name in now.counters if name in last and is_meter(name)]
        glitches = {n for n in known if _is_glitch(last[n], now, following, n)}
        together: dict[datetime, list[str]] = {}
        for name in known:
            if name not in glitches:
                together.setdefault(last[name].at, []).append(name)
        anew = {at: _began_anew(last[names[0]], now, names) for at, names in together.items()}
        for name in known:
            before = last[name]
            if name in glitches:
                old, new = before.counters[name], now.counters[name]
                found.append(Step(name, before.at, now.at, old, new, 0, Mark.LEFT_OUT))
            else:
                found.append(_step(before, now, name, begun_anew=anew[before.at]))
        last |= {name: now for name in now.counters if name not in glitches}
    return found


Month = tuple[int, int]


def month_of(at: datetime, zone: tzinfo = UTC) -> Month:
    """Return year and month of a time, as a site's clock has them."""
    local = at.astimezone(zone)
    return local.year, local.month


def begin_of(month: Month, zone: tzinfo = UTC) -> datetime:
    """Return the moment at which a month begins at a site (UTC)."""
    return datetime(*month, 1, tzinfo=zone).astimezone(UTC)


def after(month: Month) -> Month:
    """Return the next month."""
    year, number = month
    return (year, number + 1) if number < 12 else (year + 1, 1)


def by_month(found: Iterable[Step], zone: tzinfo = UTC) -> dict[Month, dict[str, int]]:
    """Return pages by month and counter; a step belongs to the month in which it was read."""
    table: dict[Month, dict[str, int]] = {}
    for step in found:
        row = table.setdefault(month_of(step.until, zone), {})
        row[step.counter] = row.get(step.counter, 0) + step.pages
    return table


def by_number(
    table: Mapping[Month, Mapping[str, int]], numbers: Mapping[str, int]
) -> dict[Month, dict[int, int]]:
    """Return pages by month and Canon number; counters without a number are left out."""
    return {
        month: {numbers[name]: pages for name, pages in row.items() if name in numbers}
        for month, row in table.items()
    }


def closing(readings: Iterable[Reading], zone: tzinfo = UTC) -> dict[date, dict[str, int]]:
    """Return each day's closing meters: the last that each counter showed on it, at the site."""
    days: dict[date, dict[str, int]] = {}
    for reading in in_order(readings):
        day = reading.at.astimezone(zone).date()
        days.setdefault(day, {}).update(reading.counters)
    return days


@dataclass(frozen=True, slots=True)
class Silence:
    """No reading, from `began` to `ended`."""

    began: datetime
    ended: datetime
    why: str = "no reading"


def silences(
    times: Sequence[datetime], begin: datetime, end: datetime, longest: timedelta
) -> list[Silence]:
    """Return where readings lie further apart than `longest`, from `begin` to `end`."""
    inside = sorted(at for at in times if begin <= at <= end)
    marks = [begin, *inside, end]
    return [Silence(one, other) for one, other in pairwise(marks) if other - one > longest]
