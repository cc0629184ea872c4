"""A rollout: a change made on many devices in waves, and when it stops. Pure.

A canary of each model first, then 1 %, 10 %, 50 % and the rest. A wave begins when the one before
has ended and the network was asked afresh about its devices (`judge`). Failures halt it, and so
does a device that shows itself worse than before; nobody but a person lets it go on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from math import ceil
from typing import Final

from frisket.errors import FrisketError

SHARES: Final = (0.01, 0.10, 0.50, 1.0)


class NotNow(FrisketError):
    """A rollout in this state cannot take this step."""


class RolloutState(StrEnum):
    """How a rollout stands."""

    WAITING = "waiting"  # for its approval, or its hour
    RUNNING = "running"
    PAUSED = "paused"  # by a person
    HALTED = "halted"  # by failures
    DONE = "done"
    UNDOING = "undoing"
    UNDONE = "undone"
    CANCELLED = "cancelled"


class Step(StrEnum):
    """How one device of a rollout stands."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    UNKNOWN = "unknown"  # nobody knows what the device has: a person must look
    UNDONE = "undone"


_ENDED: Final = frozenset({Step.DONE, Step.FAILED, Step.UNKNOWN, Step.UNDONE})
_BAD: Final = frozenset({Step.FAILED, Step.UNKNOWN})
_RETRIED: Final = (RolloutState.PAUSED, RolloutState.HALTED, RolloutState.DONE)
_OPEN: Final = frozenset(
    {RolloutState.WAITING, RolloutState.RUNNING, RolloutState.PAUSED, RolloutState.HALTED}
)


@dataclass(frozen=True, slots=True)
class Limits:
    """When a rollout halts: a canary that fails, `failures` in all, or this share of a wave."""

    failures: int = 3
    share: float = 0.3
    parallel: int = 20


@dataclass(frozen=True, slots=True)
class Rollout:
    """A rollout as it stands; `waves` hold devices in order, `steps` how each stands.

    `judged` counts the waves, from the first, of which the network was asked after they had ended.
    """

    id: str
    waves: tuple[tuple[str, ...], ...]
    limits: Limits = field(default_factory=Limits)
    state: RolloutState = RolloutState.WAITING
    steps: Mapping[str, Step] = field(default_factory=dict)
    why: str = ""
    forgiven: int = 0  # failures that a person let pass
    judged: int = 0

    def step(self, device: str) -> Step:
        """Return how a device stands."""
        return self.steps.get(device, Step.WAITING)

    @property
    def counts(self) -> Counter[Step]:
        """Return how many devices stand how."""
        return Counter(self.step(device) for wave in self.waves for device in wave)

    @property
    def wave(self) -> int:
        """Return the number of the wave that is under way, from 0; one too many at the end."""
        for number, wave in enumerate(self.waves):
            if any(self.step(device) not in _ENDED for device in wave):
                return number
        return len(self.waves)


def split(devices: Iterable[tuple[str, str]]) -> tuple[tuple[str, ...], ...]:
    """Put devices (name, model) into waves: one of each model, then growing shares of all."""
    ordered = list(dict.fromkeys(devices))
    seen: set[str] = set()
    canary: list[str] = []
    rest: list[str] = []
    for name, model in ordered:
        (rest if model in seen else canary).append(name)
        seen.add(model)
    waves = [tuple(canary)]
    done = len(canary)
    for share in SHARES:
        more = ceil(share * len(ordered)) - done
        if more > 0:
            waves.append(tuple(rest[:more]))
            rest = rest[more:]
            done += more
    return tuple(wave for wave in waves if wave)


def may_begin(rollout: Rollout) -> tuple[str, ...]:
    """Return the devices to begin now; none unless it runs."""
    if rollout.state is not RolloutState.RUNNING or rollout.wave >= len(rollout.waves):
        return ()
    if rollout.judged < rollout.wave:
        return ()
    room = rollout.limits.parallel - rollout.counts[Step.RUNNING]
    waiting = [d for d in rollout.waves[rollout.wave] if rollout.step(d) is Step.WAITING]
    return tuple(waiting[: max(room, 0)])


def to_judge(rollout: Rollout) -> int | None:
    """Return the number of the wave that has ended and is to be judged by the network, or None."""
    due = rollout.state is RolloutState.RUNNING and rollout.judged < rollout.wave
    return rollout.judged if due else None


def judge(rollout: Rollout, worse: Collection[str] = ()) -> Rollout:
    """Return the rollout after the network's word on the wave that has ended.

    `worse` are its devices that show themselves worse than before: any of them halts it, and a
    person who lets it go on lets them pass. Raises `NotNow` where no wave is to be judged.
    """
    number = to_judge(rollout)
    if number is None:
        raise NotNow("no wave is to be judged")
    after = replace(rollout, judged=number + 1)
    if not worse:
        return _ended(after)
    count = len(rollout.waves[number])
    why = f"the network sees {len(worse)} of {count} devices of wave {number + 1} worse than before"
    return replace(after, state=RolloutState.HALTED, why=why)


def to_retry(rollout: Rollout) -> tuple[str, ...]:
    """Return the devices that may have another turn: they failed, and are as they were before.

    Of one that is unknown nobody can say that: a person looks first.
    """
    if rollout.state not in _RETRIED or rollout.counts[Step.RUNNING]:
        return ()
    return tuple(d for wave in rollout.waves for d in wave if rollout.step(d) is Step.FAILED)


