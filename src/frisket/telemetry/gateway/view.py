"""What is stored, put together for people: board, supplies, alerts, jams, billing statements."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from frisket.store.reported import Day, Reported, Who
from frisket.telemetry.billing import About, Device, Statement, statement
from frisket.telemetry.board import Board, Row, board
from frisket.telemetry.flat import unflatten
from frisket.telemetry.forecast import WINDOW, Forecast, Point, forecast
from frisket.telemetry.gateway.metrics import Metrics, unpacked
from frisket.telemetry.history import Happening
from frisket.telemetry.meters import Month, Reading, Silence, after, begin_of
from frisket.telemetry.sample import Sample, State, Supply

_COUNTER: Final = "counter."
_DAY: Final = 86_400
_EPOCH: Final = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class Now:
    """A device as it is now. `seen` and `sample` are None where it never reported."""

    who: Who
    seen: datetime | None = None
    sample: Sample | None = None


@dataclass(frozen=True, slots=True)
class Remaining:
    """One supply of one device, and when it will be empty."""

    who: Who
    supply: Supply
    forecast: Forecast


def zone_of(name: str) -> tzinfo:
    """Return a site's zone, UTC for one that is not known here."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC


@dataclass(frozen=True, slots=True)
class Views:
    """Views on what is stored. Synchronous; every call raises `StoreFault`."""

    reported: Reported
    metrics: Metrics

    def now(self, devices: Sequence[Who]) -> list[Now]:
        """Return how these devices are."""
        latest = {row.device_id: row for row in self.reported.latest([who.id for who in devices])}
        found = []
        for who in devices:
            row = latest.get(who.id)
            if row is None:
                found.append(Now(who))
            else:
                sample = unflatten(self.metrics.named(unpacked(row.values)))
                found.append(Now(who, datetime.fromtimestamp(row.seen, UTC), sample))
        return found

    def supplies(self, devices: Sequence[Who], now: datetime) -> list[Remaining]:
        """Return every supply of these devices, those that may end first before the others."""
        today = int(now.timestamp()) // _DAY
        window = WINDOW // timedelta(days=1)
        days: dict[int, list[Day]] = {}
        for row in self.reported.days([who.id for who in devices], today - window, today + 2):
            days.setdefault(row.device_id, []).append(row)
        found = []
        for one in self.now(devices):
            if one.sample is None or one.seen is None:
                continue
            levels = [
                (datetime.fromtimestamp(row.seen, UTC), self.metrics.named(unpacked(row.values)))
                for row in days.get(one.who.id, [])
            ]
            for supply in one.sample.supplies:
                points = [*_points(levels, supply), _point(one.seen, supply)]
                found.append(Remaining(one.who, supply, forecast(points, now)))
        return sorted(found, key=_urgency)

    def board(self, devices: Sequence[Who], now: datetime) -> Board:
        """Return the board of these devices."""
        remaining: dict[int, dict[str, Forecast]] = {}
        for each in self.supplies(devices, now):
            remaining.setdefault(each.who.id, {})[each.supply.index] = each.forecast
        standing: dict[int, list[str]] = {}
        until = int(now.timestamp()) + 1
        for event in self.reported.events([w.id for w in devices], 0, until, standing=True):
            standing.setdefault(event.device_id, []).append(event.severity)
        rows = [
            Row(
                one.who.serial or one.who.key,
                one.who.name,
                one.who.site,
                one.seen,
                status=one.sample.status if one.sample else Sample().status,
                alerts=tuple(standing.get(one.who.id, ())),
                supplies=one.sample.supplies if one.sample else (),
                forecasts=remaining.get(one.who.id, {}),
            )
            for one in self.now(devices)
        ]
        return board(rows, now)

    def happenings(
        self, devices: Sequence[Who], since: datetime, until: datetime, *, standing: bool = False
    ) -> list[Happening]:
        """Return what was wrong in a time, or what still is."""
        names = {who.id: who.serial or who.key for who in devices}
        began, ended = int(since.timestamp()), int(until.timestamp())
        return [
            Happening(
                names[event.device_id],
                event.code,
                datetime.fromtimestamp(event.began, UTC),
                None if event.ended is None else datetime.fromtimestamp(event.ended, UTC),
                event.severity,
                event.text,
                event.name,
            )
            for event in self.reported.events(list(names), began, ended, standing=standing)
        ]

    def statement(self, who: Who, month: Month, now: datetime) -> Statement:
        """Return a device's billing statement of a month."""
        zone = zone_of(who.zone)
        begin, end = begin_of(month, zone), begin_of(after(month), zone)
        (one,) = self.now([who])
        sample = one.sample or Sample()
        about = {c.name: About(c.label, c.number, c.unit) for c in sample.counters}
        gaps = [
            Silence(_utc(gap.began), _utc(gap.ended), gap.why)
            for gap in self.reported.gaps(who, int(begin.timestamp()), int(end.timestamp()))
        ]
        device = Device(who.serial or who.key, who.model, who.name, who.site)
        readings = list(self._readings(who, begin, end, now, one))
        return statement(device, month, readings, now, about=about, gaps=gaps, zone=zone)

    def _readings(
        self, who: Who, begin: datetime, end: datetime, now: datetime, one: Now
    ) -> Iterator[Reading]:
        """Yield what the counters showed: the last before the month, each change, each day's end.

        The day's ends tell that a device was there on days on which nothing was printed.
        """
        first = (begin.date() - _EPOCH).days
        last = (end.date() - _EPOCH).days
        before = self.reported.day_before(who.id, first)
        counters: dict[str, int] = {}
        if before is not None:
            counters = _counts(self.metrics.named(unpacked(before.values)))
            yield Reading(_utc(before.seen), dict(counters), who.serial)
        serial = who.serial
        since, until = int(begin.timestamp()), int(end.timestamp())
        moments = [
            (row.at, 0, row.values, row.skew == 0)
            for row in self.reported.readings(who.id, since, until)
        ]
        moments += [
            (row.seen, 1, row.values, True) for row in self.reported.days([who.id], first, last)
        ]
        for at, _, octets, sure in sorted(moments, key=lambda row: row[:2]):
            values = self.metrics.named(unpacked(octets))
            serial = str(values.get("identity.serial") or serial)
            counters |= _counts(values)
            yield Reading(_utc(at), dict(counters), serial, sure)
        if one.seen is not None and one.sample is not None and begin <= one.seen < end:
            counters |= {c.name: c.value for c in one.sample.counters}
            if one.seen <= now:
                yield Reading(one.seen, dict(counters), serial)


