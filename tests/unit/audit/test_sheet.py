"""A security policy as text: round trip, ranges, and what is refused."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frisket.audit.load import load_content
from frisket.audit.sheet import (
    ITEMS,
    VALUES,
    Sheet,
    as_settings,
    conflicts,
    contrasts,
    forces,
    from_baseline,
    from_settings,
    held_by,
    make_sheet,
    parameters_of,
    read_sheet,
    write_sheet,
)
from frisket.errors import SettingRefused, UsageError
from frisket.model.reading import Value

CONTENT = load_content()
IDS = [item.id for item in CONTENT.policy]
RANGES = {limit.parameter: limit for item in CONTENT.policy for limit in item.ranges}
EVERY = from_baseline(CONTENT.baselines["security-policy"], CONTENT)
GOOD = write_sheet(EVERY, CONTENT)

numbers = st.fixed_dictionaries(
    {name: st.integers(row.minimum, row.maximum) for name, row in RANGES.items()}
)
hosts = st.sampled_from(["pool.ntp.org", "10.0.0.1", "time.example.org"])


@given(items=st.sets(st.sampled_from(IDS)), values=numbers, host=hosts)
def test_what_is_written_is_read(items: set[str], values: Mapping[str, int], host: str) -> None:
    sheet = make_sheet(items, {**values, "time-server": host}, CONTENT)
    text = write_sheet(sheet, CONTENT, ["from a device\x1b[31m", "second line"])
    assert read_sheet(text, "x", CONTENT) == sheet
    assert "\x1b" not in text
    settings = as_settings(sheet)
    assert from_settings(settings, CONTENT) == sheet
    for key in (ITEMS, VALUES):
        assert CONTENT.catalog[key].check(settings[key]) == settings[key]
    own = {name for item in CONTENT.policy if item.id in items for name in parameters_of(item)}
    assert set(sheet.values) == own


def test_the_catalogue_has_the_items_of_the_policy() -> None:
    assert list(CONTENT.catalog[ITEMS].values) == IDS


def test_every_line_says_which_item_it_is() -> None:
    for item in CONTENT.policy:
        assert f"{item.id} = true   # {item.label}" in GOOD
    assert "logout-seconds = 120  # SP-24, 10 to 540 seconds" in GOOD
    assert tomllib.loads(GOOD)["items"] == dict.fromkeys(IDS, True)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("frisket_policy = 1", "frisket_policy = 2", "no security policy of format 1"),
        ("frisket_policy = 1", "", "no security policy of format 1"),
        ("[items]", "[[items]]", "not valid|is a table|Invalid|Cannot"),
        ("SP-08 = true ", "SP-99 = true ", "unknown key SP-99 among the items"),
        ("SP-08 = true ", "# ", "missing: SP-08"),
        ("SP-08 = true ", 'SP-08 = "on" ', "SP-08 is true or false"),
        ("logout-seconds = 120", "logout-seconds = 5", "takes 10 to 540 seconds"),
        ("logout-seconds = 120", 'logout-seconds = "120"', "logout-seconds is a number"),
        ("logout-seconds = 120", "logout-seconds = true", "logout-seconds is a number"),
        ("logout-seconds = 120", "", "takes 10 to 540 seconds"),
        ("logout-seconds = 120", "logout-hours = 120", "unknown key logout-hours among the values"),
        ('"pool.ntp.org"', '""', "time-server is missing"),
        ('"pool.ntp.org"', "7", "time-server is a text"),
        ('"pool.ntp.org"', '"a\\nb"', "does not accept"),
        ("[values]", "[values", "line"),
        ("[values]", "other = 1\n[values]", "unknown key other"),
    ],
)
def test_a_bad_text_is_refused(old: str, new: str, says: str) -> None:
    assert old in GOOD
    with pytest.raises(UsageError, match=says) as fault:
        read_sheet(GOOD.replace(old, new), "policy.toml", CONTENT)
    assert "policy.toml" in str(fault.value)


def test_a_file_of_any_size_is_not_read() -> None:
    with pytest.raises(UsageError, match="larger than"):
        read_sheet("#" * 200_000, "x", CONTENT)


def test_differences_are_told_by_item() -> None:
    one = make_sheet(["SP-08", "SP-24"], {"logout-seconds": 60}, CONTENT)
    other = make_sheet(["SP-09", "SP-24"], {"logout-seconds": 90}, CONTENT)
    found = {row.item.id: (row.one, row.other) for row in contrasts(one, other, CONTENT)}
    assert found == {
        "SP-08": ({}, None),
        "SP-09": (None, {}),
        "SP-24": ({"logout-seconds": 60}, {"logout-seconds": 90}),
    }
    assert not contrasts(one, one, CONTENT)


def test_a_sheet_of_a_baseline_asks_for_no_more_than_it() -> None:
    for baseline in CONTENT.baselines.values():
        sheet = from_baseline(baseline, CONTENT)
        demanded: dict[str, list[Value]] = {}
        for _, need in baseline.needs():
            for rule in need.rules:
                fixes = CONTENT.rules[rule].fixes(baseline.parameters, CONTENT.catalog)
                for key, value in fixes.items():
                    demanded.setdefault(key, []).append(value)
        assert set(forces(sheet, CONTENT)) <= set(demanded), baseline.id
    assert list(EVERY.items) == IDS
    assert from_baseline(CONTENT.baselines["enterprise"], CONTENT).items == ("SP-01", "SP-08")


def test_what_holds_a_setting_is_known() -> None:
    sheet = make_sheet(["SP-08", "SP-22"], {}, CONTENT)
    held = held_by(sheet, CONTENT)
    assert [item.id for item in held["snmp.v1.enabled"]] == ["SP-08", "SP-22"]
    assert [item.id for item in held["snmp.v3.enabled"]] == ["SP-22"]
    assert set(held) == set(forces(sheet, CONTENT))


def test_items_that_should_not_stand_together_are_named() -> None:
    between = [row.between for row in conflicts(EVERY, CONTENT)]
    assert ("SP-27", "SP-38") in between
    assert not conflicts(make_sheet(["SP-27"], {}, CONTENT), CONTENT)


@pytest.mark.parametrize(
    "settings",
    [{ITEMS: ("SP-99",), VALUES: ()}, {ITEMS: True, VALUES: ()}, {ITEMS: ("SP-24",), VALUES: ()}],
)
def test_settings_that_are_no_sheet_are_refused(settings: Mapping[str, Value]) -> None:
    with pytest.raises(SettingRefused):
        from_settings(settings, CONTENT)


def test_nothing_ticked_is_a_policy_too() -> None:
    assert read_sheet(write_sheet(Sheet(), CONTENT), "x", CONTENT) == Sheet()
