"""One device's part of a run: what the engine is handed, and what can stand in its way."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from frisket.drivers.base import Hand
from frisket.drivers.plan import DevicePlan
from frisket.drivers.record import Record
from frisket.errors import FrisketError
from frisket.model.reading import Readings

SETTLING: Final = (0.0, 0.5, 2.0, 5.0)  # seconds before each look at what the network says
BUSY: Final = (1.0, 2.0, 4.0, 8.0)  # seconds before a busy device is told once more

# Where a run can end at any moment; tests end the process at each of them (`Job.point`).
POINTS: Final = {
    "opened": "the device was opened, nothing was read",
    "intent": "a write is on record, nothing was sent",
    "sent": "the device acknowledged a write",
    "written": "it was read back, and that is on record",
    "changed over": "our own way is open and used",
    "restart": "a restart is on record and was not asked for yet",
    "restarted": "the device is back",
    "proving": "what survives is about to be logged in to",
    "proved": "the network agrees",
    "undo": "a surprise is on record, nothing was put back",
    "undo intent": "a value to be put back is on record, nothing was sent",
    "undo sent": "the device acknowledged it",
    "restored": "it was read back, and that is on record",
    "ended": "all is done, the outcome is not on record",
    "outcome": "the outcome is on record",
}

Look = Callable[[frozenset[str]], Awaitable[Readings]]
Tell = Callable[[str, str], None]


class Mode(Enum):
    """How the engine takes what it finds."""

    FRESH = "the device must be exactly as planned"
    RESUMED = "each setting is as before or as wanted"
    UNDO = "settings that somebody changed since are left alone"


class Surprise(FrisketError):
    """The device did not do what was expected of it."""


class Lost(FrisketError):
    """A write was sent, and the device can no longer be asked what it did."""


def passed(_: str) -> None:
    """Do nothing at a named point; tests end the process there."""


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds to wait.

    `settling`: before each look of the network; `busy`: before each repeat to a busy device;
    `back`: how long one that fell silent may take to come back (a restart takes minutes);
    `opening`: how long one may let connections go unanswered in the beginning.
    """

    settling: tuple[float, ...] = SETTLING
    busy: tuple[float, ...] = BUSY
    back: float = 150.0
    opening: float = 20.0


@dataclass(frozen=True, slots=True)
class Job:
    """One device's part of a run.

    `open_hand` opens the planned device or raises; `open_door` opens it by another way, over which
    the first stage opens ours; `look(keys)` asks the network witness about
    keys; `tell(what, detail)` hears of progress; `point(name)` is called at each of `POINTS`.
    `proofs`: by a way's name, how to log in over it. `meant` are the keys that an interrupted run
    may have written, `undoing` is why it had begun to put them back, `doubted` as in `Progress`.
    `open_left` opens it by a way that is open in the end, where ours is closed as the last thing.
    `alone`: a person typed that the device may be left without a way that anybody has proved.
    """

    plan: DevicePlan
    open_hand: Callable[[], Awaitable[Hand]]
    look: Look
    record: Record
    tell: Tell
    mode: Mode = Mode.FRESH
    point: Callable[[str], None] = passed
    open_door: Callable[[], Awaitable[Hand]] | None = None
    open_left: Callable[[], Awaitable[Hand]] | None = None
    proofs: Mapping[str, Callable[[], Awaitable[None]]] = field(default_factory=dict)
    meant: tuple[str, ...] = ()
    undoing: str = ""
    doubted: tuple[str, ...] = ()
    alone: bool = False
    pace: Pace = field(default_factory=Pace)
