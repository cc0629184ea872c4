"""Rules: what each test means, what a rule proposes to set, and which files are refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from frisket.audit.load import load_content
from frisket.audit.rule import TESTS, demand, holds, parse_rule
from frisket.errors import ContentError
from frisket.model.finding import Severity
from frisket.model.reading import Value

CATALOG = load_content().catalog
GOOD: Mapping[str, Any] = {
    "id": "x.y",
    "title": "Do it",
    "severity": "low",
    "key": "auth.lockout.threshold",
    "test": "at-most",
    "want": 5,
}


@pytest.mark.parametrize(
    ("test", "value", "want", "passes"),
    [
        ("equals", True, True, True),
        ("equals", False, True, False),
        ("not-equals", "a", "b", True),
        ("not-equals", "a", "a", False),
        ("at-least", 5, 5, True),
        ("at-least", 4, 5, False),
        ("at-most", 5, 5, True),
        ("at-most", 6, 5, False),
        ("between", 1, ("1", "90"), True),
        ("between", 90, ("1", "90"), True),
        ("between", 0, ("1", "90"), False),
        ("between", 91, ("1", "90"), False),
        ("one-of", "a", ("a", "b"), True),
        ("one-of", "c", ("a", "b"), False),
        ("none-of", "c", ("a", "b"), True),
        ("none-of", "a", ("a", "b"), False),
        ("contains-none", ("c",), ("a", "b"), True),
        ("contains-none", (), ("a", "b"), True),
        ("contains-none", ("a", "c"), ("a", "b"), False),
        ("empty", "", "", True),
        ("empty", (), "", True),
        ("empty", "x", "", False),
        ("empty", ("x",), "", False),
        ("present", "x", "", True),
        ("present", "", "", False),
        ("present", (), "", False),
    ],
)
def test_what_a_test_means(test: str, value: Value, want: Value, passes: bool) -> None:
    assert TESTS[test](value, want) is passes


def test_every_test_is_used_and_shown() -> None:
    rules = load_content().rules.values()
    assert set(TESTS) - {rule.test for rule in rules} <= {"not-equals"}
    parameters = load_content().baselines["security-policy"].parameters
    for rule in rules:
        assert demand(rule, parameters)


@pytest.mark.parametrize(
    ("value", "want", "applies"),
    [(True, True, True), (False, True, False), ("a", ("a", "b"), True), ("c", ("a", "b"), False)],
)
def test_when_holds(value: Value, want: Value, applies: bool) -> None:
    assert holds(value, want) is applies


def parsed(**changes: object) -> Any:
    row = {k: v for k, v in {**GOOD, **changes}.items() if v is not None}
    return parse_rule("x.y", row, CATALOG)


def test_a_rule_is_read() -> None:
    rule = parsed(when={"auth.lockout.enabled": True})
    assert rule.severity is Severity.LOW
    assert rule.fixes({}, CATALOG) == {"auth.lockout.threshold": 5}
    assert demand(rule, {}) == "at most 5"


@pytest.mark.parametrize(
    ("changes", "fix"),
    [
        ({"remedy": {"snmp.v1.enabled": False}}, {"snmp.v1.enabled": False}),
        ({"key": "network.interface", "test": "one-of", "want": ["wired"]}, "wired"),
        ({"key": "network.interface", "test": "none-of", "want": ["wired"]}, None),
        ({"key": "snmp.v2c.answers", "test": "equals", "want": False}, None),
        ({"key": "sntp.server", "test": "present", "want": ""}, None),
        ({"key": "sntp.server", "test": "present", "want": None, "parameter": "p"}, "host"),
    ],
)
def test_what_is_proposed(changes: dict[str, Any], fix: object) -> None:
    rule = parsed(**changes)
    wanted = fix if isinstance(fix, dict) else {} if fix is None else {rule.key: fix}
    assert rule.fixes({"p": "host"}, CATALOG) == wanted


def test_a_parameter_takes_the_place_of_want() -> None:
    rule = parsed(want=None, parameter="tries")
    assert rule.fixes({"tries": 3}, CATALOG) == {"auth.lockout.threshold": 3}
    days = parsed(key="password.validity-days", test="between", want=["1", "180"], parameter="days")
    assert demand(days, {"days": 30}) == "1 to 30"
    assert days.fixes({"days": 30}, CATALOG) == {"password.validity-days": 30}


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"id": "x.z"}, "the file's name"),
        ({"severity": "grave"}, "grave"),
        ({"severity": None}, "rules/x.y.toml"),
        ({"key": "no.such"}, "unknown key"),
        ({"remedy": {"no.such": True}}, "unknown key"),
        ({"when": {"no.such": True}}, "unknown key"),
        ({"when": {"auth.lockout.enabled": "maybe"}}, "does not accept"),
        ({"when": {"network.interface": ["wired", "carrier pigeon"]}}, "does not accept"),
        ({"remedy": {"snmp.v1.enabled": 3}}, "does not accept"),
        ({"test": "resembles"}, "unknown test"),
        ({"want": None}, "want or parameter"),
        ({"want": 11}, "does not accept"),
        ({"test": "empty", "want": None}, "empty"),
        ({"key": "network.interface", "test": "one-of", "want": ["drum"]}, "does not accept"),
        ({"key": "sms.password-strong", "test": "equals", "want": True}, "needs a question"),
        ({"colour": "red"}, "unknown field"),
        ({"title": None}, "title"),
    ],
)
def test_a_malformed_rule_is_refused(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(ContentError) as caught:
        parsed(**changes)
    assert says in str(caught.value)
