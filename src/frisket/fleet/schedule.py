"""Schedules: when discovery, audits and polls are due at a site, and when it is quiet there. Pure.

Times of day are the site's own. An hour that a clock change skips is due when it would have been;
one that comes twice is due once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from frisket.errors import UsageError

WHEN: Final = ("every", "at", "days", "quiet")  # what a schedule's document says of time
DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
SHORTEST: Final = timedelta(minutes=1)
_LATE: Final = timedelta(hours=6)  # a missed hour is made up for so long


class Task(StrEnum):
    """What is done by schedule."""

    DISCOVERY = "discovery"
    AUDIT = "audit"
    POLL = "poll"


@dataclass(frozen=True, slots=True)
class Quiet:
    """Hours in which nothing wakes a device: from `begin` to `end`, over midnight where later."""

    begin: time
    end: time

    def holds(self, at: time) -> bool:
        """Say whether it is quiet at this time of day."""
        if self.begin <= self.end:
            return self.begin <= at < self.end
        return at >= self.begin or at < self.end


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a task is due: `every` so long, or at `hours` of the day on `days` (none: every day)."""

    task: Task
    every: timedelta | None = None
    hours: tuple[time, ...] = ()
    days: frozenset[int] = frozenset()
    zone: str = "UTC"
    quiet: Quiet | None = None


def zone_of(name: str) -> ZoneInfo:
    """Return a time zone. Raises `UsageError`."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise UsageError(f"{name[:60]} is no time zone", hint="write Europe/Berlin") from None


def read_schedule(task: Task, table: Mapping[str, Any], zone: str) -> Schedule:
    """Return a schedule as it is written.

    Either `{"every": 300}` in seconds, or `{"at": ["02:30"], "days": ["mon"]}`; and perhaps
    `{"quiet": ["19:00", "06:30"]}`.

    Raises `UsageError` for what it cannot mean.
    """
    unknown = set(table) - set(WHEN)
    if unknown or ("every" in table) == ("at" in table):
        raise UsageError("a schedule has either `every` or `at`, and may have `days` and `quiet`")
    zone_of(zone)
    quiet = None
    if table.get("quiet"):
        hours = [_hour(one) for one in _texts(table["quiet"], 2)]
        if len(hours) != 2:
            raise UsageError("`quiet` has a begin and an end")
        quiet = Quiet(*hours)
    if "every" in table:
        try:
            every = timedelta(seconds=float(table["every"]))
        except (TypeError, ValueError, OverflowError):
            raise UsageError("`every` is a number of seconds") from None
        if not SHORTEST <= every <= timedelta(days=31):
            raise UsageError("`every` lies between one minute and 31 days")
        return Schedule(task, every=every, zone=zone, quiet=quiet)
    at = tuple(sorted({_hour(one) for one in _texts(table["at"], 48)}))
    days = frozenset(_day(one) for one in _texts(table.get("days", []), 7))
    if not at:
        raise UsageError("`at` names no hour")
    return Schedule(task, hours=at, days=days, zone=zone, quiet=quiet)


def _texts(value: Any, most: int) -> list[str]:
    if not isinstance(value, list | tuple) or len(value) > most:
        raise UsageError(f"a schedule takes a list of up to {most} here")
    return [str(one) for one in value]


def _hour(text: str) -> time:
    try:
        return datetime.strptime(text, "%H:%M").replace(tzinfo=UTC).time()
    except ValueError:
        raise UsageError(f"{text[:20]} is no time of day", hint="write 02:30") from None


def _day(text: str) -> int:
    if text[:3].casefold() not in DAYS:
        raise UsageError(f"{text[:20]} is no day", hint=f"one of {', '.join(DAYS)}")
    return DAYS.index(text[:3].casefold())


def is_quiet(schedule: Schedule, now: datetime) -> bool:
    """Say whether nothing may be woken now."""
    return schedule.quiet is not None and schedule.quiet.holds(
        now.astimezone(zone_of(schedule.zone)).time()
    )


def due(schedule: Schedule, last: datetime | None, now: datetime) -> datetime | None:
    """Return the tick that is due now, or None.

    The tick names the work for ever: whoever asks again, on whatever machine, gets the same, and
    so the same work is done once. A tick that was missed is made up for, but only the newest, and
    never one that lies in quiet hours. `last` is the tick that was done last.
    """
    if is_quiet(schedule, now):
        return None
    tick = _latest(schedule, now)
    if tick is None or (last is not None and tick <= last):
        return None
    return tick


def following(schedule: Schedule, now: datetime) -> datetime:
    """Return the next tick after now, for people to see; quiet hours are left out."""
    zone = zone_of(schedule.zone)
    if schedule.every is not None:
        tick = _floor(now, schedule.every) + schedule.every
        step = schedule.every
    else:
        tick, step = _first_after(schedule, zone, now), timedelta()
    for _ in range(5000):
        if schedule.quiet is None or not schedule.quiet.holds(tick.astimezone(zone).time()):
            break
        tick = tick + step if step else _first_after(schedule, zone, tick)
    return tick


def upcoming(schedule: Schedule, now: datetime, count: int) -> tuple[datetime, ...]:
    """Return the next ticks after now, for people to see."""
    ticks: list[datetime] = []
    for _ in range(count):
        ticks.append(following(schedule, ticks[-1] if ticks else now))
    return tuple(ticks)


def _latest(schedule: Schedule, now: datetime) -> datetime | None:
    if schedule.every is not None:
        return _floor(now, schedule.every)
    zone = zone_of(schedule.zone)
    today = now.astimezone(zone).date()
    ticks = [
        tick
        for back in (0, 1)
        for tick in _of_day(schedule, zone, today - timedelta(days=back))
        if now - _LATE <= tick <= now
    ]
    return max(ticks, default=None)


def _of_day(schedule: Schedule, zone: ZoneInfo, day: date) -> list[datetime]:
    if schedule.days and day.weekday() not in schedule.days:
        return []
    # fold 0: of an hour that comes twice the first, of one that is skipped the moment it would be.
    return [datetime.combine(day, at, zone).astimezone(UTC) for at in schedule.hours]


def _first_after(schedule: Schedule, zone: ZoneInfo, now: datetime) -> datetime:
    day = now.astimezone(zone).date()
    for ahead in range(9):
        ticks = [t for t in _of_day(schedule, zone, day + timedelta(days=ahead)) if t > now]
        if ticks:
            return min(ticks)
    raise AssertionError("a week has every day")


def _floor(now: datetime, every: timedelta) -> datetime:
    start = datetime(1970, 1, 1, tzinfo=UTC)
    return start + (now.astimezone(UTC) - start) // every * every
