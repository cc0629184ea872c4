"""Where the shapes of the HTML report's charts lie; numbers only, the template draws."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from frisket.model.finding import Finding, Severity, Verdict
from frisket.report.figures import BAD, counts

RADIUS = 42
"""Of a ring, in a drawing of 100 by 100."""


@dataclass(frozen=True, slots=True)
class Ring:
    """A share as an arc: the drawn and the empty length of its circle."""

    drawn: float
    empty: float


@dataclass(frozen=True, slots=True)
class Segment:
    """One verdict's part of a stacked bar that is 100 wide."""

    verdict: Verdict
    count: int
    x: float
    width: float


@dataclass(frozen=True, slots=True)
class Bar:
    """A stacked bar, with the counts its data table shows."""

    id: str
    feature: str
    segments: tuple[Segment, ...]
    counts: Mapping[Verdict, int]
    heat: Mapping[Severity, int]


def ring(share: float | None) -> Ring:
    """Return the arc of a share; none is an empty circle."""
    whole = 2 * math.pi * RADIUS
    drawn = round(whole * (share or 0), 2)
    return Ring(drawn, round(whole - drawn, 2))


def segments(number: Mapping[Verdict, int]) -> tuple[Segment, ...]:
    """Lay the verdicts side by side; together they are 100 wide."""
    total = sum(number.values()) or 1
    placed: list[Segment] = []
    x = 0.0
    for verdict, count in number.items():
        width = 100 * count / total
        if count:
            placed.append(Segment(verdict, count, round(x, 3), round(width, 3)))
        x += width
    return tuple(placed)


def bars(findings: Sequence[Finding]) -> tuple[Bar, ...]:
    """Return a bar for each consideration, in the baseline's order."""
    groups: dict[tuple[str, str], list[Finding]] = {}
    for finding in findings:
        groups.setdefault((finding.consideration, finding.feature), []).append(finding)
    return tuple(
        Bar(
            id=id_,
            feature=feature,
            segments=segments(counts(group)),
            counts=counts(group),
            heat=_heat(group),
        )
        for (id_, feature), group in groups.items()
    )


def _heat(findings: Sequence[Finding]) -> Mapping[Severity, int]:
    bad = [f.severity for f in findings if f.verdict in BAD]
    return {severity: bad.count(severity) for severity in reversed(Severity)}


def warmth(number: int, largest: int) -> int:
    """Return 0 (none) to 4 (the most) for a cell of a heat map."""
    return math.ceil(4 * number / largest) if largest else 0
