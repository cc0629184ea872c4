"""The job port: all that the product sees of the engine that runs long work.

A *flow* is a plain function of steps. What a step returned is kept, so a flow that was killed goes
on where it was; a step that was cut short runs again. So a step must be safe to repeat: effects in
the database carry a fixed id, and effects on a device go through its ledger (facts: an engine alone
did 4 % of the flashes twice).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from frisket.errors import FrisketError

Json = Any  # None, bool, int, float, str, and lists and string-keyed dicts of these
Again = Callable[[FrisketError, int], bool]  # what a step raised, and how often it was tried


def never(fault: FrisketError, tries: int) -> bool:
    """Say that no step is run again."""
    del fault, tries
    return False


class JobFault(FrisketError):
    """The job engine cannot do what was asked; nothing was started."""


class FlowFailed(FrisketError):
    """A flow, or a step of one, ended with an error; the text names it."""


class FlowState(StrEnum):
    """How a flow stands."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class Queue:
    """How many flows run at once in one process; `one_per_key`: never two of the same key."""

    name: str
    parallel: int = 10
    one_per_key: bool = False


class Steps(Protocol):
    """What a running flow is handed."""

    @property
    def id(self) -> str:
        """Return the flow's own id."""

    def step(self, name: str, action: Callable[..., Json], *given: Json, attempts: int = 1) -> Json:
        """Run an action once and keep what it returns; tried again up to `attempts` times."""

    def child(self, flow: str, child_id: str, *given: Json, key: str = "") -> None:
        """Start another flow that belongs to this one; the same id twice is one flow."""

    def wait(self, child_id: str) -> Json:
        """Return what another flow returned. Raises `FlowFailed`."""

    def sleep(self, seconds: float) -> None:
        """Wait, also across a restart of this process."""

    def changed(self, name: str) -> bool:
        """Say whether this run began after the code change `name`; old runs keep the old way."""


@dataclass(frozen=True, slots=True)
class Flow:
    """A kind of long work: its name for ever, its queue, and what it does.

    `body` takes the steps and then what `start` was given. It must decide by what steps return
    alone: no clock, no chance, no database of its own.
    """

    name: str
    queue: str
    body: Callable[..., Json]


@dataclass(frozen=True, slots=True)
class FlowInfo:
    """One flow as the engine knows it. Times are seconds since 1970, 0 where not yet."""

    id: str
    flow: str
    state: FlowState
    made: float = 0.0
    changed: float = 0.0
    executor: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True)
class Done:
    """A step that has ended, and what it returned."""

    name: str
    result: Json


class Jobs(Protocol):
    """What starts, watches and stops flows."""

    def start(
        self, flow: str, flow_id: str, *given: Json, key: str = "", delay: float = 0.0
    ) -> None:
        """Start a flow; the same id twice is one flow. Raises `JobFault`."""

    def cancel(self, flow_id: str) -> None:
        """Stop a flow and its children before their next step."""

    def info(self, flow_id: str) -> FlowInfo:
        """Return how a flow stands."""

    def steps(self, flow_id: str) -> Sequence[Done]:
        """Return the steps of a flow that have ended, in order."""

    def result(self, flow_id: str) -> Json:
        """Wait for a flow and return what it returned. Raises `FlowFailed`."""

    def listed(self, *, prefix: str = "", limit: int = 100) -> Sequence[FlowInfo]:
        """Return the newest flows whose id begins with `prefix`."""

    def stuck(self, before: float) -> Sequence[FlowInfo]:
        """Return flows under way of which no step ended since `before` (seconds since 1970)."""

    def close(self) -> None:
        """Stop taking work; what runs is cut at its present step and goes on at the next start."""
