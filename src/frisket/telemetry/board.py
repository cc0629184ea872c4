"""The fleet's status board: how many are well, which need somebody, what runs out first. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from frisket.telemetry.forecast import Forecast, Outcome
from frisket.telemetry.sample import State, Status, Supply

SILENT: Final = timedelta(hours=26)  # a device that sleeps is woken once a night
WORST: Final = 20
_LOW: Final = 10  # percent
_SOON: Final = 7.0  # days
_STOPPED: Final = frozenset({"no paper", "no toner", "door open", "jammed", "offline"})
_STOPPED_DEVICE: Final = "down"


class Light(StrEnum):
    """How a device is, the worst that is true of it."""

    NEVER = "never heard of"
    SILENT = "silent"
    STOPPED = "stopped"
    ATTENTION = "needs attention"
    ASLEEP = "asleep"
    WELL = "well"
    UNKNOWN = "unknown"  # it answers, and says nothing of how it is


@dataclass(frozen=True, slots=True)
class Row:
    """What is known of one device. `seen` is when it answered last (UTC), None for never.

    `alerts` are severities of what stands now; `forecasts` are by supply index.
    """

    device: str
    name: str = ""
    site: str = ""
    seen: datetime | None = None
    asleep: bool = False
    status: Status = field(default_factory=Status)
    alerts: tuple[str, ...] = ()
    supplies: tuple[Supply, ...] = ()
    forecasts: Mapping[str, Forecast] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Running:
    """A supply that runs out. `days` and `low` are the forecast's, None where there is none."""

    device: str
    name: str
    site: str
    supply: str
    color: str
    percent: int | None
    state: State
    days: float | None = None
    low: float | None = None


@dataclass(frozen=True, slots=True)
class Quiet:
    """A device that has not answered since then; None for never."""

    device: str
    name: str
    site: str
    since: datetime | None


@dataclass(frozen=True, slots=True)
class Board:
    """The board. `counts` has every light; `unmeasured` counts supplies without an amount."""

    at: datetime
    devices: int
    counts: Mapping[Light, int]
    sites: Mapping[str, Mapping[Light, int]]
    worst: tuple[Running, ...]
    silent: tuple[Quiet, ...]
    measured: int
    unmeasured: int


def light_of(row: Row, now: datetime, silent: timedelta = SILENT) -> Light:
    """Return how a device is: what it does not say is never well."""
    if row.seen is None:
        return Light.NEVER
    if now - row.seen > silent:
        return Light.SILENT
    if row.asleep:
        return Light.ASLEEP
    status = row.status
    stopped = status.device == _STOPPED_DEVICE or bool(_STOPPED & set(status.problems))
    if stopped or "critical" in row.alerts:
        return Light.STOPPED
    if row.alerts or status.problems or status.device == "warning":
        return Light.ATTENTION
    if any(_is_low(supply) for supply in row.supplies):
        return Light.ATTENTION
    return Light.WELL if status.printer or status.device else Light.UNKNOWN


def _is_low(supply: Supply) -> bool:
    percent = supply.level.percent
    return supply.level.state is State.NEARLY_EMPTY or (percent is not None and percent <= _LOW)


def _running(row: Row) -> Iterable[Running]:
    for supply in row.supplies:
        found = row.forecasts.get(supply.index)
        said = found if found is not None and found.outcome is Outcome.FORECAST else None
        soon = said is not None and said.low is not None and said.low <= _SOON
        if soon or _is_low(supply):
            yield Running(
                row.device,
                row.name,
                row.site,
                supply.name,
                supply.color,
                supply.level.percent,
                supply.level.state,
                said.days if said else None,
                said.low if said else None,
            )


def _urgency(each: Running) -> tuple[float, float, str, str]:
    """Return what to sort by: empty first, then by the cautious end of the forecast, then level."""
    percent = each.percent if each.percent is not None else 1
    days = 0.0 if percent == 0 else each.low if each.low is not None else percent / 2
    return (days, percent, each.device, each.supply)


def board(
    rows: Iterable[Row], now: datetime, *, silent: timedelta = SILENT, worst: int = WORST
) -> Board:
    """Return the board of these devices at `now` (UTC)."""
    everyone = list(rows)
    lights = [light_of(row, now, silent) for row in everyone]
    sites: dict[str, Counter[Light]] = {}
    for row, light in zip(everyone, lights, strict=True):
        sites.setdefault(row.site, Counter())[light] += 1
    counts = Counter(lights)
    running = sorted((each for row in everyone for each in _running(row)), key=_urgency)
    quiet = [
        Quiet(row.device, row.name, row.site, row.seen)
        for row, light in zip(everyone, lights, strict=True)
        if light in {Light.SILENT, Light.NEVER}
    ]
    levels = [supply.level for row in everyone for supply in row.supplies]
    measured = sum(level.percent is not None for level in levels)
    return Board(
        at=now,
        devices=len(everyone),
        counts={light: counts[light] for light in Light},
        sites={site: dict(found) for site, found in sorted(sites.items())},
        worst=tuple(running[:worst]),
        silent=tuple(sorted(quiet, key=lambda q: (q.since is None, q.since or now, q.device))),
        measured=measured,
        unmeasured=len(levels) - measured,
    )
