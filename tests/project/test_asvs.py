"""`docs/asvs.csv`: each requirement of OWASP ASVS 5.0 there has a test that exists, or a reason."""

from __future__ import annotations

import csv
import re
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[2]
# Of level 1 all; of level 2 these chapters. What is missing is said in docs/reference/console.md.
ALL_OF_LEVEL_1 = 70
LEVEL_2 = {"1": 19, "2": 7, "3": 11, "6": 22, "7": 12, "8": 3, "9": 3, "10": 24, "16": 16, "17": 7}


def rows() -> list[dict[str, str]]:
    with (ROOT / "docs" / "asvs.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_each_row_has_a_test_or_a_reason_and_not_both() -> None:
    for row in rows():
        assert set(row) == {"id", "level", "asks", "test", "reason"}
        assert re.fullmatch(r"\d{1,2}\.\d{1,2}\.\d{1,2}", row["id"]), row
        assert row["asks"], row
        assert bool(row["test"]) is not bool(row["reason"]), row


def test_every_named_test_exists() -> None:
    for row in rows():
        if row["test"]:
            path, _, name = row["test"].partition("::")
            assert (ROOT / path).is_file(), row
            source = (ROOT / path).read_text(encoding="utf-8")
            assert re.search(rf"^(async )?def {re.escape(name)}\(", source, re.MULTILINE), row


def test_the_chapters_that_are_said_to_be_whole_are() -> None:
    found = rows()
    assert len({row["id"] for row in found}) == len(found)
    assert sum(row["level"] == "1" for row in found) == ALL_OF_LEVEL_1
    second = Counter(row["id"].partition(".")[0] for row in found if row["level"] == "2")
    assert {chapter: second[chapter] for chapter in LEVEL_2} == LEVEL_2


def test_ids_stand_in_order() -> None:
    places = [tuple(int(part) for part in row["id"].split(".")) for row in rows()]
    assert places == sorted(places)
