"""The journal: what really happened to a virtual device. No network request can alter it."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Mapping
from datetime import datetime

from frisket.ledger import Ledger, Record

COUNTS = ("sheets", "print_port_bytes", "failed_logins", "writes", "wakes", "reboots")
_KEPT = 2000


class Journal:
    """Counts and entries beside the device's own audit log; tests believe this one."""

    __slots__ = ("_ledger", "_now", "counts", "entries", "writes")

    def __init__(self, ledger: Ledger, now: Callable[[], datetime]) -> None:
        self._ledger = ledger
        self._now = now
        self.counts: Counter[str] = Counter(dict.fromkeys(COUNTS, 0))
        self.writes: Counter[str] = Counter()
        self.entries: deque[Record] = deque(maxlen=_KEPT)
        for record in ledger.read():
            self._apply(record)

    def _apply(self, record: Record) -> None:
        self.counts[record["what"]] += record["n"]
        if record["what"] == "writes":
            self.writes[record["about"]] += record["n"]
        self.entries.append(record)

    def add(self, what: str, about: str, n: int = 1) -> None:
        """Count `n` of `what` (one of `COUNTS`, or another word), with what it was about."""
        at = self._now().isoformat(timespec="milliseconds")
        record: Record = {"at": at, "what": what, "about": about[:200], "n": n}
        self._ledger.note(record)
        self._apply(record)

    def summary(self) -> Mapping[str, object]:
        """Return counts, writes per key and the kept entries, as `lab journal` prints them."""
        return {
            "counts": {name: self.counts[name] for name in COUNTS},
            "writes": dict(self.writes),
            "entries": list(self.entries),
        }
