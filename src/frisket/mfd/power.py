"""Sleep and wake, busy times and restarts."""

from __future__ import annotations

from collections.abc import Callable

from frisket.mfd.journal import Journal


class Power:
    """A device sleeps until something wakes it, and takes its time to wake.

    `clock` is monotonic seconds. While waking, datagrams are lost and connections wait.
    """

    __slots__ = (
        *("_awake_at", "_clock", "_journal", "_refused", "_struck", "_wake_seconds"),
        *("asleep", "busy"),
    )

    def __init__(
        self, journal: Journal, clock: Callable[[], float], wake_seconds: float, *, asleep: bool
    ) -> None:
        self._journal = journal
        self._clock = clock
        self._wake_seconds = wake_seconds
        self._awake_at = 0.0
        self._refused = 0
        self._struck: set[str] = set()
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

    def refuses(self, times: int) -> bool:
        """Say whether this write comes too early: the first `times` do."""
        early = self._refused < times
        self._refused += early
        return early

    @property
    def down(self) -> bool:
        """Say whether nothing is answered or stored now."""
        return self._clock() < self._awake_at

    def strike(self, key: str, seconds: float) -> bool:
        """Go down for `seconds`, once for each key; say whether that happened now."""
        if key in self._struck:
            return False
        self._struck.add(key)
        self._awake_at = self._clock() + seconds
        return True
