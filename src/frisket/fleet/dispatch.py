"""Starts the work that is due at each site, under ids that are the same whoever starts it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from frisket.errors import UsageError
from frisket.fleet.crew import whole_site
from frisket.fleet.schedule import WHEN, Task, due, read_schedule, upcoming
from frisket.jobs.minutes import AFTER
from frisket.store.schedules import AHEAD, Schedules, StoredSchedule


@dataclass(frozen=True, slots=True)
class Order:
    """One flow to start: its kind, its id for ever, and what it is given."""

    flow: str
    id: str
    given: tuple[Any, ...]


def ahead_of(mark: str) -> timedelta:
    """Return from when on a tick that was done lies in a future that was none.

    A week, by itself; nothing where the clock is known to have been set back (`jobs.minutes`).
    """
    return timedelta() if mark else AHEAD


def orders_of(stored: StoredSchedule, tick: datetime, mark: str = "") -> tuple[Order, ...]:
    """Return the flows that one tick of a site's schedule means; with `mark`, once more."""
    moment = tick.isoformat(timespec="seconds") + (f"{AFTER}{mark}" if mark else "")
    if stored.task == Task.DISCOVERY:
        return (Order("discovery", f"discovery:{stored.site_id}:{moment}", (stored.site,)),)
    if stored.task == Task.AUDIT:
        baselines = stored.document.get("baselines") or ["small-office"]
        # Of one site only some: those of a group.
        groups = stored.document.get("groups") or []
        asked = whole_site(stored.site) | ({"group": list(groups)} if groups else {})
        return tuple(
            Order("audit", f"audit:{stored.site_id}:{one}:{moment}", (one, asked))
            for one in baselines
        )
    return (Order("poll", f"poll:{stored.site_id}:{moment}", (stored.site,)),)


def next_runs(stored: StoredSchedule, now: datetime, count: int) -> tuple[datetime, ...]:
    """Return the next ticks of a stored schedule; none where it cannot be read any more."""
    when = {name: stored.document[name] for name in WHEN if name in stored.document}
    try:
        return upcoming(read_schedule(Task(stored.task), when, stored.zone), now, count)
    except (UsageError, ValueError):
        return ()


def due_now(
    stored: Iterable[StoredSchedule], now: datetime, ahead: timedelta = AHEAD
) -> tuple[list[tuple[StoredSchedule, datetime]], list[str]]:
    """Return the schedules that are due with their ticks, and what is wrong with others."""
    ready: list[tuple[StoredSchedule, datetime]] = []
    wrong: list[str] = []
    for one in stored:
        when = {k: v for k, v in one.document.items() if k in WHEN}
        try:
            last = None if one.last is not None and one.last > now + ahead else one.last
            tick = due(read_schedule(Task(one.task), when, one.zone), last, now)
        except (UsageError, ValueError) as fault:
            wrong.append(f"{one.site}, {one.task}: {fault}")
            continue
        if tick is not None:
            ready.append((one, tick))
    return ready, wrong


def plan_minute(schedules: Schedules, now: datetime, mark: str = "") -> list[list[Any]]:
    """Return the orders that are due, as plain values."""
    ready, _ = due_now(schedules.all(), now, ahead_of(mark))
    return [
        [stored.site_id, stored.task, tick.isoformat(), order.flow, order.id, list(order.given)]
        for stored, tick in ready
        for order in orders_of(stored, tick, mark)
    ]
