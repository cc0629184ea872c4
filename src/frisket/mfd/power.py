"""Sleep and wake, busy times and restarts."""

from __future__ import annotations

from collections.abc import Callable

from frisket.mfd.journal import Journal


class Power:
    """A device sleeps until something wakes it, and takes its time to wake.

    `clock` is monotonic seconds. While waking, datagrams are lost and connections wait.
    """

    __slots__ = ("_awake_at", "_clock", "_journal", "_wake_seconds", "asleep", "busy")

    def __init__(
        self, journal: Journal, clock: Callable[[], float], wake_seconds: float, *, asleep: bool
    ) -> None:
        self._journal = journal
        self._clock = clock
        self._wake_seconds = wake_seconds
        self._awake_at = 0.0
        self.asleep = asleep
        self.busy = False

    def sleep(self) -> None:
        """Fall asleep."""
        self.asleep = True

    def wake(self, via: str) -> float:
        """Wake if asleep; return the seconds until the device answers (0 when it is awake)."""
        if self.asleep:
            self.asleep = False
            self._journal.add("wakes", via)
            self._awake_at = self._clock() + self._wake_seconds
        return max(0.0, self._awake_at - self._clock())
