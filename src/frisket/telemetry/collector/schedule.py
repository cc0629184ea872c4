"""When each device of a site is polled: spread out, never all at once. No clock is read here.

Times are seconds of a clock that does not jump, handed in.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

JITTER: Final = 0.1  # of the interval, to either side
_SILENT: Final = 12.0  # the longest interval of a device that stays silent, in intervals
_EMPTY: Final = 24 * 3600.0  # an address that nobody named, and that is silent, is tried daily


@dataclass(slots=True)
class _Due:
    every: float
    named: bool
    silences: int = 0
    stamp: int = 0  # of the entry in the queue that counts


class Schedule:
    """The devices of a site, by address, and which is next."""

    def __init__(self, every: float, source: random.Random) -> None:
        self.every = every
        self._random = source
        self._due: dict[str, _Due] = {}
        self._queue: list[tuple[float, int, str]] = []
        self._stamp = 0

    def __len__(self) -> int:
        return len(self._due)

    def replace(self, named: Iterable[str], others: Iterable[str], now: float) -> None:
        """Take these addresses and no others; who is known keeps its turn.

        The first round of new ones is spread over one interval, the named ones first.
        """
        wanted = dict.fromkeys(others, False) | dict.fromkeys(named, True)
        for address in [each for each in self._due if each not in wanted]:
            del self._due[address]
        fresh = [address for address in wanted if address not in self._due]
        fresh.sort(key=lambda address: not wanted[address])
        for place, address in enumerate(fresh):
            self._due[address] = _Due(self.every, wanted[address])
            self._enter(address, now + self.every * place / len(fresh))
        for address, due in self._due.items():
            due.named = wanted[address]

    def set_every(self, every: float, now: float) -> None:
        """Poll at another interval from now on; nobody waits longer than it says."""
        if every == self.every:
            return
        self.every = every
        for place, address in enumerate(list(self._due)):
            self._enter(address, now + every * place / len(self._due))

    def _enter(self, address: str, when: float) -> None:
        self._stamp += 1
        self._due[address].stamp = self._stamp
        heapq.heappush(self._queue, (when, self._stamp, address))

    def next(self) -> float | None:
        """Return when the next device is due; None where there is none."""
        while self._queue:
            when, stamp, address = self._queue[0]
            due = self._due.get(address)
            if due is not None and due.stamp == stamp:
                return when
            heapq.heappop(self._queue)
        return None

    def take(self, now: float, most: int) -> list[str]:
        """Return up to `most` addresses that are due; each is then under way until `done`."""
        taken: list[str] = []
        while len(taken) < most and (when := self.next()) is not None and when <= now:
            _, _, address = heapq.heappop(self._queue)
            self._due[address].stamp = 0
            taken.append(address)
        return taken

    def done(self, address: str, now: float, *, answered: bool, rest: float = 0.0) -> None:
        """Say how a poll went. `rest` seconds the device is to be left alone at least.

        Who is silent is asked less and less often, at most every twelfth time.
        """
        due = self._due.get(address)
        if due is None or due.stamp:
            return
        due.silences = 0 if answered else due.silences + 1
        wait = self.every * min(2.0 ** max(0, due.silences - 1), _SILENT)
        if due.silences and not due.named:
            wait = max(wait, _EMPTY)
        wait *= 1 + self._random.uniform(-JITTER, JITTER)
        self._enter(address, now + max(wait, rest))
