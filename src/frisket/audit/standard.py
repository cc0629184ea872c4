"""A standard is a map from its requirements to rules, never a copy of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from frisket.audit.rule import Rule
from frisket.catalog.load import build
from frisket.errors import ContentError


@dataclass(frozen=True, slots=True)
class Requirement:
    """One requirement of a standard; `status` says whether rules, or only people, can judge it."""

    id: str
    title: str
    status: str  # automated | manual | partial | not-applicable
    rules: tuple[str, ...] = ()
    severity: str = ""
    version: str = ""
    rule_id: str = ""
    conflict: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Standard:
    """A standard with its requirements, in the standard's order."""

    id: str
    title: str
    edition: str
    requirements: tuple[Requirement, ...]
    note: str = ""

    def of_rule(self, rule_id: str) -> tuple[str, ...]:
        """Return the ids of the requirements that `rule_id` bears on."""
        return tuple(r.id for r in self.requirements if rule_id in r.rules)


_STATUS = frozenset({"automated", "manual", "partial", "not-applicable"})


def parse_standard(name: str, raw: Mapping[str, Any], rules: Mapping[str, Rule]) -> Standard:
    """Build a standard from its file, or raise `ContentError`."""
    where = f"maps/{name}.toml"
    requirements = tuple(
        build(Requirement, row, f"{where} {row.get('id', '?')}")
        for row in raw.get("requirement", ())
    )
    for requirement in requirements:
        if requirement.status not in _STATUS:
            raise ContentError(f"{where} {requirement.id}: unknown status {requirement.status!r}")
        if unknown := [r for r in requirement.rules if r not in rules]:
            raise ContentError(f"{where} {requirement.id}: unknown rule {', '.join(unknown)}")
    return Standard(
        id=raw["id"],
        title=raw["title"],
        edition=raw["edition"],
        requirements=requirements,
        note=raw.get("note", ""),
    )


def maps_of(standards: Iterable[Standard], rule_ids: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Return standard id -> requirement ids that any of the rules bears on; empty ones left out."""
    wanted = list(rule_ids)
    found = {
        standard.id: tuple(dict.fromkeys(i for rule in wanted for i in standard.of_rule(rule)))
        for standard in standards
    }
    return {name: ids for name, ids in found.items() if ids}
