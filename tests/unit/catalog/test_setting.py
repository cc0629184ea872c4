"""What a key accepts, and what it says when it does not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frisket.catalog.load import load_catalog, parse_topic
from frisket.catalog.setting import Setting, Type, show
from frisket.errors import ContentError, SettingRefused, UsageError
from frisket.model.reading import Value

CATALOG = load_catalog()


def test_every_kind_of_value_is_checked() -> None:
    assert CATALOG["snmp.v1.enabled"].check(True) is True
    assert CATALOG["auth.lockout.threshold"].check(10) == 10
    assert CATALOG["pop.authentication"].check("APOP") == "APOP"
    assert CATALOG["smb.client.versions"].check(["3.0", "2.0"]) == ("2.0", "3.0")
    assert CATALOG["firewall.ipv4.exceptions"].check(["10.0.0.1"]) == ("10.0.0.1",)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("snmp.v1.enabled", 1),
        ("auth.lockout.threshold", 11),
        ("auth.lockout.threshold", True),
        ("pop.authentication", "apop"),
        ("smb.client.versions", ["4.0"]),
        ("firewall.ipv4.exceptions", ["x"] * 17),
        ("device.location", "two\nlines"),
        ("device.location", "x" * 33),
        ("admin.system-manager.id", "0000000"),
        ("admin.system-manager.id", "12a"),
    ],
)
def test_what_does_not_fit_is_refused_with_the_range(key: str, value: object) -> None:
    with pytest.raises(SettingRefused, match="it takes"):
        CATALOG[key].check(value)


def test_a_secret_is_not_repeated_in_the_refusal() -> None:
    with pytest.raises(SettingRefused) as refusal:
        CATALOG["admin.system-manager.pin"].check("hunter2hunter2")
    assert "hunter2" not in str(refusal.value)


def test_an_unknown_key_names_near_ones() -> None:
    with pytest.raises(UsageError) as refusal:
        CATALOG["snmp.v1"]
    assert "snmp.v1.enabled" in refusal.value.hint


@given(st.sampled_from(list(CATALOG)), st.text(max_size=40))
def test_parsing_text_gives_a_value_of_the_type_or_a_refusal(setting: Setting, text: str) -> None:
    try:
        value = setting.parse(text)
    except SettingRefused:
        return
    assert setting.check(value) == value


def _some_value(setting: Setting) -> Value:
    match setting.type:
        case Type.BOOLEAN:
            return True
        case Type.INTEGER:
            return setting.maximum
        case Type.CHOICE:
            return setting.values[-1]
        case Type.SET:
            return setting.values
        case _:
            return ("one", "two")


@given(st.sampled_from([s for s in CATALOG if s.type is not Type.TEXT]))
def test_what_is_shown_can_be_read_back(setting: Setting) -> None:
    value = _some_value(setting)
    assert setting.parse(show(value)) == value


@pytest.mark.parametrize(
    "raw",
    [
        {"Bad Key": {"type": "boolean", "label": "x", "menu": "m"}},
        {"a.b": {"type": "maybe", "label": "x", "menu": "m"}},
        {"a.b": {"type": "choice", "label": "x", "menu": "m"}},
        {"a.b": {"type": "boolean", "label": "x"}},
        {"a.b": {"type": "boolean", "label": "x", "menu": "m", "colour": "red"}},
        {"a.b": 3},
    ],
)
def test_a_malformed_topic_is_named(raw: dict[str, object]) -> None:
    with pytest.raises(ContentError, match=r"settings/test\.toml"):
        list(parse_topic("test", raw))
