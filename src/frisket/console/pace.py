"""How much one account may ask: so much a second, and so much at the same time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from frisket.console.faults import TooMany

_SECOND: Final = 100.0  # cost that comes back each second
_STORE: Final = 1000.0  # cost that a rested account may spend at once
_AT_ONCE: Final = 24  # requests of one account at the same time, open streams of news too
_LOGGED: Final = 60.0  # seconds between entries in the log that an account was slowed down
_KEPT: Final = 10_000  # accounts remembered; one that rested is as good as new


@dataclass(slots=True)
class _Spent:
    left: float
    at: float
    told: float = float("-inf")
    running: int = 0


@dataclass(frozen=True, slots=True)
class Pace:
    """Counts by account, in this process. Exports cost more than pages (`Page.cost`).

    One account cannot take all threads of the server, nor read the whole fleet out in a burst.
    """

    second: float = _SECOND
    store: float = _STORE
    at_once: int = _AT_ONCE
    clock: Callable[[], float] = time.monotonic
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _spent: dict[int, _Spent] = field(default_factory=dict)

    def spend(self, account: int, cost: int) -> None:
        """Take a request's cost. Raises `TooMany` where the account has spent all it had."""
        with self._lock:
            found = self._of(account)
            if found.left < cost:
                raise _refusal(found)
            found.left -= cost

    def begin(self, account: int) -> None:
        """Note that a request begins; `end` must follow. Raises `TooMany` where too many run."""
        with self._lock:
            found = self._of(account)
            if found.running >= self.at_once:
                raise _refusal(found)
            found.running += 1

    def end(self, account: int) -> None:
        """Note that a request that began has ended."""
        with self._lock:
            self._of(account).running -= 1

    def _of(self, account: int) -> _Spent:
        now = self.clock()
        found = self._spent.get(account)
        if found is None:
            if len(self._spent) >= _KEPT:
                self._forget()
            found = self._spent[account] = _Spent(self.store, now)
        found.left = min(self.store, found.left + max(0.0, now - found.at) * self.second)
        found.at = now
        return found

    def _forget(self) -> None:
        resting = [key for key, one in self._spent.items() if not one.running]
        for key in resting:
            del self._spent[key]


def _refusal(found: _Spent) -> TooMany:
    """Return what is raised; the first one in a while is marked, so that the log is not flooded."""
    fault = TooMany("Your account asks faster than this console answers one person.")
    fault.first = found.at - found.told >= _LOGGED
    if fault.first:
        found.told = found.at
    return fault
