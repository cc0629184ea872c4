"""When people are told: rules over what is measured, with hysteresis and holding. Pure.

A rule raises a subject once it has been across its limit for `hold`, and clears it once it has been
back across the other, easier limit. Between both nothing happens, so that a value that flutters
tells nothing. What is not measured changes nothing: unknown is never well.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from frisket.errors import UsageError


class Signal(StrEnum):
    """What a rule watches. Each gives a number for each subject."""

    SUPPLY = "supply"  # percent left of one supply
    SUPPLY_DAYS = "supply-days"  # days until it may be empty, the cautious end
    SILENT = "silent"  # hours since a device was heard of
    COMPLIANCE = "compliance"  # percent of a device's judged findings that pass
    CERTIFICATE = "certificate"  # days until a device's certificate expires
    DRIFT = "drift"  # settings of a device that have moved and nobody has decided on
    ALARM = "alarm"  # alarms about a device's identity that stand
    EVENT = "event"  # critical alerts that a device reports now
    LOG = "log"  # what a collector holds against the console's audit log


class Change(StrEnum):
    """What is told."""

    RAISED = "raised"
    CLEARED = "cleared"


BELOW: Final = frozenset({Signal.SUPPLY, Signal.SUPPLY_DAYS, Signal.COMPLIANCE, Signal.CERTIFICATE})
UNITS: Final[Mapping[Signal, str]] = {
    Signal.SUPPLY: "%",
    Signal.SUPPLY_DAYS: "days",
    Signal.SILENT: "hours",
    Signal.COMPLIANCE: "%",
    Signal.CERTIFICATE: "days",
    Signal.DRIFT: "settings",
    Signal.ALARM: "alarms",
    Signal.EVENT: "alerts",
    Signal.LOG: "heads",
}
_SEVERITIES: Final = ("info", "warning", "critical")
_LONGEST: Final = 7 * 24 * 60  # minutes


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. Told of `sites` (none: all) over `channels`, by their numbers.

    It is crossed at `limit` and beyond, and back at `back` (on the good side of `limit`).
    """

    id: int
    name: str
    signal: Signal
    limit: float
    back: float
    hold: timedelta = timedelta(0)
    severity: str = "warning"
    sites: tuple[int, ...] = ()
    channels: tuple[int, ...] = ()

    def crossed(self, value: float) -> bool:
        """Say whether a value is across the limit."""
        return value <= self.limit if self.signal in BELOW else value >= self.limit

    def recovered(self, value: float) -> bool:
        """Say whether a value is well again."""
        return value > self.back if self.signal in BELOW else value < self.back


def read_rule(number: int, name: str, table: Mapping[str, Any]) -> Rule:
    """Return a rule as it is kept. Raises `UsageError` for what it cannot mean."""
    try:
        signal = Signal(str(table.get("signal")))
        limit, back = float(table["limit"]), float(table["back"])
        minutes = int(table.get("hold") or 0)
        sites = tuple(int(one) for one in table.get("sites") or ())
        channels = tuple(int(one) for one in table.get("channels") or ())
    except (KeyError, TypeError, ValueError, OverflowError):
        raise UsageError("a rule names what it watches, a limit, and where it is over") from None
    severity = str(table.get("severity") or "warning")
    if not name.strip() or not name.isprintable() or len(name) > 100:
        raise UsageError("a rule needs a name")
    if severity not in _SEVERITIES or not 0 <= minutes <= _LONGEST:
        raise UsageError("a rule holds for at most a week, and is info, warning or critical")
    if not (abs(limit) < 1e6 and abs(back) < 1e6):
        raise UsageError("a limit is a number people would write")
    good = back >= limit if signal in BELOW else back <= limit
    if not good:
        side = "above" if signal in BELOW else "below"
        raise UsageError(f"it is over only {side} the limit, not {back:g} for a limit of {limit:g}")
    hold = timedelta(minutes=minutes)
    return Rule(number, name, signal, limit, back, hold, severity, sites, channels)


def rule_table(rule: Rule) -> dict[str, Any]:
    """Return a rule as it is kept."""
    return {
        "signal": rule.signal.value,
        "limit": rule.limit,
        "back": rule.back,
        "hold": int(rule.hold.total_seconds() // 60),
        "severity": rule.severity,
        "sites": list(rule.sites),
        "channels": list(rule.channels),
    }


@dataclass(frozen=True, slots=True)
class Measure:
    """One subject's value now. `about` says in words what it is of; a device's words are in it."""

    subject: str
    site_id: int
    value: float
    about: str
    device_id: int | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """How a subject stands by a rule. `number` counts how often it was raised."""

    subject: str
    site_id: int
    device_id: int | None = None
    crossed: datetime | None = None
    raised: datetime | None = None
    number: int = 0
    value: float | None = None
    about: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """Something to tell: the `number`th time for this subject."""

    rule: Rule
    change: Change
    at: datetime
    standing: Standing


def judge(
    rule: Rule, before: Mapping[str, Standing], measures: Iterable[Measure], now: datetime
) -> tuple[dict[str, Standing], list[Told]]:
    """Return how subjects stand now, those that changed or are new, and what is to be told."""
    after: dict[str, Standing] = {}
    told: list[Told] = []
    for measure in measures:
        if rule.sites and measure.site_id not in rule.sites:
            continue
        was = before.get(measure.subject)
        if was is None and not rule.crossed(measure.value):
            continue
        was = was or Standing(measure.subject, measure.site_id, measure.device_id)
        is_, change = _step(rule, was, measure, now)
        if is_ != was:
            after[measure.subject] = is_
        if change is not None:
            told.append(Told(rule, change, now, is_))
    return after, told


def _step(
    rule: Rule, was: Standing, measure: Measure, now: datetime
) -> tuple[Standing, Change | None]:
    here = replace(was, value=measure.value, about=measure.about, site_id=measure.site_id)
    if was.raised is not None:
        if rule.recovered(measure.value):
            return replace(here, raised=None, crossed=None), Change.CLEARED
        return here, None
    if not rule.crossed(measure.value):
        return replace(here, crossed=None), None
    since = was.crossed or now
    if now - since >= rule.hold:
        return replace(here, crossed=since, raised=now, number=was.number + 1), Change.RAISED
    return replace(here, crossed=since), None
