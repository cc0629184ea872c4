"""Which reports there are, in which formats, and what one is to be of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from frisket.fleet.roles import Permission


class Kind(StrEnum):
    """What a report is of."""

    EXECUTIVE = "executive"
    DEVICE = "device"
    EVIDENCE = "evidence"
    CHANGE = "change"
    ORDERS = "orders"
    RESULTS = "results"


_PAPERS: Final = ("pdf", "html", "csv")
_FORMS: Final[Mapping[Kind, tuple[str, ...]]] = {
    Kind.EXECUTIVE: _PAPERS,
    Kind.DEVICE: (*_PAPERS, "json", "sarif", "cklb"),
    Kind.EVIDENCE: (*_PAPERS, "zip"),
    Kind.CHANGE: (*_PAPERS, "json"),
    Kind.ORDERS: _PAPERS,
    Kind.RESULTS: (*_PAPERS, "json", "sarif", "zip"),
}
MEDIA: Final[Mapping[str, str]] = {
    "pdf": "application/pdf",
    "html": "text/html; charset=utf-8",
    "csv": "text/csv; charset=utf-8",
    "sarif": "application/sarif+json",
    "cklb": "application/json",
    "json": "application/json",
    "zip": "application/zip",
}
_PROOF: Final = frozenset({Kind.EVIDENCE, Kind.RESULTS, Kind.CHANGE})


def forms_of(kind: Kind) -> tuple[str, ...]:
    """Return the formats that a kind of report can have."""
    return _FORMS[kind]


def needed(kind: Kind) -> Permission:
    """Return what it takes to ask for a report and to read it, at each of its sites."""
    return Permission.SEE_EVIDENCE if kind in _PROOF else Permission.SEE_FLEET


@dataclass(frozen=True, slots=True)
class Wish:
    """What a report is to be of: a baseline, perhaps one device, consideration or change.

    `language` and `zone` are those of whoever asks; `sites` those that they may see, None for all.
    """

    baseline: str = ""
    device: int = 0
    consideration: str = ""
    within: int = 30
    change: int = 0
    language: str = ""
    zone: str = ""
    sites: tuple[int, ...] | None = None

    def table(self) -> dict[str, Any]:
        """Return it as it is kept, but for the sites."""
        names = [name for name in self.__slots__ if name != "sites"]
        return {name: getattr(self, name) for name in names}


def titled(kind: Kind, wish: Wish, place: str = "") -> str:
    """Return what a report is called in a list; `place` is the one site that it is of."""
    about: Sequence[str] = {
        Kind.EXECUTIVE: (wish.baseline,),
        Kind.DEVICE: (wish.baseline, str(wish.device)),
        Kind.EVIDENCE: (wish.baseline, wish.consideration or "all"),
        Kind.CHANGE: (str(wish.change),),
        Kind.ORDERS: (str(wish.within),),
        Kind.RESULTS: (wish.baseline, *([str(wish.device)] if wish.device else [])),
    }[kind]
    return " ".join((kind.value, *about, *([f"({place})"] if place else [])))[:200]
