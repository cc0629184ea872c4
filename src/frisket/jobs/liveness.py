"""Work of a process that died is taken over: the engine alone never does that between machines."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from frisket.errors import FrisketError

BEAT: Final = 5.0  # seconds between signs of life
DEAD: Final = 30.0  # seconds of silence after which a process counts as dead


class Heartbeats(Protocol):
    """Where every process leaves its sign of life, judged by the database's own clock."""

    def beat(self, executor: str) -> None:
        """Say that this process lives."""

    def silent(self, seconds: float) -> Sequence[str]:
        """Return the processes that have said nothing for so long."""

    def forget(self, executor: str) -> None:
        """Strike a process off: its work has been taken over, or it ended in order."""


@dataclass(slots=True)
class Liveness:
    """Beats for this process and takes over from the dead. `recover` re-queues one's work."""

    executor: str
    hearts: Heartbeats
    recover: Callable[[str], int]
    told: Callable[[str], None]
    beat: float = BEAT
    dead: float = DEAD
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin. The first beat is made before this returns. Raises what the database raises."""
        self.hearts.beat(self.executor)
        self._thread = threading.Thread(target=self._run, name="liveness", daemon=True)
        self._thread.start()

    def once(self) -> None:
        """Beat once, and take over from whoever is dead now."""
        self.hearts.beat(self.executor)
        for other in self.hearts.silent(self.dead):
            if other == self.executor:
                continue
            count = self.recover(other)
            # Struck off only now: were we killed in between, the next process would do it again,
            # and re-queuing twice is one start.
            self.hearts.forget(other)
            self.told(f"took over {count} jobs of {other}, which is silent")

    def _run(self) -> None:
        while not self._stop.wait(self.beat):
            try:
                self.once()
            except FrisketError as fault:
                self.told(f"no sign of life could be given: {fault}")

    def close(self) -> None:
        """End in order: nobody has to wait for the silence."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(self.beat + 5)
            self._thread = None
