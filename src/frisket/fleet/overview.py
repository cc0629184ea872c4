"""What a compliance dashboard shows, from sums: heat map, order of failures, standards. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from frisket.audit.baseline import Baseline
from frisket.audit.standard import Standard
from frisket.store.audits import ALL, Score


@dataclass(frozen=True, slots=True)
class Heat:
    """One field of the heat map: the share of judged findings that fail; None: none judged."""

    site: str
    consideration: str
    failing: float | None


@dataclass(frozen=True, slots=True)
class Met:
    """One requirement of a standard: the worst that its rules show over the fleet.

    `failing` counts devices and rules that fail; `automated` is the map's own word for how much
    of it a machine can judge.
    """

    id: str
    title: str
    automated: str
    failing: int
    rules: tuple[str, ...]


def heat(
    scores: Mapping[tuple[int, str], Score], sites: Mapping[int, str], baseline: Baseline
) -> list[Heat]:
    """Return every field, sites by name and considerations in the guide's order."""
    order = [c.id for c in baseline.considerations]
    found = []
    for site_id, name in sorted(sites.items(), key=lambda pair: pair[1]):
        for consideration in order:
            score = scores.get((site_id, consideration))
            share = score.compliance if score is not None else None
            found.append(Heat(name, consideration, None if share is None else 1 - share))
    return found


def whole(scores: Mapping[tuple[int, str], Score]) -> Score:
    """Return the sums over all sites."""
    return sum((s for (_, c), s in scores.items() if c == ALL), Score())


def by_consideration(scores: Mapping[tuple[int, str], Score]) -> dict[str, Score]:
    """Return the sums of each consideration over all sites."""
    found: dict[str, Score] = {}
    for (_, consideration), score in scores.items():
        if consideration != ALL:
            found[consideration] = found.get(consideration, Score()) + score
    return found


def course(days: Mapping[date, Score]) -> list[tuple[date, float | None, float | None]]:
    """Return day, compliance and coverage in time's order."""
    return [(day, score.compliance, score.coverage) for day, score in sorted(days.items())]


def requirements(standard: Standard, failing: Iterable[tuple[str, str, int]]) -> Sequence[Met]:
    """Return a standard's requirements with how many failures bear on each."""
    by_rule: dict[str, int] = {}
    for _, rule, count in failing:
        by_rule[rule] = by_rule.get(rule, 0) + count
    return [
        Met(
            one.id,
            one.title,
            one.status,
            sum(by_rule.get(rule, 0) for rule in one.rules),
            tuple(one.rules),
        )
        for one in standard.requirements
    ]
