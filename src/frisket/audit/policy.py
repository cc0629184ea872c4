"""The device's own Security Policy Settings: 45 items, each a set of rules and a lock."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from frisket.audit.baseline import Consideration, Need
from frisket.audit.rule import Parameters, Rule
from frisket.catalog.load import Catalog
from frisket.errors import ContentError, SettingRefused
from frisket.model.reading import Value


@dataclass(frozen=True, slots=True)
class Range:
    """A number the administrator enters beside an item, with the guide's limits."""

    parameter: str
    minimum: int
    maximum: int
    unit: str


@dataclass(frozen=True, slots=True)
class PolicyItem:
    """One tick box of the Security Policy Settings page."""

    id: str
    section: str
    group: str
    label: str
    rules: tuple[str, ...]
    effects: tuple[str, ...] = ()
    ranges: tuple[Range, ...] = ()
    text: tuple[str, ...] = ()  # parameters that are texts, such as a server name
    note: str = ""

    def as_consideration(self) -> Consideration:
        """Return the item as a consideration that an audit can judge."""
        needs = tuple(Need((rule,)) for rule in self.rules)
        return Consideration(self.id, self.label, " ".join(self.effects), needs, self.note)


def parse_item(raw: Mapping[str, Any]) -> PolicyItem:
    """Build one item from its TOML table, or raise `ContentError`."""
    try:
        return PolicyItem(
            id=raw["id"],
            section=raw["section"],
            group=raw["group"],
            label=raw["label"],
            rules=tuple(raw["rules"]),
            effects=tuple(raw.get("effects", ())),
            ranges=tuple(Range(**row) for row in raw.get("range", ())),
            text=tuple(raw.get("text", ())),
            note=raw.get("note", ""),
        )
    except (KeyError, TypeError) as fault:
        raise ContentError(f"policy item {raw.get('id', '?')}: {fault}") from fault


def forced(
    items: Iterable[PolicyItem], rules: Mapping[str, Rule], values: Parameters, catalog: Catalog
) -> Mapping[str, Value]:
    """Return the settings that ticked `items` force. Where two differ, the stricter wins.

    Stricter is `off` for what opens and `on` for what protects; items never disagree on those
    (checked by a test), so only numbers are compared: the rule's own direction decides.
    """
    result: dict[str, Value] = {}
    for item in items:
        for rule_id in item.rules:
            rule = rules[rule_id]
            for key, value in rule.fixes(values, catalog).items():
                result[key] = _stricter(rule, result.get(key), value)
    return result


def _stricter(rule: Rule, before: Value | None, value: Value) -> Value:
    if not isinstance(before, int) or isinstance(before, bool) or not isinstance(value, int):
        return value
    return max(before, value) if rule.test == "at-least" else min(before, value)


def check_parameters(items: Iterable[PolicyItem], values: Parameters) -> None:
    """Raise `SettingRefused` where a number lies outside an item's range or a text is missing."""
    for item in items:
        for limit in item.ranges:
            value = values.get(limit.parameter)
            number = isinstance(value, int) and not isinstance(value, bool)
            if not number or not limit.minimum <= int(str(value)) <= limit.maximum:
                span = f"{limit.minimum} to {limit.maximum} {limit.unit}"
                raise SettingRefused(f"{item.id} {item.label}: {limit.parameter} takes {span}")
        for name in item.text:
            if not values.get(name):
                raise SettingRefused(f"{item.id} {item.label}: {name} is missing")
