"""From polls to events: one when something starts to be wrong, one when it is over. Pure.

A printer that is switched off, or asleep, raises none of the alerts it no longer reports and
clears none; silence by day is one event of its own, after a while.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final

from frisket.telemetry.poll import Polled
from frisket.telemetry.sample import Alert, Level, Sample, State, Supply
from frisket.telemetry.wake import Quiet
from frisket.telemetry.words import CODES, NOTICES

SILENT: Final = "device.silent"
FLOOD: Final = "device.too-many-alerts"
LOW: Final = "supply.low"
EMPTY: Final = "supply.empty"
_SEVERITY: Final[Mapping[str, int]] = {"critical": 0, "warning": 1}
_VAGUE: Final = frozenset({0, 1, 2})  # codes that say nothing: the text must tell alerts apart
_DOWN_PROBLEMS: Final = frozenset({"no paper", "no toner", "door open", "jammed", "offline"})


class Presence(StrEnum):
    """How a device takes being asked."""

    UNMET = "not met yet"
    ANSWERS = "answers"
    ASLEEP = "asleep"
    MISSED = "missed"  # silent, and too short to say more
    DOWN = "does not answer"


class Change(StrEnum):
    """What an event says of its condition."""

    RAISED = "raised"
    CLEARED = "cleared"


@dataclass(frozen=True, slots=True)
class Rules:
    """When something counts. A device is down after `silences` silent polls and `silent_for`.

    A condition is over when `absences` polls in a row do not show it. Levels are in percent: a
    supply is low at `low`, and no longer from `refilled` on. In one day a device raises at most
    `most_a_day`; then one event says so.
    """

    silences: int = 3
    silent_for: timedelta = timedelta(minutes=15)
    absences: int = 2
    low: int = 10
    refilled: int = 15
    most_a_day: int = 60


@dataclass(frozen=True, slots=True)
class Seen:
    """One poll's outcome. `sample` is None where the device kept silent.

    `asleep`: it was not asked, or it is silent at an hour at which it may sleep.
    """

    at: datetime
    sample: Sample | None = None
    asleep: bool = False


@dataclass(frozen=True, slots=True)
class Condition:
    """Something wrong since a moment. `code` and `place` tell it from others of the device."""

    code: str
    place: str
    severity: str
    since: datetime
    text: str = ""
    absences: int = 0

    @property
    def key(self) -> tuple[str, str]:
        """What makes two reports the same condition: never the row, which devices number anew."""
        return self.code, self.place


@dataclass(frozen=True, slots=True)
class Event:
    """A condition was raised or cleared `at` a moment."""

    change: Change
    at: datetime
    condition: Condition


@dataclass(frozen=True, slots=True)
class AlertState:
    """What is known of a device's troubles between two polls."""

    presence: Presence = Presence.UNMET
    silences: int = 0
    silent_since: datetime | None = None
    standing: tuple[Condition, ...] = ()
    day: date | None = None
    raised: int = 0  # on that day


@dataclass(slots=True)
class _Step:
    """One step under way: the events it gives, and what stands."""

    at: datetime
    rules: Rules
    raised: int
    standing: dict[tuple[str, str], Condition]
    events: list[Event] = field(default_factory=list)

    def raise_(self, condition: Condition) -> None:
        """Raise it, unless the device has said too much today."""
        if condition.key in self.standing:
            return
        if self.raised >= self.rules.most_a_day and condition.code != SILENT:
            condition = Condition(FLOOD, "", "warning", self.at, "more alerts than are told")
            if condition.key in self.standing:
                return
        self.raised += 1
        self.standing[condition.key] = condition
        self.events.append(Event(Change.RAISED, self.at, condition))

    def clear(self, key: tuple[str, str]) -> None:
        """Clear it, where it stands."""
        if condition := self.standing.pop(key, None):
            self.events.append(Event(Change.CLEARED, self.at, replace(condition, absences=0)))


def seen_of(polled: Polled, quiet: Quiet | None) -> Seen:
    """Return a poll's outcome: silence in the quiet hours is sleep."""
    if polled.sample:
        return Seen(polled.at, polled.sample)
    night = quiet is not None and quiet.night(polled.at) is not None
    return Seen(polled.at, asleep=polled.rests or night)


