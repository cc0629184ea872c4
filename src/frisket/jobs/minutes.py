"""Starts flows by this machine's clock: once a minute or an hour, however the clock is set.

The engine's own schedules stand still for as long as a clock was set back, and make up for every
minute that it was set forward, or that a machine slept: a day's polls at once.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Protocol

from frisket.errors import FrisketError
from frisket.jobs.port import FlowInfo, Json

AFTER: Final = ":after:"  # in the id of a flow of a minute that came once more
_AHEAD: Final = 90.0  # seconds that clocks of several machines may differ
_LOOK: Final = 5.0  # seconds between looks at the clock


@dataclass(frozen=True, slots=True)
class Every:
    """A flow that is started every minute, or at this minute of every hour (UTC)."""

    flow: str
    minute: int | None = None


class Starts(Protocol):
    """What starts flows (`jobs.port.Jobs`)."""

    def start(
        self, flow: str, flow_id: str, *given: Json, key: str = "", delay: float = 0.0
    ) -> None:
        """Start a flow; the same id twice is one flow."""

    def listed(self, *, prefix: str = "", limit: int = 100) -> Sequence[FlowInfo]:
        """Return the newest flows whose id begins with `prefix`."""


@dataclass(slots=True)
class Minutes:
    """Starts `every` flow in its minute, named by it, so that several processes start one.

    A minute that comes once more, for the clock was set back, has other names: `…:after:…`. Minutes
    that were left out are not made up for. `also` is called every minute; `jumped` is told by how
    many seconds the clock moved beside the time that passed; `told` hears what went wrong.
    """

    jobs: Starts
    every: Sequence[Every]
    now: Callable[[], datetime]
    also: Callable[[], None]
    jumped: Callable[[float], None]
    told: Callable[[str], None]
    passed: Callable[[], float] = time.monotonic
    _begun: datetime | None = None
    _seen: tuple[datetime, float] | None = None
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin, with this minute: what became due while nobody worked waits no longer."""
        self._thread = threading.Thread(target=self._run, name="minutes", daemon=True)
        self._thread.start()

    def once(self) -> None:
        """Start what this minute means, where that is not done yet. Raises `FrisketError`."""
        now = self.now()
        self._watch(now)
        minute = _minute(now)
        if minute == self._begun:
            return
        self.also()
        for one in self.every:
            if one.minute is None or one.minute == minute.minute:
                moment = minute.isoformat(timespec="seconds")
                self.jobs.start(one.flow, self._named(one.flow, moment, now), moment)
        self._begun = minute

    def _named(self, flow: str, moment: str, now: datetime) -> str:
        newest = self.jobs.listed(prefix=f"{flow}:", limit=1)
        if newest and newest[0].made > now.timestamp() + _AHEAD:
            return f"{flow}:{moment}{AFTER}{int(newest[0].made)}"
        return f"{flow}:{moment}"

    def _watch(self, now: datetime) -> None:
        passed = self.passed()
        before, self._seen = self._seen, (now, passed)
        if before is None:
            return
        jump = (now - before[0]) / timedelta(seconds=1) - (passed - before[1])
        if abs(jump) > _AHEAD:
            self.jumped(jump)

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self.once()
            except FrisketError as fault:
                self.told(f"what is due was not begun: {fault}")
            self._stop.wait(_LOOK)

    def close(self) -> None:
        """Start nothing more."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(_LOOK)
            self._thread = None


def _minute(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)
