"""Drift in use: after each audit a device is compared with what was accepted of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from frisket.catalog.load import Catalog
from frisket.errors import UsageError
from frisket.fleet.approval import LIFE
from frisket.fleet.changes import PLANNED, PLANNING, own_writes
from frisket.fleet.drift import Cause, Circumstances, Drift, DriftState, follow, moved, state_of
from frisket.fleet.rollout import RolloutState
from frisket.model.reading import Readings, Value
from frisket.store.changes import Changes
from frisket.store.database import Database
from frisket.store.drifts import Accepted, Drifts
from frisket.store.underway import changes_in

FIRST = "first audit"
_CAUSES: Mapping[Cause, str] = {
    Cause.OURS: "ours",
    Cause.FIRMWARE: "firmware",
    Cause.RESTART: "restart",
    Cause.UNKNOWN: "unknown",
}
_UNDER_WAY: Final = (
    PLANNING,
    PLANNED,
    RolloutState.WAITING,
    RolloutState.RUNNING,
    RolloutState.PAUSED,
    RolloutState.HALTED,
)
_BY_NAME = {name: cause for cause, name in _CAUSES.items()}


def drift_of(row: Any) -> Drift:
    """Return a kept drift."""
    return Drift(
        row.key,
        row.was,
        row.now,
        row.since,
        row.seen,
        _BY_NAME.get(row.cause, Cause.UNKNOWN),
        row.explained,
        DriftState(row.state),
        row.flips,
        row.id,
    )


def _table(one: Drift) -> dict[str, Any]:
    return {
        "id": one.id,
        "key": one.key,
        "was": one.was,
        "now": one.now,
        "since": one.since,
        "seen": one.seen,
        "cause": _CAUSES[one.cause],
        "explained": one.explained,
        "state": one.state.value,
        "flips": one.flips,
    }


@dataclass(frozen=True, slots=True)
class Drifting:
    """Follows the drift of devices, and keeps what people decide on it."""

    database: Database
    catalog: Catalog

    def look(
        self, device_id: int, readings: Readings, firmware: str, state: str, now: datetime
    ) -> int:
        """Compare a device with its accepted state; return how many drifts are open.

        Of a device that is `managed` and has none, this look becomes the accepted state.
        """
        stored = Drifts(self.database)
        accepted = stored.accepted(device_id, self.catalog)
        if accepted is None:
            if state == "managed":
                first = Accepted(state_of(readings, self.catalog), firmware, now, FIRST)
                stored.accept(device_id, first)
            return 0
        found = moved(
            accepted.values, readings, self.catalog, self._around(device_id, accepted, firmware)
        )
        kept = [drift_of(row) for row in stored.of_device(device_id)]
        unread = {key for key in accepted.values if key not in state_of(readings, self.catalog)}
        # What was not read this time has neither drifted nor come back.
        read = [one for one in kept if one.key not in unread]
        after = follow(read, found, now, self._pending(device_id, now))
        before = {one.id: one for one in kept}
        stored.keep(device_id, [_table(one) for one in after if before.get(one.id) != one])
        still = [one for one in kept if one.key in unread]
        return sum(one.state is DriftState.OPEN for one in (*after, *still))

    def _pending(self, device_id: int, now: datetime) -> set[str]:
        """Return the settings that a change is about to put back: planned today, or under way."""
        found: set[str] = set()
        for change in changes_in(self.database, _UNDER_WAY):
            meant = change.source.get("kind") == "accepted" and now - change.made <= LIFE
            if meant and device_id in change.condition.get("ids", ()):
                found.update(change.source.get("keys") or (one.key for one in self.catalog))
        return found

    def _around(self, device_id: int, accepted: Accepted, firmware: str) -> Circumstances:
        rows = Changes(self.database).done_to(device_id, accepted.at)
        told = ((row.change_id, row.row) for row in rows)
        own, number, restarted = own_writes(told, self.catalog)
        run = str(number) if number else ""
        return Circumstances(own, run, (accepted.firmware, firmware), restarted=restarted)

    def made(self, device_id: int, rows: Iterable[tuple[int, Mapping[str, Any]]]) -> None:
        """Take what an approved change made of a device as accepted: its record's rows."""
        stored = Drifts(self.database)
        accepted = stored.accepted(device_id, self.catalog)
        own, _, _ = own_writes(rows, self.catalog)
        if accepted is not None and own:
            stored.accept(device_id, replace(accepted, values={**accepted.values, **own}))

    def accept(self, device_id: int, readings: Readings, key: str, who: str) -> None:
        """Take a setting's present value as accepted. Raises `UsageError` where it is not known."""
        stored = Drifts(self.database)
        accepted = stored.accepted(device_id, self.catalog)
        present = state_of(readings, self.catalog)
        if accepted is None or key not in present:
            raise UsageError("the setting was not read by the last audit", hint="audit it again")
        values: dict[str, Value] = {**accepted.values, key: present[key]}
        stored.accept(device_id, replace(accepted, values=values, by=who))
        for row in stored.of_device(device_id):
            if row.key == key:
                stored.settle(row.id, DriftState.ACCEPTED.value, who)

    def accept_all(
        self, device_id: int, readings: Readings, firmware: str, who: str, now: datetime
    ) -> None:
        """Take all that the last audit read as the accepted state."""
        stored = Drifts(self.database)
        state = Accepted(state_of(readings, self.catalog), firmware, now, who)
        stored.accept(device_id, state)
        for row in stored.of_device(device_id):
            if row.state != DriftState.GONE and row.key in state.values:
                stored.settle(row.id, DriftState.ACCEPTED.value, who)
