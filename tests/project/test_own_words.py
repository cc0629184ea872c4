"""Facts are carried over from the guide, sentences are not."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.project.tree import shown, tracked

# A run this long is a sentence; labels, lists of protocols and port numbers are facts.
RUN = 10
SUFFIXES = {".toml", ".md", ".py", ".html", ".json"}


def runs(text: str) -> set[str]:
    """Return every run of words of a text, labels left out, in lower case."""
    words = re.findall(r"[a-z][a-z0-9']*", re.sub(r"<[^>]*>", " ", text).lower())
    return {" ".join(words[i : i + RUN]) for i in range(len(words) - RUN + 1)}


@pytest.mark.shared
def test_no_sentence_of_the_guide_is_repeated(shared_data: Path) -> None:
    guide = (shared_data.parent / "guide" / "hardening-guide.txt").read_text(encoding="utf-8")
    theirs = runs(guide)
    assert theirs
    copied = [
        f"{shown(path)}: {run}"
        for path in tracked()
        if path.suffix in SUFFIXES and "requirements" not in path.parts
        for run in runs(path.read_text(encoding="utf-8"))
        if run in theirs
    ]
    assert not copied, "say it in your own words"
