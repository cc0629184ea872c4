"""Content is data: it parses, it keeps to the catalogue, and every word of it is used."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest
from tests.project.tree import CONTENT, shown, sources

from frisket.audit.load import load_content
from frisket.catalog.load import load_catalog
from frisket.catalog.setting import Kind, Setting, Type

TOML = sorted(CONTENT.rglob("*.toml"))
SETTINGS = tuple(load_catalog())
# What the guide has: rows of its two tables and items of the Security Policy Settings.
GUIDE = {"SO": 16, "EN": 16, "SP": 45}
SURE = {"verified", "general", "related", "inferred"}
# Factory values and what a device holds belong to personalities, never to the vocabulary.
VALUES = {"default", "factory", "value"}
whole = pytest.mark.skipif(
    not (CONTENT / "conflicts.toml").exists(), reason="rules and baselines are not written yet"
)


def ids(setting: Setting) -> str:
    """Return the key for the test's name."""
    return setting.key


@pytest.mark.parametrize("path", TOML, ids=shown)
def test_toml(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert tomllib.loads(text)
    assert "\r" not in text
    assert "\t" not in text
    assert text.endswith("\n")


@pytest.mark.parametrize("path", sorted(CONTENT.rglob("*.json")), ids=shown)
def test_json(path: Path) -> None:
    assert json.loads(path.read_bytes())


def test_content_has_no_code() -> None:
    assert not list(CONTENT.rglob("*.py"))


@pytest.mark.parametrize("setting", SETTINGS, ids=ids)
def test_key_says_what_it_is(setting: Setting) -> None:
    assert setting.label.strip() == setting.label != ""
    assert setting.sure in SURE
    assert set(setting.doors) <= {"remote-ui", "panel"}
    if setting.kind is not Kind.SETTING:
        assert setting.about.endswith("."), "what no menu explains needs a sentence"
        assert not setting.menu
        assert not setting.secret
    for row in setting.guide:
        table, _, number = row.partition("-")
        assert re.fullmatch(r"[0-9]{2}", number)
        assert 1 <= int(number) <= GUIDE[table]


@pytest.mark.parametrize("setting", SETTINGS, ids=ids)
def test_key_has_a_range_that_can_be_met(setting: Setting) -> None:
    assert len(set(setting.values)) == len(setting.values)
    assert bool(setting.values) == (setting.type in {Type.CHOICE, Type.SET})
    if setting.type is Type.INTEGER:
        assert setting.minimum < setting.maximum
        assert setting.check(setting.minimum) == setting.minimum
        assert setting.check(setting.maximum) == setting.maximum
    else:
        assert not setting.unit, "only numbers have a unit"
    if setting.pattern:
        assert setting.type is Type.TEXT
        re.compile(setting.pattern)
    if setting.secret:
        assert setting.type is Type.TEXT


def test_the_vocabulary_holds_no_values() -> None:
    for path in sorted((CONTENT / "settings").glob("*.toml")):
        for key, table in tomllib.loads(path.read_text(encoding="utf-8")).items():
            assert not VALUES & set(table), key


def outside_the_catalogue() -> str:
    """Return the text of all code, and of all content but the catalogue."""
    files = [*sources(), *(p for p in CONTENT.rglob("*") if p.suffix in {".toml", ".json"})]
    return "\n".join(p.read_text(encoding="utf-8") for p in files if p.parent.name != "settings")


@whole
def test_no_key_is_unused() -> None:
    text = outside_the_catalogue()
    unused = [s.key for s in SETTINGS if f'"{s.key}"' not in text]
    assert not unused, "no rule, device, probe or service speaks of it"


@whole
def test_what_can_be_seen_has_a_rule_or_a_reader() -> None:
    """A state or practice that no rule judges would be asked for in vain."""
    content = load_content()
    judged = {rule.key for rule in content.rules.values()}
    judged |= {key for rule in content.rules.values() for key in rule.when}
    read = "\n".join(p.read_text(encoding="utf-8") for p in sources())
    for setting in SETTINGS:
        if setting.kind is Kind.PRACTICE:
            assert setting.key in judged, setting.key
        elif setting.kind is Kind.STATE:
            assert setting.key in judged or f'"{setting.key}"' in read, setting.key


@whole
def test_every_rule_is_asked_for() -> None:
    content = load_content()
    asked = {r for b in content.baselines.values() for _, need in b.needs() for r in need.rules}
    asked |= {r for item in content.policy for r in item.rules}
    asked |= {
        r for s in content.standards for requirement in s.requirements for r in requirement.rules
    }
    assert set(content.rules) == asked


@whole
def test_every_row_of_the_guide_stands_in_a_baseline() -> None:
    content = load_content()
    rows = {c.id for b in content.baselines.values() for c in b.considerations}
    rows |= {item.id for item in content.policy}
    wanted = {f"{table}-{n:02}" for table, last in GUIDE.items() for n in range(1, last + 1)}
    assert wanted <= rows


@whole
def test_the_guide_rows_of_a_key_are_those_of_its_rules() -> None:
    """A key that claims a row of the guide is judged or set by a rule of that row."""
    content = load_content()
    touched: dict[str, set[str]] = {}
    rows = [*(c for b in content.baselines.values() for c in b.considerations)]
    rows += [item.as_consideration() for item in content.policy]
    for row in rows:
        for rule in (content.rules[r] for need in row.needs for r in need.rules):
            touched.setdefault(row.id, set()).update({rule.key, *rule.remedy, *rule.when})
    claimed = {(row, s.key) for s in SETTINGS for row in s.guide}
    loose = sorted(f"{row}: {key}" for row, key in claimed if key not in touched.get(row, set()))
    assert not loose