def _utc(at: int) -> datetime:
    return datetime.fromtimestamp(at, UTC)


def _counts(values: Mapping[str, Any]) -> dict[str, int]:
    return {
        name.removeprefix(_COUNTER): value
        for name, value in values.items()
        if name.startswith(_COUNTER) and isinstance(value, int)
    }


def _points(
    levels: Iterable[tuple[datetime, Mapping[str, Any]]], supply: Supply
) -> Iterator[Point]:
    """Yield a supply's levels over time, by the capacity that it has now."""
    for at, values in levels:
        told = values.get(f"supply.{supply.index}.level")
        capacity = supply.level.capacity
        if isinstance(told, int) and capacity and 0 <= told <= capacity:
            yield Point(at, (200 * told + capacity) // (2 * capacity))
        elif isinstance(told, str) and told in set(State):
            yield Point(at, None, State(told))


def _point(at: datetime, supply: Supply) -> Point:
    level = supply.level
    return Point(at, level.percent, level.state)


def _urgency(each: Remaining) -> tuple[float, int, str, str]:
    """Return what to sort by: the cautious end of the forecast, then what is left."""
    said = each.forecast
    percent = each.supply.level.percent
    soon = 0.0 if percent == 0 else said.low if said.low is not None else float("inf")
    return (soon, 101 if percent is None else percent, each.who.key, each.supply.index)
