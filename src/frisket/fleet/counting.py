"""Pages by month for many devices, from how their months ended; a statement says it exactly."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final

from frisket.store.reported import Reported, Who
from frisket.telemetry.gateway.metrics import Metrics, unpacked
from frisket.telemetry.gateway.view import Views
from frisket.telemetry.meters import (
    Meaning,
    Month,
    Reading,
    after,
    by_meaning,
    by_month,
    reading_of,
    steps,
)
from frisket.telemetry.sample import Counter

MONTHS: Final = 13
_EPOCH: Final = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class Printed:
    """One device's months. `counters` tell what each name means; `marked` months had a break."""

    who: Who
    months: Mapping[Month, Mapping[str, int]]
    counters: tuple[Counter, ...] = ()
    marked: frozenset[Month] = frozenset()

    def pages(self, month: Month, meaning: Meaning = Meaning.TOTAL) -> int | None:
        """Return what was counted in a month; None where the device has no such counter."""
        name = by_meaning(counter.name for counter in self.counters).get(meaning)
        return self.months.get(month, {}).get(name) if name else None


def month_before(month: Month, back: int) -> Month:
    """Return the month so many months earlier."""
    whole = month[0] * 12 + month[1] - 1 - back
    return whole // 12, whole % 12 + 1


def months_until(now: datetime, count: int = MONTHS) -> list[Month]:
    """Return the last months, the oldest first, this one last."""
    here = (now.year, now.month)
    return [month_before(here, back) for back in range(count - 1, -1, -1)]


def printed(
    views: Views, devices: Sequence[Who], now: datetime, count: int = MONTHS
) -> list[Printed]:
    """Return what devices counted by month. A page counts in the month in which it was read.

    Only the ends of months are read: a counter that began anew within one counts nothing there.
    """
    courses: dict[int, list[Reading]] = {who.id: [] for who in devices}
    wanted = months_until(now, count)
    for month in [month_before(wanted[0], 1), *wanted]:
        for device_id, reading in _month_ends(views.reported, views.metrics, courses, month):
            courses[device_id].append(reading)
    found = []
    for one in views.now(devices):
        readings = list(courses[one.who.id])
        counters = one.sample.counters if one.sample else ()
        if one.seen is not None and counters:
            readings.append(Reading(one.seen, {c.name: c.value for c in counters}))
        found.append(_printed(one.who, readings, counters))
    return found


def _printed(who: Who, readings: Iterable[Reading], counters: tuple[Counter, ...]) -> Printed:
    taken = steps(readings)
    marked = {(step.until.year, step.until.month) for step in taken if step.mark is not None}
    return Printed(who, by_month(taken), counters, frozenset(marked))


def _month_ends(
    reported: Reported, metrics: Metrics, courses: Mapping[int, object], month: Month
) -> Iterator[tuple[int, Reading]]:
    first, end = (_day_of(month), _day_of(after(month)))
    for row in reported.last_days(list(courses), first, end):
        # The day is the site's own; noon of it in UTC lies in the same month everywhere.
        noon = datetime.fromtimestamp(row.day * 86_400 + 43_200, UTC)
        yield row.device_id, reading_of(noon, metrics.named(unpacked(row.values)))


def _day_of(month: Month) -> int:
    return (date(*month, 1) - _EPOCH).days


def summed(devices: Iterable[Printed], months: Sequence[Month]) -> dict[Meaning, list[int]]:
    """Return what all devices counted by meaning and month; without a counter, nothing."""
    found = {meaning: [0] * len(months) for meaning in Meaning}
    for one in devices:
        for meaning in Meaning:
            for place, month in enumerate(months):
                found[meaning][place] += one.pages(month, meaning) or 0
    return {meaning: row for meaning, row in found.items() if any(row)}
