"""The Security Policy's arithmetic: what several items force together, and what may be entered."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frisket.audit.load import load_content
from frisket.audit.policy import PolicyItem, check_parameters, forced, parse_item
from frisket.errors import ContentError, SettingRefused
from frisket.model.reading import Value

CONTENT = load_content()
ITEMS = {item.id: item for item in CONTENT.policy}
VALUES = dict(CONTENT.baselines["security-policy"].parameters)


def item(*rules: str) -> dict[str, object]:
    return {"id": "X", "section": "s", "group": "g", "label": "l", "rules": list(rules)}


def test_nothing_ticked_forces_nothing() -> None:
    assert forced([], CONTENT.rules, VALUES, CONTENT.catalog) == {}


@given(st.sets(st.sampled_from(sorted(ITEMS))))
def test_ticking_more_never_frees_a_setting(ticked: set[str]) -> None:
    chosen = [ITEMS[name] for name in sorted(ticked)]
    together = forced(chosen, CONTENT.rules, VALUES, CONTENT.catalog)
    for one in chosen:
        alone = forced([one], CONTENT.rules, VALUES, CONTENT.catalog)
        assert alone.items() <= together.items()


@given(st.permutations(CONTENT.policy))
def test_the_order_of_items_does_not_matter(items: list[PolicyItem]) -> None:
    mixed = forced(items, CONTENT.rules, VALUES, CONTENT.catalog)
    assert mixed == forced(CONTENT.policy, CONTENT.rules, VALUES, CONTENT.catalog)


@pytest.mark.parametrize(
    ("rule", "parameter", "values", "stricter"),
    [
        ("password.long-enough", "password-length", (8, 15), 15),
        ("auth.lockout-threshold", "lockout-tries", (3, 5), 3),
        ("auth.lockout-period", "lockout-minutes", (10, 30), 30),
        ("password.validity-limited", "password-days", (90, 30), 30),
    ],
)
def test_the_stricter_number_wins(
    rule: str, parameter: str, values: tuple[int, int], stricter: int
) -> None:
    """Two items on one number, as no item of the guide has, but a newer policy could."""
    other = f"{parameter}-2"
    rules = {
        "one": CONTENT.rules[rule],
        "two": replace(CONTENT.rules[rule], parameter=other),
    }
    items = [parse_item(item("one")), parse_item(item("two"))]
    key = CONTENT.rules[rule].key
    for first, second in (values, values[::-1]):
        result = forced(items, rules, {parameter: first, other: second}, CONTENT.catalog)
        assert result == {key: stricter}


@pytest.mark.parametrize(
    ("parameter", "lowest", "highest"),
    [
        ("logout-seconds", 10, 540),
        ("password-length", 1, 32),
        ("password-days", 1, 180),
        ("lockout-tries", 1, 10),
        ("lockout-minutes", 1, 60),
    ],
)
def test_the_guides_limits_hold(parameter: str, lowest: int, highest: int) -> None:
    for good in (lowest, highest):
        check_parameters(CONTENT.policy, {**VALUES, parameter: good})
    bad: list[Value] = [lowest - 1, highest + 1, True, str(lowest), ""]
    for value in bad:
        with pytest.raises(SettingRefused, match=parameter):
            check_parameters(CONTENT.policy, {**VALUES, parameter: value})
    missing = {name: value for name, value in VALUES.items() if name != parameter}
    with pytest.raises(SettingRefused, match=parameter):
        check_parameters(CONTENT.policy, missing)


def test_the_time_server_must_be_named() -> None:
    with pytest.raises(SettingRefused, match="time-server"):
        check_parameters([ITEMS["SP-40"]], {**VALUES, "time-server": ""})


def test_parameters_of_other_items_do_not_matter() -> None:
    check_parameters([ITEMS["SP-01"]], {})


@pytest.mark.parametrize("gone", ["id", "section", "group", "label", "rules"])
def test_an_incomplete_item_is_refused(gone: str) -> None:
    raw = item("snmp.v1-off")
    del raw[gone]
    with pytest.raises(ContentError):
        parse_item(raw)


def test_a_strange_range_is_refused() -> None:
    with pytest.raises(ContentError):
        parse_item({**item(), "range": [{"parameter": "x", "from": 1}]})
