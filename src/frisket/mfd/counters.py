"""Page counters by Canon's counter numbers; what counts what is in the facts, section 7."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from frisket.ledger import Ledger

NAMES: Mapping[int, str] = {
    101: "Total 1",
    102: "Total 2",
    103: "Total (Large)",
    104: "Total (Small)",
    105: "Total (Full Color 1)",
    106: "Total (Full Color 2)",
    108: "Total (Black 1)",
    109: "Total (Black 2)",
    112: "Total (Black/Large)",
    113: "Total (Black/Small)",
    114: "Total 1 (2-Sided)",
    122: "Total (Full Color + Single Color/Large)",
    123: "Total (Full Color + Single Color/Small)",
    201: "Copy (Total 1)",
    301: "Print (Total 1)",
    403: "Print (Full Color + Single Color/Large)",
    404: "Print (Full Color + Single Color/Small)",
    407: "Copy (Full Color + Single Color/Large)",
    408: "Copy (Full Color + Single Color/Small)",
    501: "Scan (Total 1)",
}


@dataclass(frozen=True, slots=True)
class Impression:
    """What one job put on paper. `large` is larger than B4; `pages` are printed sides."""

    pages: int
    sheets: int
    color: bool = False
    large: bool = False
    two_sided: bool = False
    copy: bool = False


def counts_of(job: Impression) -> Counter[int]:
    """Return by how much each counter goes up. Counters named "2" count a large side twice."""
    pages = job.pages
    twice = pages * 2 if job.large else pages
    counts: Counter[int] = Counter({101: pages, 102: twice})
    counts[103 if job.large else 104] += pages
    if job.color:
        counts += Counter({105: pages, 106: twice, 122 if job.large else 123: pages})
        source = (407 if job.copy else 403) + (0 if job.large else 1)
        counts[source] += pages
    else:
        counts += Counter({108: pages, 109: twice, 112 if job.large else 113: pages})
    counts[201 if job.copy else 301] += pages
    if job.two_sided:
        counts[114] += pages
    return counts


class Counters:
    """The counters of one device; they only rise."""

    __slots__ = ("_ledger", "values")

    def __init__(self, ledger: Ledger, start: Mapping[int, int]) -> None:
        self._ledger = ledger
        self.values: Counter[int] = Counter({**dict.fromkeys(NAMES, 0), **start})
        for record in ledger.read():
            self.values.update({int(code): n for code, n in record["counts"].items()})

    def add(self, counts: Mapping[int, int]) -> None:
        """Raise counters by `counts`."""
        self._ledger.append({"counts": {str(code): n for code, n in counts.items() if n}})
        self.values.update(counts)
