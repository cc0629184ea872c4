"""Languages, zones, and what cannot end a page's data."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from math import ceil

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from hypothesis import given
from hypothesis import strategies as st
from tests.project.tree import ROOT
from tests.web import Web

from frisket.console.language import (
    Disguise,
    chosen_language,
    compiled,
    disguised,
    load_catalogues,
    written,
    written_number,
    zone,
)
from frisket.console.render import data, environment_of
from frisket.console.static_files import load_static
from frisket.fleet.roles import Role

HAVE = {"en": Disguise(), "de": Disguise(), "pt_BR": Disguise()}


@pytest.mark.parametrize(
    ("wish", "accepted", "expected"),
    [
        ("de", "", "de"),
        ("", "de-CH,de;q=0.9,en;q=0.8", "de"),
        ("", "pt-BR", "pt_BR"),
        ("", "ja", "en"),
        ("xx", "", "en"),
        ("", "\x00;;,,q=1,*", "en"),
        ("", "," * 10_000, "en"),
    ],
)
def test_the_language(wish: str, accepted: str, expected: str) -> None:
    assert chosen_language(wish, accepted, HAVE) == expected


@given(st.text(max_size=200))
def test_any_header_gets_a_language(accepted: str) -> None:
    assert chosen_language("", accepted, HAVE) in HAVE


def test_times_are_told_in_the_persons_zone() -> None:
    noon = datetime(2026, 7, 1, 12, tzinfo=UTC)
    assert "9:00:00" in written(noon, "Asia/Tokyo", "en")
    assert "14:00:00" in written(noon, "Europe/Berlin", "de")
    assert zone("Nowhere/Land") == zone("UTC")
    assert zone("../../etc/passwd") == zone("UTC")


def test_numbers_are_written_as_the_language_does() -> None:
    assert written_number(1234567, "en") == "1,234,567"
    assert written_number(1234567, "de") == "1.234.567"
    assert written_number(0.5, "de") == "0,5"
    assert written_number(12, "xx") == "12"


def test_a_disguise_is_two_fifths_longer_word_by_word() -> None:
    plain = "Documentation of administrators"
    longer = disguised(plain).strip("⟦⟧").split()
    assert [len(word) for word in longer] == [
        len(word) + ceil(len(word) * 0.4) for word in plain.split()
    ]


def test_plural_forms_go_through_the_catalogue(web: Web) -> None:
    """Of a language with three forms each is taken where it belongs."""
    rules = "nplurals=3; plural=(n==1 ? 0 : n<5 ? 1 : 2);"
    catalogue = Catalog(locale="cs")
    catalogue.mime_headers = [("Plural-Forms", rules)]
    catalogue.add(("%(count)s place", "%(count)s places"), ("jedno", "málo", "mnoho"))
    made = compiled(catalogue)
    template = "{% trans count=n %}{{ count }} place{% pluralize %}{{ count }} places{% endtrans %}"
    environment = environment_of(made, load_static())
    found = [environment.from_string(template).render(n=n) for n in (1, 3, 7)]
    assert found == ["jedno", "málo", "mnoho"]


def test_a_disguise_keeps_what_is_filled_in() -> None:
    assert disguised("Times in %(zone)s") % {"zone": "UTC"} == "⟦Tîméš·· îñ· UTC⟧"


@given(st.text())
def test_data_in_a_page_cannot_end_its_element(value: str) -> None:
    text = str(data({"x": value}))
    assert not set(text) & set("<>&\u2028\u2029")
    assert json.loads(text) == {"x": value}


def test_english_is_always_there() -> None:
    assert "en" in load_catalogues()


def test_names_that_people_typed_are_escaped_everywhere(web: Web) -> None:
    evil = "<img src=x onerror=alert(1)>\"'{{7*7}}"
    client = web.visitor("ann", Role.ADMINISTRATOR, Role.SECURITY_ADMINISTRATOR)
    web.console.services.accounts.change(web.account("ann").id, shown=evil, zone="UTC")
    client.post("/profile/tokens", data={"name": evil, "scope": "see-fleet"})
    for path in ("/", "/profile", "/users", "/log", f"/users/{web.account('ann').id}"):
        text = client.get(path).text
        assert "<img" not in text, path
        assert "49" not in text or "{{7*7}}" in text


def test_babel_reads_every_template() -> None:
    folder = ROOT / "src/frisket/console/templates"
    found = {message for _, _, message, _, _ in extract_from_dir(folder, [("**.html", "jinja2")])}
    assert {"Log in", "Passkeys", "Skip to the content"} <= found
