"""What a collector tells at once of its own: a device is silent, a supply is low. Once a change.

What a device's own alert table says goes with its values, and is told from those. Names of
conditions are ours; a device's words stay at the site.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from frisket.telemetry.alert_state import (
    AlertState,
    Change,
    Condition,
    Event,
    Presence,
    observe,
    seen_of,
)
from frisket.telemetry.batch import Kind
from frisket.telemetry.collector import disk
from frisket.telemetry.collector.change import News
from frisket.telemetry.poll import Polled
from frisket.telemetry.wake import Quiet

_TOLD: Final = ("device.", "supply.", "problem.")
_FILE: Final = "alarms.json"
_MOST_STANDING: Final = 100
_URGENT: Final = "critical"


@dataclass(slots=True)
class Alarms:
    """What stands at each device, by its key; kept over restarts, so that nothing is told twice."""

    states: dict[str, AlertState] = field(default_factory=dict)
    dirty: bool = False

    def take(self, device: str, polled: Polled, quiet: Quiet | None) -> list[News]:
        """Take a poll's outcome in; return what has changed, as records to be."""
        before = self.states.get(device, AlertState())
        after, events = observe(before, seen_of(polled, quiet))
        self.states[device] = after
        self.dirty = self.dirty or bool(events)
        return [_news(device, event) for event in events if _is_told(event.condition)]

    def keep(self, folder: Path) -> None:
        """Write down what stands, where something has changed; else it would be told again."""
        if not self.dirty:
            return
        rows = {device: state_row(state) for device, state in self.states.items() if _worth(state)}
        try:
            disk.replace(folder / _FILE, json.dumps(rows, separators=(",", ":")).encode())
        except OSError:
            return
        self.dirty = False

    def recall(self, folder: Path) -> None:
        """Take up what stood when an earlier run ended; what cannot be read is told again."""
        try:
            rows = json.loads((folder / _FILE).read_bytes())
            self.states = {device: state_of(row) for device, row in rows.items()}
        except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
            self.states = {}


def _is_told(condition: Condition) -> bool:
    return condition.code.startswith(_TOLD)


def _news(device: str, event: Event) -> News:
    code, severity = event.condition.code, event.condition.severity
    if event.change is Change.CLEARED:
        code, severity = f"{code}.over", "other"
    urgent = severity == _URGENT
    return News(device, Kind.EVENT, {"code": code[:100], "severity": severity}, urgent)


def _worth(state: AlertState) -> bool:
    return bool(state.standing) or state.presence is Presence.DOWN


def state_row(state: AlertState) -> dict[str, Any]:
    """Return what is worth keeping of a device's state, as JSON takes it."""
    standing = [
        [one.code, one.place, one.severity, one.since.isoformat()]
        for one in state.standing[:_MOST_STANDING]
    ]
    return {"presence": state.presence.value, "standing": standing}


def state_of(row: Mapping[str, Any]) -> AlertState:
    """Return the state that `state_row` gave."""
    standing = tuple(
        Condition(str(code), str(place), str(severity), datetime.fromisoformat(since))
        for code, place, severity, since in row["standing"]
    )
    return AlertState(presence=Presence(row["presence"]), standing=standing)
