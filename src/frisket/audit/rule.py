"""A rule: one key, one of a closed set of tests, and what to do where it fails."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from frisket.catalog.load import Catalog, build
from frisket.catalog.setting import Kind, Setting, show
from frisket.errors import ContentError, SettingRefused
from frisket.model.finding import Severity
from frisket.model.reading import Value

Parameters = Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Rule:
    """One demand on one key.

    `want` is what the test compares with; `parameter` names a baseline's value that takes its
    place (for `between`, the upper bound's). `remedy` is what to set where that is not simply
    `key = want`. `when` limits the rule to devices where another key has a value (or one of
    several).
    `stops` is the attack, `breaks` what the remedy costs, `question` what to ask a person.
    """

    id: str
    title: str
    severity: Severity
    key: str
    test: str
    want: Value | None = None
    parameter: str = ""
    remedy: Mapping[str, Value] = field(default_factory=dict)
    when: Mapping[str, Value] = field(default_factory=dict)
    stops: str = ""
    breaks: tuple[str, ...] = ()
    how: str = ""
    question: str = ""

    def wanted(self, parameters: Parameters) -> Value:
        """Return what the key is compared with under a baseline's parameters."""
        if not self.parameter:
            assert self.want is not None
            return self.want
        value = parameters[self.parameter]
        if self.test == "between":
            assert isinstance(self.want, tuple)
            return (self.want[0], str(value))
        return value

    def fixes(self, parameters: Parameters, catalog: Catalog) -> Mapping[str, Value]:
        """Return the settings that make the rule pass; empty where only a person can act."""
        if self.remedy:
            return self.remedy
        if catalog[self.key].kind is not Kind.SETTING:
            return {}
        want = self.wanted(parameters)
        match self.test:
            case "equals" | "at-least" | "at-most":
                return {self.key: want}
            case "present" if self.parameter:
                return {self.key: want}
            case "between":
                assert isinstance(want, tuple)
                return {self.key: int(want[1])}
            case "one-of" if isinstance(want, tuple):
                return {self.key: want[0]}
            case _:
                return {}


def _number(value: Value) -> int:
    return value if isinstance(value, int) else 0


def _between(value: Value, want: Value) -> bool:
    assert isinstance(want, tuple)
    return int(want[0]) <= _number(value) <= int(want[1])


def _members(value: Value) -> frozenset[str]:
    return frozenset(value) if isinstance(value, tuple) else frozenset({str(value)})


TESTS: Mapping[str, Callable[[Value, Value], bool]] = {
    "equals": lambda value, want: value == want,
    "not-equals": lambda value, want: value != want,
    "at-least": lambda value, want: _number(value) >= _number(want),
    "at-most": lambda value, want: _number(value) <= _number(want),
    "between": _between,
    "one-of": lambda value, want: str(value) in _members(want),
    "none-of": lambda value, want: str(value) not in _members(want),
    "contains-none": lambda value, want: not _members(value) & _members(want),
    "empty": lambda value, _: value in {"", ()},
    "present": lambda value, _: value not in {"", ()},
}

_WORDS = {
    "equals": "{}",
    "not-equals": "anything but {}",
    "at-least": "at least {}",
    "at-most": "at most {}",
    "between": "{}",
    "one-of": "one of {}",
    "none-of": "none of {}",
    "contains-none": "none of {}",
    "empty": "nothing",
    "present": "a value",
}


def holds(value: Value, want: Value) -> bool:
    """Say whether `value` is what a rule's `when` names: equal to it, or one of several."""
    return value == want or (isinstance(want, tuple) and value in want)


def demand(rule: Rule, parameters: Parameters) -> str:
    """Say in words what the rule wants of its key."""
    want = rule.wanted(parameters)
    if rule.test == "between" and isinstance(want, tuple):
        return f"{want[0]} to {want[1]}"
    return _WORDS[rule.test].format(show(want))


def parse_rule(name: str, raw: Mapping[str, Any], catalog: Catalog) -> Rule:
    """Build a rule from its file, or raise `ContentError` saying what is wrong with it."""
    where = f"rules/{name}.toml"
    if raw.get("id") != name:
        raise ContentError(f"{where}: id must be {name!r}, the file's name")
    row = dict(raw)
    try:
        row["severity"] = Severity(row.get("severity", ""))
    except ValueError as fault:
        raise ContentError(f"{where}: {fault}") from fault
    if isinstance(want := row.get("want"), list):
        row["want"] = tuple(str(item) for item in want)
    for table in ("remedy", "when"):
        row[table] = {
            key: tuple(value) if isinstance(value, list) else value
            for key, value in row.get(table, {}).items()
        }
    rule: Rule = build(Rule, row, where)
    _check(rule, catalog, where)
    return rule


def _check(rule: Rule, catalog: Catalog, where: str) -> None:
    for key in (rule.key, *rule.remedy, *rule.when):
        if key not in catalog:
            raise ContentError(f"{where}: unknown key {key}")
    if rule.test not in TESTS:
        raise ContentError(f"{where}: unknown test {rule.test!r}")
    if rule.test == "empty":
        if rule.want is None:
            raise ContentError(f'{where}: test "empty" takes want = ""')
    elif rule.want is None and not rule.parameter:
        raise ContentError(f"{where}: want or parameter is missing")
    setting = catalog[rule.key]
    if setting.kind is Kind.PRACTICE and not rule.question:
        raise ContentError(f"{where}: a rule on {rule.key} needs a question for a person")
    _check_values(rule, setting, catalog, where)


def _check_values(rule: Rule, setting: Setting, catalog: Catalog, where: str) -> None:
    try:
        for key, value in rule.remedy.items():
            catalog[key].check(value)
        for key, value in rule.when.items():
            for choice in value if isinstance(value, tuple) else (value,):
                catalog[key].check(choice)
        if rule.test in {"equals", "at-least", "at-most"} and rule.want is not None:
            setting.check(rule.want)
        if rule.test in {"one-of", "none-of"}:
            for value in _members(rule.want or ()):
                setting.check(value)
    except SettingRefused as fault:
        raise ContentError(f"{where}: {fault}") from fault
