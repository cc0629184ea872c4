"""A baseline: an environment's considerations, each a list of rules or of alternatives."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from frisket.audit.rule import Rule
from frisket.errors import ContentError
from frisket.model.reading import Value


@dataclass(frozen=True, slots=True)
class Need:
    """One demand: a single rule, or several of which one suffices."""

    rules: tuple[str, ...]
    title: str = ""

    @property
    def id(self) -> str:
        """Return the rule's id, or the alternatives' ids joined."""
        return " or ".join(self.rules)


@dataclass(frozen=True, slots=True)
class Consideration:
    """One row of the guide, in our words: `SO-05`, `EN-05`, `SP-08`."""

    id: str
    feature: str
    text: str
    needs: tuple[Need, ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Baseline:
    """Desired state for one environment: considerations and the values of their parameters."""

    id: str
    title: str
    source: str
    considerations: tuple[Consideration, ...]
    parameters: Mapping[str, Value] = field(default_factory=dict)

    def needs(self) -> Iterator[tuple[Consideration, Need]]:
        """Yield every demand with the consideration that asks for it."""
        for consideration in self.considerations:
            for need in consideration.needs:
                yield consideration, need


def parse_need(raw: object, where: str) -> Need:
    """Read `"rule-id"` or `{any = [ids], title = "…"}`, or raise `ContentError`."""
    if isinstance(raw, str):
        return Need((raw,))
    if isinstance(raw, dict) and set(raw) <= {"any", "title"} and len(raw.get("any", ())) > 1:
        return Need(tuple(raw["any"]), raw.get("title", ""))
    raise ContentError(f"{where}: a need is a rule id or {{any = [two or more ids]}}")


def parse_baseline(
    name: str, raw: Mapping[str, Any], rules: Mapping[str, Rule], extra: tuple[Consideration, ...]
) -> Baseline:
    """Build a baseline from its file; `extra` are considerations that policy items bring."""
    where = f"baselines/{name}.toml"
    if raw.get("id") != name:
        raise ContentError(f"{where}: id must be {name!r}, the file's name")
    considerations = [
        Consideration(
            id=row["id"],
            feature=row["feature"],
            text=row["text"],
            needs=tuple(parse_need(n, f"{where} {row['id']}") for n in row["need"]),
            note=row.get("note", ""),
        )
        for row in raw.get("consideration", ())
    ]
    baseline = Baseline(
        id=name,
        title=raw["title"],
        source=raw["source"],
        considerations=(*considerations, *(extra if raw.get("policy") else ())),
        parameters=raw.get("parameters", {}),
    )
    for consideration, need in baseline.needs():
        for rule_id in need.rules:
            if rule_id not in rules:
                raise ContentError(f"{where} {consideration.id}: unknown rule {rule_id!r}")
            parameter = rules[rule_id].parameter
            if parameter and parameter not in baseline.parameters:
                raise ContentError(f"{where}: parameter {parameter!r} of {rule_id} has no value")
    return baseline
