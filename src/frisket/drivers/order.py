"""The order of changes: open what survives, change, close the rest; ourselves last. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Protocol, TypeVar

from frisket.drivers.base import Settings, Way
from frisket.drivers.ways import closes, is_open, opens
from frisket.model.reading import Value


class Change(Protocol):
    """What is ordered: a key, its new value, and whether that waits for a restart."""

    @property
    def key(self) -> str:
        """The key."""

    @property
    def wanted(self) -> Value:
        """Its new value."""

    @property
    def restart(self) -> bool:
        """Whether the value takes effect only at a restart."""


C = TypeVar("C", bound=Change)


class Phase(IntEnum):
    """When a change is made."""

    REACH = 0  # opens the way we work over, by another one
    OPEN = 1  # opens a way that is open in the end
    CHANGE = 2
    LOGIN = 3  # changes the login we work with
    CLOSE = 4  # closes a way
    LAST = 5  # closes the way we work over


@dataclass(frozen=True, slots=True)
class Stage:
    """Changes made together; `restart` where the device restarts after them.

    `whole`: they are one change to the device, sent in one request however many they are.
    """

    phase: Phase
    keys: tuple[str, ...]
    restart: bool = False
    whole: bool = False


def phase_of(
    change: Change, before: Settings, after: Settings, ways: Iterable[Way], own: str
) -> Phase:
    """Return when a change is made; `own` names the way that we work over."""
    phase = Phase.CHANGE
    alone = {**before, change.key: change.wanted}
    for way in ways:
        survives = is_open(way, after)
        stood = is_open(way, before)
        if stood and not survives and closes(way, after, change.key):
            if way.name == own:
                return Phase.LAST
            phase = max(phase, Phase.CLOSE)
        elif stood and not is_open(way, alone):
            # Weak algorithms are forbidden only after our own has become a strong one; that goes
            # for a way, too, which something else closes in the end.
            phase = max(phase, Phase.CLOSE)
    raised = any(
        way.manages
        and is_open(way, after)
        and not is_open(way, before)
        and opens(way, before, change.key, change.wanted)
        for way in ways
    )
    return Phase.OPEN if raised else phase


def stages(
    changes: Sequence[C],
    before: Settings,
    ways: Sequence[Way],
    own: str,
    *,
    login: frozenset[str],
    reach: tuple[str, ...] = (),
) -> tuple[Stage, ...]:
    """Group changes into stages. Within one, the order given stays; restarts are at most three.

    `login` are the keys that change the login we work with, `reach` those that open our way.
    What waits for a restart takes effect at the end of OPEN where a way needs it, else once before
    we close our own way.
    """
    after = {**before, **{change.key: change.wanted for change in changes}}
    before = {**before, **{change.key: change.wanted for change in changes if change.key in reach}}
    by_phase: dict[Phase, list[C]] = {phase: [] for phase in Phase}
    for change in changes:
        phase = phase_of(change, before, after, ways, own)
        if change.key in login and phase < Phase.LAST:
            phase = Phase.LOGIN
        if change.key in reach:
            phase = Phase.REACH
        by_phase[phase].append(change)
    found = [phase for phase in Phase if by_phase[phase]]
    middle = (Phase.CHANGE, Phase.LOGIN, Phase.CLOSE)
    waits = any(change.restart for phase in middle for change in by_phase[phase])
    last_middle = max((phase for phase in found if phase in middle), default=None)

    def restarts(phase: Phase) -> bool:
        if phase in middle:
            return waits and phase is last_middle
        return any(change.restart for change in by_phase[phase])

    return tuple(
        Stage(phase, tuple(change.key for change in by_phase[phase]), restarts(phase))
        for phase in found
    )
