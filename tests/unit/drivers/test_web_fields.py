"""A setting as a page shows it, and as a browser would post it."""

from __future__ import annotations

from urllib.parse import parse_qs, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.drivers.states import CATALOG, SETTINGS, states

from frisket.drivers.access.form import Page
from frisket.drivers.access.web import slug_of, value_of
from frisket.drivers.access.web_hand import fields_of
from frisket.errors import SettingRefused
from frisket.mfd.remote_ui.forms import parse_query
from frisket.mfd.remote_ui.menu import slug_of as slug_on_the_device
from frisket.mfd.remote_ui.pages.settings import entered
from frisket.model.reading import Value


@given(states())
def test_what_is_posted_is_what_the_device_takes(state: dict[str, Value]) -> None:
    """The device's own reading of forms is the judge; it shares no code with ours."""
    for setting in SETTINGS:
        body = urlencode(fields_of(setting, state[setting.key]))
        assert setting.check(entered(setting, parse_query(body))) == state[setting.key]


@given(states())
def test_what_is_posted_is_what_a_page_would_show(state: dict[str, Value]) -> None:
    for setting in SETTINGS:
        fields = parse_qs(urlencode(fields_of(setting, state[setting.key])), keep_blank_values=True)
        values = tuple(fields.get(setting.key, ()))
        assert value_of(setting, Page({setting.key: values})) == state[setting.key]


def test_every_menu_has_the_address_that_the_device_gives_it() -> None:
    for setting in SETTINGS:
        assert slug_of(setting.menu) == slug_on_the_device(setting.menu)


def test_what_a_page_does_not_show_is_not_known() -> None:
    assert value_of(CATALOG["snmp.v1.enabled"], Page()) is None
    assert value_of(CATALOG["slp.scope"], Page({"slp.scope": ()})) is None
    with pytest.raises(SettingRefused):
        value_of(CATALOG["pop.interval"], Page({"pop.interval": ("often",)}))


@given(st.text(max_size=60))
def test_a_slug_is_safe_in_an_address(menu: str) -> None:
    assert set(slug_of(menu)) <= set("abcdefghijklmnopqrstuvwxyz0123456789.-")
