"""Content is data: it parses, it keeps to the catalogue, and every word of it is used."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest
from tests.project.tree import CONTENT, ROOT, shown, sources

from frisket.audit.load import load_content
from frisket.catalog.load import load_catalog
from frisket.catalog.setting import Kind, Setting, Type
from frisket.probe.base import Probe
from frisket.probe.engine import find_probes

TOML = sorted(CONTENT.rglob("*.toml"))
SETTINGS = tuple(load_catalog())
# What the guide has: rows of its two tables and items of the Security Policy Settings.
GUIDE = {"SO": 16, "EN": 16, "SP": 45}
SURE = {"verified", "general", "related", "inferred"}
# Factory values and what a device holds belong to personalities, never to the vocabulary.
VALUES = {"default", "factory", "value"}


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


@pytest.mark.skipif(not find_probes(), reason="no probe is written yet")
def test_what_can_be_seen_has_a_reader() -> None:
    """A state is spoken of by code that sees it, or a rule has a question that a person answers."""
    asked = {rule.key for rule in load_content().rules.values() if rule.question}
    code = "\n".join(p.read_text(encoding="utf-8") for p in sources())
    states = [s.key for s in SETTINGS if s.kind is Kind.STATE]
    assert not [key for key in states if key not in asked and f'"{key}"' not in code]


def test_what_a_person_confirms_is_asked_of_a_person() -> None:
    """A practice that no rule judges would be confirmed in vain."""
    judged = {rule.key for rule in load_content().rules.values()}
    assert not [s.key for s in SETTINGS if s.kind is Kind.PRACTICE and s.key not in judged]


@pytest.mark.parametrize("probe", find_probes(), ids=lambda probe: probe.name)
def test_a_probe_speaks_of_known_keys_that_can_be_seen(probe: Probe) -> None:
    catalog = load_catalog()
    assert probe.reads, "a probe that reads nothing"
    assert not [key for key in probe.reads if key not in catalog]
    assert not [key for key in probe.reads if catalog[key].kind is Kind.PRACTICE]
    assert not [key for key in probe.reads if catalog[key].secret], "a secret is never seen"


def test_every_rule_is_asked_for() -> None:
    content = load_content()
    asked = {r for b in content.baselines.values() for _, need in b.needs() for r in need.rules}
    asked |= {r for item in content.policy for r in item.rules}
    asked |= {
        r for s in content.standards for requirement in s.requirements for r in requirement.rules
    }
    assert set(content.rules) == asked


def test_every_rule_is_proved() -> None:
    """Each rule has a file of cases, and each file of cases has its rule."""
    cases = {p.name.removesuffix(".toml") for p in (ROOT / "tests" / "rules").glob("*.toml")}
    assert cases == set(load_content().rules)


def test_every_row_of_the_guide_stands_in_a_baseline() -> None:
    content = load_content()
    rows = {c.id for b in content.baselines.values() for c in b.considerations}
    rows |= {item.id for item in content.policy}
    wanted = {f"{table}-{n:02}" for table, last in GUIDE.items() for n in range(1, last + 1)}
    assert wanted <= rows


def test_the_guide_rows_of_a_key_are_those_of_its_rules() -> None:
    """What claims a row of the guide is judged or set by a rule of it; a state only bears on it."""
    content = load_content()
    touched: dict[str, set[str]] = {}
    rows = [*(c for b in content.baselines.values() for c in b.considerations)]
    rows += [item.as_consideration() for item in content.policy]
    for row in rows:
        for rule in (content.rules[r] for need in row.needs for r in need.rules):
            touched.setdefault(row.id, set()).update({rule.key, *rule.remedy, *rule.when})
    claimed = {(row, s.key) for s in SETTINGS if s.kind is not Kind.STATE for row in s.guide}
    loose = sorted(f"{row}: {key}" for row, key in claimed if key not in touched.get(row, set()))
    assert not loose
