from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frisket.report.escape import visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("iR-ADV C5550", "iR-ADV C5550"),
        ("Büro 東京 ﬁ", "Büro 東京 ﬁ"),
        ("e\u0301", "é"),
        ("\x1b[31m", r"\x1b[31m"),
        ("\x9b31m", r"\x9b31m"),
        ("a\tb\r\nc", r"a\tb\r\nc"),
        ("\u202egpj", r"\u202egpj"),
        ("\u2066\u2069", r"\u2066\u2069"),
        ("\u200b\u200d\ufeff\u00ad", r"\u200b\u200d\ufeff\xad"),
        ("\U000e0041", r"\U000e0041"),
        ("\ufe0f\u3164\u00a0", r"\ufe0f\u3164\xa0"),
        ("\ud800", r"\ud800"),
        ("\u2028", r"\u2028"),
        ("[red]x[/red]", "[red]x[/red]"),
        ("\\x1b", "\\x1b"),
    ],
)
def test_unseen_characters_are_written_out(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_stacked_accents_stop_climbing() -> None:
    assert sum(unicodedata.combining(c) > 0 for c in visible("Z" + "\u0301" * 60)) <= 4


def test_a_cut_is_marked_and_within_the_limit() -> None:
    assert visible("x" * 257) == "x" * 255 + "…"
    assert visible("x" * 256) == "x" * 256
    assert len(visible("\x00" * 10_000_000, 40)) == 40


@given(st.text(alphabet=st.characters(codec=None)), st.integers(1, 40))
def test_whatever_comes_is_bounded_stable_and_shows_itself(text: str, limit: int) -> None:
    shown = visible(text, limit)
    assert len(shown) <= limit
    assert visible(shown, limit) == shown
    assert not {unicodedata.category(c) for c in shown} & {"Cc", "Cf", "Cs", "Co", "Cn"}
    shown.encode()
