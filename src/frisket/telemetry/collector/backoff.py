"""How long to wait before the next attempt: longer each time, and never all sites at once."""

from __future__ import annotations

import random
from typing import Final

_FIRST: Final = 2.0
_LONGEST: Final = 300.0


class Backoff:
    """Seconds to wait, doubling up to five minutes, half of it by chance."""

    def __init__(self, source: random.Random, longest: float = _LONGEST) -> None:
        self._random, self._longest = source, longest
        self._failures = 0

    def failed(self, least: float = 0.0) -> float:
        """Return how long to wait after one more failure, at least `least` seconds."""
        wait = min(self._longest, _FIRST * 2.0 ** min(self._failures, 20))
        self._failures += 1
        return max(least, wait * self._random.uniform(0.5, 1.0))

    def worked(self) -> None:
        """Begin anew."""
        self._failures = 0
