"""The collector's time: a clock that does not jump while it runs, and never goes back."""

from __future__ import annotations

import time
from collections.abc import Callable


class Moments:
    """Milliseconds: `running` over all starts, which only rises, and `at`, since 1970.

    The operating system's clock is read once a start: whoever sets it later, by a year to either
    side, moves no record. By how much it is wrong the gateway finds out, from when an envelope was
    sent.
    """

    __slots__ = ("_anchor", "_base", "_monotonic")

    def __init__(
        self,
        wall: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._monotonic = monotonic
        now = self._read()
        self._anchor = int(wall() * 1000) - now
        self._base = -now

    def _read(self) -> int:
        return int(self._monotonic() * 1000)

    def resume(self, running: int, at: int) -> None:
        """Continue from the last sign of life: how long it had run then, and its clock."""
        now = self._read()
        self._base = running - now
        # A clock that was set back while the collector was down must not reorder what it kept.
        self._anchor = max(self._anchor, at - now)

    def running(self) -> int:
        """Return how long the collector has run, over all its starts."""
        return self._base + self._read()

    def at(self) -> int:
        """Return the time of day, as the operating system had it at the start."""
        return self._anchor + self._read()
