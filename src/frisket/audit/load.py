"""Loads the packaged content that an audit judges by: rules, baselines, policy, maps, conflicts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache

from frisket.audit.baseline import Baseline, parse_baseline
from frisket.audit.policy import PolicyItem, parse_item
from frisket.audit.rule import Rule, parse_rule
from frisket.audit.standard import Standard, parse_standard
from frisket.catalog.load import Catalog, build, content, load_catalog, read_toml, toml_files
from frisket.errors import ContentError, UsageError


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Considerations that cannot all be met at once, and what to do about it."""

    between: tuple[str, ...]
    text: str


@dataclass(frozen=True, slots=True)
class Content:
    """Everything that an audit judges by."""

    catalog: Catalog
    rules: Mapping[str, Rule]
    policy: tuple[PolicyItem, ...]
    baselines: Mapping[str, Baseline]
    standards: tuple[Standard, ...]
    contradictions: tuple[Contradiction, ...]

    def baseline(self, name: str) -> Baseline:
        """Return a baseline by name, or raise `UsageError` listing those there are."""
        try:
            return self.baselines[name]
        except KeyError:
            known = ", ".join(self.baselines)
            raise UsageError(f"unknown baseline {name[:60]!r}", hint=f"known: {known}") from None


def with_baselines(content: Content, own: Iterable[Baseline]) -> Content:
    """Return the content with further baselines; one of the same name takes the other's place."""
    return replace(content, baselines={**content.baselines, **{one.id: one for one in own}})


def load_rules(catalog: Catalog) -> dict[str, Rule]:
    """Return all packaged rules by id; a rule is content/rules/<topic>/<id>.toml."""
    rules: dict[str, Rule] = {}
    for path in toml_files(content("rules")):
        name = path.name.removesuffix(".toml")
        if name in rules:
            raise ContentError(f"rule {name} stands twice")
        rules[name] = parse_rule(name, read_toml(path), catalog)
    return rules


def load_policy(rules: Mapping[str, Rule]) -> tuple[PolicyItem, ...]:
    """Return the Security Policy items in the device's order."""
    items = tuple(
        parse_item(row)
        for path in toml_files(content("policy"))
        for row in read_toml(path).get("item", ())
    )
    for item in items:
        if unknown := [r for r in item.rules if r not in rules]:
            raise ContentError(f"policy item {item.id}: unknown rule {', '.join(unknown)}")
    return items


@cache
def load_content() -> Content:
    """Return the packaged content. Raises `ContentError` where any file is malformed."""
    catalog = load_catalog()
    rules = load_rules(catalog)
    policy = load_policy(rules)
    extra = tuple(item.as_consideration() for item in policy)
    baselines = [
        parse_baseline(path.name.removesuffix(".toml"), read_toml(path), rules, extra)
        for path in toml_files(content("baselines"))
    ]
    standards = tuple(
        parse_standard(path.name.removesuffix(".toml"), read_toml(path), rules)
        for path in toml_files(content("maps"))
    )
    contradictions = tuple(
        build(Contradiction, row, "conflicts.toml")
        for row in read_toml(content("conflicts.toml")).get("conflict", ())
    )
    return Content(
        catalog=catalog,
        rules=rules,
        policy=policy,
        baselines={baseline.id: baseline for baseline in baselines},
        standards=standards,
        contradictions=contradictions,
    )