def observe(
    state: AlertState, seen: Seen, rules: Rules = Rules()
) -> tuple[AlertState, tuple[Event, ...]]:
    """Take one poll in: the state after it, and what has changed, in the order to tell it."""
    same_day = state.day == seen.at.date()
    step = _Step(
        seen.at,
        rules,
        state.raised if same_day else 0,
        {condition.key: condition for condition in state.standing},
    )
    after = _silent(state, seen, step) if seen.sample is None else _answers(state, seen, step)
    after = replace(
        after,
        standing=tuple(step.standing.values()),
        day=seen.at.date(),
        raised=step.raised,
    )
    return after, tuple(step.events)


def _silent(state: AlertState, seen: Seen, step: _Step) -> AlertState:
    """Wait; after a while say once that the device does not answer. A sleeper is never down."""
    if seen.asleep:
        down = state.presence is Presence.DOWN
        return replace(
            state,
            presence=Presence.DOWN if down else Presence.ASLEEP,
            silences=0,
            silent_since=None,
        )
    silences = state.silences + 1
    since = state.silent_since or seen.at
    if state.presence is Presence.DOWN:
        return replace(state, silences=silences, silent_since=since)
    late = silences >= step.rules.silences and seen.at - since >= step.rules.silent_for
    # A device that never answered has nothing to be compared with.
    if state.presence is Presence.UNMET:
        return replace(state, silences=silences, silent_since=since)
    if late:
        step.raise_(Condition(SILENT, "", "critical", since, "the device does not answer"))
    presence = Presence.DOWN if late else Presence.MISSED
    return replace(state, presence=presence, silences=silences, silent_since=since)


def _answers(state: AlertState, seen: Seen, step: _Step) -> AlertState:
    assert seen.sample is not None
    step.clear((SILENT, ""))
    flood = step.standing.get((FLOOD, ""))
    if flood and flood.since.date() != seen.at.date():
        step.clear(flood.key)
    reported = {condition.key: condition for condition in conditions(seen.sample, step)}
    for key, standing in list(step.standing.items()):
        if key in reported:
            step.standing[key] = replace(standing, absences=0)
        elif key[0] != FLOOD:
            absences = standing.absences + 1
            if absences >= step.rules.absences:
                step.clear(key)
            else:
                step.standing[key] = replace(standing, absences=absences)
    urgent = sorted(reported.values(), key=lambda one: _SEVERITY.get(one.severity, 2))
    for condition in urgent:
        step.raise_(condition)
    return replace(state, presence=Presence.ANSWERS, silences=0, silent_since=None)


def conditions(sample: Sample, step: _Step) -> Iterator[Condition]:
    """Yield what a sample says is wrong; what its alerts tell is not told by other means too."""
    yield from _alerts(sample.alerts, step.at)
    told = {alert.member for alert in sample.alerts if alert.group == "supply"}
    for supply in sample.supplies:
        last = supply.index.rpartition(".")[2]
        if not (last.isdigit() and int(last) in told):
            yield from _supply(supply, step)
    if not sample.alerts:
        for problem in sample.status.problems:
            severity = "critical" if problem in _DOWN_PROBLEMS else "warning"
            yield Condition(f"problem.{problem}", "", severity, step.at, problem)


def _alerts(alerts: Iterable[Alert], at: datetime) -> Iterator[Condition]:
    for alert in alerts:
        if alert.code in NOTICES:
            continue
        what = CODES.get(alert.code, f"code {alert.code}")
        code = f"alert.{alert.group or 'other'}.{alert.code}"
        if alert.code in _VAGUE:
            code = f"{code}.{alert.text}"
        place = f"{alert.group} {alert.member}".strip()
        yield Condition(code, place, alert.severity or "other", at, alert.text or what)


def _supply(supply: Supply, step: _Step) -> Iterator[Condition]:
    place = f"{supply.name} {supply.index}".strip()
    percent = _left(supply.level)
    if percent is None:
        return
    was = (LOW, place) in step.standing or (EMPTY, place) in step.standing
    if percent <= 0:
        yield Condition(EMPTY, place, "critical", step.at, f"{supply.name}: nothing left")
    elif percent <= step.rules.low or (was and percent < step.rules.refilled):
        yield Condition(LOW, place, "warning", step.at, f"{supply.name}: {percent} % left")


def _left(level: Level) -> int | None:
    """Return what is left in percent; 1 for a device's own word for nearly empty."""
    return 1 if level.state is State.NEARLY_EMPTY else level.percent
