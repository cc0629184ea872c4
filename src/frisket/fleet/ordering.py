"""What to order: supplies that are empty, low, or may run out soon, by what one asks a shop for.

Pure. The cautious end of a forecast counts: whoever waits for the middle runs out half the time.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from frisket.telemetry.forecast import Outcome
from frisket.telemetry.gateway.view import Remaining
from frisket.telemetry.sample import State

LOW: Final = 10  # percent


@dataclass(frozen=True, slots=True)
class Line:
    """So many pieces of one supply for one model at one site. `soonest` is days, None: now."""

    site: str
    model: str
    supply: str
    color: str
    pieces: int
    soonest: float | None
    devices: tuple[str, ...]


def is_due(each: Remaining, within: float) -> bool:
    """Say whether a supply is to be ordered for the next days; waste boxes and drums too."""
    said, level = each.forecast, each.supply.level
    if said.outcome is Outcome.FORECAST and said.low is not None and said.low <= within:
        return True
    low = level.percent is not None and level.percent <= LOW
    return said.outcome is Outcome.EMPTY or level.state is State.NEARLY_EMPTY or low


def days_left(each: Remaining) -> float | None:
    """Return the cautious end of the forecast; 0 for what is empty, None where nobody can say."""
    if each.forecast.outcome is Outcome.EMPTY:
        return 0.0
    return each.forecast.low if each.forecast.outcome is Outcome.FORECAST else None


def order_list(remaining: Iterable[Remaining], within: float) -> list[Line]:
    """Return what to order for the next `within` days, the most urgent first."""
    groups: dict[tuple[str, str, str, str], list[Remaining]] = {}
    for each in remaining:
        if is_due(each, within):
            supply = each.supply
            key = (each.who.site, each.who.model, supply.name, supply.color)
            groups.setdefault(key, []).append(each)
    lines = []
    for (site, model, name, color), mine in groups.items():
        known = [days for each in mine if (days := days_left(each)) is not None]
        devices = tuple(each.who.serial or each.who.key for each in mine)
        lines.append(Line(site, model, name, color, len(mine), min(known, default=None), devices))
    return sorted(lines, key=lambda x: (x.soonest or 0.0, x.site, x.model, x.supply, x.color))


BUCKETS: Final = (0.0, 7.0, 14.0, 30.0, 60.0, 90.0)


def by_time(remaining: Iterable[Remaining]) -> list[int]:
    """Count supplies by when they may run out: at each of `BUCKETS`, later, and nobody can say."""
    counts = [0] * (len(BUCKETS) + 2)
    for each in remaining:
        days = days_left(each)
        if days is None:
            counts[-1] += 1
        else:
            place = next((n for n, most in enumerate(BUCKETS) if days <= most), len(BUCKETS))
            counts[place] += 1
    return counts
