"""Groups of devices: what they hold, and what their file may not say."""

from __future__ import annotations

import re

import pytest
from tests.project.tree import ROOT

from frisket.audit.groups import parse_groups
from frisket.errors import UsageError

TEXT = """
[[group]]
name = "site"
targets = ["10.0.0.0/30", "group:annex", "mfd-7"]
about = "Harbour Street"

[[group]]
name = "annex"
targets = ["10.1.0.1", "group:site"]
"""


def test_a_group_holds_others_and_each_target_once() -> None:
    groups = parse_groups(TEXT, "inventory.toml")
    assert groups.words("site") == ("10.0.0.0/30", "mfd-7", "10.1.0.1")
    assert groups.words("annex") == ("10.1.0.1", "10.0.0.0/30", "mfd-7")
    with pytest.raises(UsageError, match=r"no group 'none' in inventory\.toml") as fault:
        groups.words("none")
    assert "annex, site" in fault.value.hint


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('name = "annex"', 'name = "site"', "stands twice"),
        ('name = "annex"', 'name = "an nex"', "a name has"),
        ('name = "annex"', "", "name missing"),
        ('"group:site"', '"group:elsewhere"', "no group 'elsewhere'"),
        ('"group:site"', '"@file"', "no target of a group"),
        ('["10.1.0.1", "group:site"]', "[]", "targets are missing"),
        ('["10.1.0.1", "group:site"]', "[7]", "must be a text"),
        ("about", "remark", "unknown field remark"),
        ("[[group]]", "[group]", "inventory.toml"),
    ],
)
def test_a_bad_inventory_is_refused(old: str, new: str, says: str) -> None:
    assert old in TEXT
    with pytest.raises(UsageError, match=says):
        parse_groups(TEXT.replace(old, new), "inventory.toml")


def test_the_sample_in_the_document_is_sound() -> None:
    document = (ROOT / "docs" / "reference" / "credentials.md").read_text(encoding="utf-8")
    samples = re.findall(r"```toml\n(.*?)```", document, re.DOTALL)
    (sample,) = [text for text in samples if "[[group]]" in text]
    assert parse_groups(sample, "doc").words("branch-7")
