"""`docs/asvs.csv`: each requirement of OWASP ASVS 5.0.0, level 1 or 2, has a test or a reason."""

from __future__ import annotations

import csv
import re
from collections import Counter
from difflib import SequenceMatcher
from pathlib import Path

ROOT = Path(__file__).parents[2]
SHORTEST = 40  # characters of a reason: less says nothing
# How many requirements of each level the standard has.
LEVELS = {"1": 70, "2": 183, "3": 92}


def rows() -> list[dict[str, str]]:
    with (ROOT / "docs" / "asvs.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def standard() -> dict[str, str]:
    """Return the level of each requirement by its number, in the order of the standard."""
    text = Path(__file__).with_name("asvs-5.0.0.txt").read_text(encoding="utf-8")
    sections = (line.split() for line in text.splitlines() if not line.startswith("#"))
    return {
        f"{section}.{number}": level
        for section, levels in sections
        for number, level in enumerate(levels, 1)
    }


def test_the_list_of_the_standard_is_whole() -> None:
    assert Counter(standard().values()) == LEVELS


def test_every_requirement_of_both_levels_is_there_in_order() -> None:
    wanted = [(number, level) for number, level in standard().items() if level != "3"]
    assert [(row["id"], row["level"]) for row in rows()] == wanted


def test_each_row_has_a_test_or_a_reason() -> None:
    for row in rows():
        assert set(row) == {"id", "level", "asks", "test", "reason"}
        assert row["asks"], row
        assert row["test"] or row["reason"], row
        assert not row["reason"] or len(row["reason"]) >= SHORTEST, row


def test_every_named_test_exists() -> None:
    for row in rows():
        if row["test"]:
            path, _, name = row["test"].partition("::")
            assert (ROOT / path).is_file(), row
            source = (ROOT / path).read_text(encoding="utf-8")
            assert re.search(rf"^(async )?def {re.escape(name)}\(", source, re.MULTILINE), row


def test_every_reason_is_of_its_own() -> None:
    """None is another one's copy, nor nearly: each requirement was judged by itself."""
    reasons = [row["reason"] for row in rows() if row["reason"]]
    assert len(set(reasons)) == len(reasons)
    near = [
        (one, other)
        for place, one in enumerate(reasons)
        for other in reasons[:place]
        if SequenceMatcher(None, one, other).real_quick_ratio() > 0.9
        and SequenceMatcher(None, one, other).quick_ratio() > 0.9
        and SequenceMatcher(None, one, other).ratio() > 0.9
    ]
    assert not near


def test_every_document_that_a_reason_names_exists() -> None:
    for row in rows():
        for path, _, heading in re.findall(
            r"(docs/[\w/.-]+\.\w+)(, ([A-Z][\w' -]+))?", row["reason"]
        ):
            text = (ROOT / path).read_text(encoding="utf-8")
            if heading and path.endswith(".md"):
                assert re.search(rf"^#+ {re.escape(heading.strip())}$", text, re.MULTILINE), row