def retry(rollout: Rollout, devices: Collection[str]) -> Rollout:
    """Let failed devices have another turn, and go on; what else failed is let pass.

    Their waves are judged anew. Raises `NotNow` for any other device.
    """
    _must(rollout, *_RETRIED)
    if not devices or set(devices) - set(to_retry(rollout)):
        raise NotNow("only devices that failed have another turn, once nothing is under way")
    steps = {**rollout.steps, **dict.fromkeys(devices, Step.WAITING)}
    first = min(n for n, wave in enumerate(rollout.waves) if set(wave) & set(devices))
    after = replace(
        rollout,
        state=RolloutState.RUNNING,
        why="",
        steps=steps,
        judged=min(rollout.judged, first),
    )
    return replace(after, forgiven=sum(after.counts[one] for one in _BAD))


def begin(rollout: Rollout) -> Rollout:
    """Let an approved rollout run. Raises `NotNow`."""
    _must(rollout, RolloutState.WAITING)
    return _ended(replace(rollout, state=RolloutState.RUNNING))


def pause(rollout: Rollout, why: str) -> Rollout:
    """Begin no more devices; those under way go on to their end. Raises `NotNow`."""
    _must(rollout, RolloutState.RUNNING)
    return replace(rollout, state=RolloutState.PAUSED, why=why)


def resume(rollout: Rollout) -> Rollout:
    """Go on after a pause or a halt, whose failures are let pass. Raises `NotNow`."""
    _must(rollout, RolloutState.PAUSED, RolloutState.HALTED)
    forgiven = sum(rollout.counts[one] for one in _BAD)
    return _ended(replace(rollout, state=RolloutState.RUNNING, why="", forgiven=forgiven))


def cancel(rollout: Rollout, why: str) -> Rollout:
    """End it where it stands. Raises `NotNow`."""
    _must(rollout, *_OPEN)
    return replace(rollout, state=RolloutState.CANCELLED, why=why)


def undo(rollout: Rollout, why: str) -> Rollout:
    """Begin to put back what was done. Raises `NotNow` while devices are under way."""
    _must(rollout, *_OPEN - {RolloutState.WAITING}, RolloutState.DONE, RolloutState.CANCELLED)
    if rollout.counts[Step.RUNNING]:
        raise NotNow("devices are under way", hint="pause it and wait for them")
    return _ended(replace(rollout, state=RolloutState.UNDOING, why=why))


def to_undo(rollout: Rollout) -> tuple[str, ...]:
    """Return the devices to put back, the last wave first."""
    if rollout.state is not RolloutState.UNDOING:
        return ()
    return tuple(
        device
        for wave in reversed(rollout.waves)
        for device in reversed(wave)
        if rollout.step(device) is Step.DONE
    )


def note(rollout: Rollout, device: str, step: Step) -> Rollout:
    """Return the rollout after one device's news; it may end or halt by it.

    The same news twice changes nothing, and an end is never taken back but by undoing, which may
    fail too.
    """
    if not any(device in wave for wave in rollout.waves):
        raise NotNow(f"{device} is not part of {rollout.id}")
    before = rollout.step(device)
    undoing = rollout.state is RolloutState.UNDOING and step in _BAD
    undoes = before is Step.DONE and (step is Step.UNDONE or undoing)
    if before is step or (before in _ENDED and not undoes):
        return rollout
    return _ended(replace(rollout, steps={**rollout.steps, device: step}))


def _must(rollout: Rollout, *states: RolloutState) -> None:
    if rollout.state not in states:
        raise NotNow(f"the rollout is {rollout.state.value}")


def _ended(rollout: Rollout) -> Rollout:
    """Return the rollout, halted or ended where its devices say so."""
    if rollout.state is RolloutState.UNDOING:
        left = rollout.counts[Step.DONE] + rollout.counts[Step.RUNNING]
        return rollout if left else replace(rollout, state=RolloutState.UNDONE)
    if rollout.state is not RolloutState.RUNNING:
        return rollout
    if why := _unhealthy(rollout):
        return replace(rollout, state=RolloutState.HALTED, why=why)
    if rollout.judged >= len(rollout.waves):
        return replace(rollout, state=RolloutState.DONE)
    return rollout


def _unhealthy(rollout: Rollout) -> str:
    """Say in words why a rollout must halt; empty where it may go on."""
    counts = rollout.counts
    failed = counts[Step.FAILED] + counts[Step.UNKNOWN] - rollout.forgiven
    if failed <= 0:
        return ""
    if _bad_of(rollout, rollout.waves[0]):
        return "a canary failed"
    if 0 < rollout.limits.failures <= failed:
        return f"{failed} devices failed"
    # The one that is not judged yet: also where its last device has just failed.
    wave = rollout.waves[min(rollout.judged, len(rollout.waves) - 1)]
    bad = _bad_of(rollout, wave)
    if bad > 1 and bad > rollout.limits.share * len(wave):
        return f"{bad} of {len(wave)} devices of a wave failed"
    return ""


def _bad_of(rollout: Rollout, wave: Sequence[str]) -> int:
    return sum(rollout.step(device) in _BAD for device in wave)
