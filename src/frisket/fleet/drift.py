"""Drift: how a device's settings moved away from the state that a person accepted. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from frisket.catalog.load import Catalog
from frisket.catalog.setting import Kind, show
from frisket.model.reading import Readings, Value, Witness

FLAPPING: Final = 3  # changes to and fro within a week
_WEEK: Final = timedelta(days=7)
_TRUSTED: Final = (Witness.NETWORK, Witness.DEVICE)  # a person's word does not drift


class Cause(StrEnum):
    """Who or what explains a change."""

    OURS = "our own change"
    FIRMWARE = "new firmware"
    RESTART = "a restart"
    UNKNOWN = "unknown"


class DriftState(StrEnum):
    """What became of a change; only an open one asks for a decision."""

    OPEN = "open"
    ACCEPTED = "accepted"
    REAPPLIED = "re-applied"
    WAIVED = "waived"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What else happened since the accepted state: our own writes (key to value), by which run.

    `firmware` is the version then and now; `restarted` says that the device restarted since the
    last time it was read.
    """

    own: Mapping[str, Value] = field(default_factory=dict)
    run: str = ""
    firmware: tuple[str, str] = ("", "")
    restarted: bool = False


@dataclass(frozen=True, slots=True)
class Moved:
    """One setting that is not as accepted, and what explains it."""

    key: str
    was: Value
    now: Value
    cause: Cause
    explained: str = ""


@dataclass(frozen=True, slots=True)
class Drift:
    """One drift as it is kept. `flips` holds when it went to or fro; `id` 0 is not kept yet."""

    key: str
    was: str
    now: str
    since: datetime
    seen: datetime
    cause: Cause
    explained: str = ""
    state: DriftState = DriftState.OPEN
    flips: int = 0
    id: int = 0

    @property
    def flapping(self) -> bool:
        """Say whether it goes to and fro: then accepting it settles nothing."""
        return self.flips >= FLAPPING


def state_of(readings: Readings, catalog: Catalog) -> dict[str, Value]:
    """Return what can be accepted as a device's state: settings on which witnesses agree."""
    found: dict[str, Value] = {}
    for key in readings:
        if key not in catalog or catalog[key].secret or catalog[key].kind is not Kind.SETTING:
            continue
        said = {one.value for one in readings.known(key) if one.witness in _TRUSTED}
        if len(said) == 1:
            found[key] = said.pop()
    return found


def moved(
    accepted: Mapping[str, Value],
    readings: Readings,
    catalog: Catalog,
    around: Circumstances,
) -> tuple[Moved, ...]:
    """Return every setting that is read otherwise than accepted; what is not read has not moved."""
    now = state_of(readings, catalog)
    return tuple(
        Moved(key, was, now[key], *_explained(key, now[key], catalog, around))
        for key, was in sorted(accepted.items())
        if key in now and now[key] != was
    )


def _explained(key: str, now: Value, catalog: Catalog, around: Circumstances) -> tuple[Cause, str]:
    if key in around.own and around.own[key] == now:
        return Cause.OURS, f"run {around.run}" if around.run else ""
    before, after = around.firmware
    if before and after and before != after:
        return Cause.FIRMWARE, f"{before} became {after}"
    if around.restarted and key in catalog and catalog[key].restart:
        return Cause.RESTART, "it takes effect at a restart"
    return Cause.UNKNOWN, ""


def follow(
    kept: Iterable[Drift],
    found: Sequence[Moved],
    now: datetime,
    pending: Collection[str] = (),
) -> tuple[Drift, ...]:
    """Return every drift after a new look: begun, gone on, come back or gone.

    A setting that returns to its accepted value ends its drift and counts as a flip; one that
    drifts again within a week takes the old one up, flips and all. What a person settled stays
    settled while the value does; what was to be put back is open again where it is still there and
    no change that puts it back is under way (`pending` keys).
    """
    before = {one.key: one for one in kept}
    after: list[Drift] = []
    for one in found:
        was, value = show(one.was), show(one.now)
        last = before.pop(one.key, None)
        if last is None or (last.state is DriftState.GONE and now - last.seen > _WEEK):
            fresh = Drift(one.key, was, value, now, now, one.cause, one.explained)
            after.append(replace(fresh, id=last.id if last is not None else 0))
        elif last.state is DriftState.GONE:
            again = replace(last, state=DriftState.OPEN, flips=last.flips + 1, since=now, was=was)
            after.append(replace(again, now=value, seen=now, **_why(one)))
        elif last.now != value:
            other = replace(last, state=DriftState.OPEN, was=was, now=value, seen=now)
            after.append(replace(other, flips=last.flips + 1, **_why(one)))
        elif last.state is DriftState.REAPPLIED and one.key not in pending:
            after.append(replace(last, state=DriftState.OPEN, seen=now, **_why(one)))
        else:
            after.append(replace(last, seen=now))
    after += [_without(last, now) for last in before.values()]
    return tuple(after)


def _why(one: Moved) -> dict[str, Any]:
    return {"cause": one.cause, "explained": one.explained}


def _without(last: Drift, now: datetime) -> Drift:
    """Return a drift whose setting is as accepted now."""
    if last.state is DriftState.GONE:
        return last
    return replace(last, state=DriftState.GONE, seen=now, flips=last.flips + 1)
