"""Finds demands that contradict each other, and sets of demands that leave no way to print."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations

from frisket.audit.baseline import Baseline, Consideration
from frisket.audit.load import Content
from frisket.audit.rule import holds
from frisket.catalog.load import Catalog
from frisket.model.reading import Value


class Kind(StrEnum):
    """How two considerations contradict each other."""

    OPPOSITE = "their fixes set one key to different values"
    POINTLESS = "one protects a function that the other takes away"


@dataclass(frozen=True, slots=True)
class Clash:
    """Two considerations that cannot both be met, and the key on which they part."""

    kind: Kind
    key: str
    between: tuple[str, str]


@dataclass(frozen=True, slots=True)
class _Demand:
    """What one consideration sets, and which keys each of its needs depends on."""

    id: str
    sets: Mapping[str, Value]
    needs: tuple[tuple[Mapping[str, Value], Mapping[str, Value]], ...]  # (sets, when) of each


def fixes(consideration: Consideration, baseline: Baseline, content: Content) -> dict[str, Value]:
    """Return all settings that meeting a consideration sets; of alternatives the first's."""
    return {
        key: value
        for need in consideration.needs
        for key, value in content.rules[need.rules[0]]
        .fixes(baseline.parameters, content.catalog)
        .items()
    }


def clashes(content: Content) -> tuple[Clash, ...]:
    """Return every pair of considerations, over all baselines, that contradict each other."""
    demands = [
        _demand(consideration, baseline, content)
        for baseline in content.baselines.values()
        for consideration in baseline.considerations
    ]
    return _among(demands)


def clashes_within(baseline: Baseline, content: Content) -> tuple[Clash, ...]:
    """Return every pair of one baseline's considerations that contradict each other."""
    return _among([_demand(one, baseline, content) for one in baseline.considerations])


def _among(demands: Sequence[_Demand]) -> tuple[Clash, ...]:
    found = {
        clash: None
        for one, other in combinations(demands, 2)
        for clash in (*_opposite(one, other), *_pointless(one, other), *_pointless(other, one))
    }
    return tuple(found)


def closes_every(role: str, values: Mapping[str, Value], catalog: Catalog) -> bool:
    """Say whether `values` turn off every key with this role, such as `print-path`."""
    keys = [setting.key for setting in catalog if setting.role == role]
    return bool(keys) and all(values.get(key) is False for key in keys)


def no_way_left(ids: Iterable[str], content: Content, role: str = "print-path") -> bool:
    """Say whether meeting all considerations `ids` turns off every key with `role`."""
    wanted = set(ids)
    together: dict[str, Value] = {}
    for baseline in content.baselines.values():
        for consideration in baseline.considerations:
            if consideration.id in wanted:
                together |= fixes(consideration, baseline, content)
    return closes_every(role, together, content.catalog)


def _demand(consideration: Consideration, baseline: Baseline, content: Content) -> _Demand:
    rules = [content.rules[need.rules[0]] for need in consideration.needs]
    needs = tuple((rule.fixes(baseline.parameters, content.catalog), rule.when) for rule in rules)
    return _Demand(consideration.id, fixes(consideration, baseline, content), needs)


def _opposite(one: _Demand, other: _Demand) -> Iterable[Clash]:
    for key in sorted(one.sets.keys() & other.sets.keys()):
        if one.sets[key] != other.sets[key]:
            yield Clash(Kind.OPPOSITE, key, (one.id, other.id))


def _pointless(one: _Demand, other: _Demand) -> Iterable[Clash]:
    """Yield where `other` sets a key so that a need of `one` no longer applies.

    Not where that need asks for the same value itself: then both pull in one direction.
    """
    for sets, when in one.needs:
        for key, wanted in when.items():
            value = other.sets.get(key)
            if value is not None and not holds(value, wanted) and sets.get(key) != value:
                yield Clash(Kind.POINTLESS, key, (one.id, other.id))


@dataclass(frozen=True, slots=True)
class Trouble:
    """Considerations of one baseline that do not go together, and what is known about it."""

    between: tuple[str, ...]
    text: str
    keys: tuple[str, ...] = ()


def troubles(baseline: Baseline, content: Content) -> tuple[Trouble, ...]:
    """Return what contradicts itself in a baseline: what is known and written down, then the rest.

    What is written down counts where two of it clash here, or where all of it stands here.
    """
    ids = {one.id for one in baseline.considerations}
    clashes = clashes_within(baseline, content)
    found: list[Trouble] = []
    told: set[Clash] = set()
    for row in content.contradictions:
        mine = [clash for clash in clashes if set(clash.between) <= set(row.between)]
        if mine or set(row.between) <= ids:
            here = tuple(name for name in row.between if name in ids)
            found.append(Trouble(here, row.text, tuple(dict.fromkeys(c.key for c in mine))))
            told.update(mine)
    found += [Trouble(c.between, c.kind.value, (c.key,)) for c in clashes if c not in told]
    together = {
        key: value
        for one in baseline.considerations
        for key, value in fixes(one, baseline, content).items()
    }
    if closes_every("print-path", together, content.catalog):
        closing = tuple(
            one.id
            for one in baseline.considerations
            if any(
                content.catalog[key].role == "print-path" and value is False
                for key, value in fixes(one, baseline, content).items()
            )
        )
        found.append(Trouble(closing, "together these close every way to print over the network"))
    return tuple(found)
