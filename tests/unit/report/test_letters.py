"""Letters of a PDF: long words break and stay themselves; what no font has is told by number."""

from __future__ import annotations

import json
import re

from hypothesis import given
from hypothesis import strategies as st

from frisket.report.escape import visible
from frisket.report.letters import BREAK, Letters, breakable


@given(st.text(max_size=200).map(visible))
def test_a_word_that_may_break_stays_the_same_word(text: str) -> None:
    assert breakable(text).replace(BREAK, "") == text


@given(st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), max_size=300))
def test_no_column_is_too_narrow(text: str) -> None:
    assert all(len(piece) <= 28 for piece in re.split(rf"[ {BREAK}]", breakable(text)))


def test_names_break_after_their_signs_and_short_words_never() -> None:
    assert breakable("remote-ui.tls.enabled").split(BREAK) == ["remote-", "ui.", "tls.", "enabled"]
    assert breakable("a short line of words") == "a short line of words"
    assert breakable("0123456789abcdef").split(BREAK) == ["012345", "6789ab", "cdef"]


class Fonts:
    """Fonts that have some letters; counts how often it was asked."""

    def __init__(self, lacking: str) -> None:
        self.lacking = lacking
        self.asked = 0

    def __call__(self, letters: str) -> str:
        self.asked += 1
        return next((letter for letter in letters if letter in self.lacking), "")


def test_what_no_font_has_is_written_as_its_number_and_no_more() -> None:
    fonts = Fonts("漢")
    text = json.dumps({"漢": "漢 and שלום"}, ensure_ascii=False)
    assert json.loads(Letters(fonts).written(text)) == {"[U+6F22]": "[U+6F22] and שלום"}
    assert fonts.asked <= 3


def test_a_missing_script_costs_few_questions() -> None:
    ideographs = "".join(map(chr, range(0x4E00, 0x4E00 + 3000)))
    fonts = Fonts(ideographs)
    shown = Letters(fonts).written(f'"{ideographs} مرحبا"')
    assert fonts.asked <= 4
    assert shown.isascii() is False
    assert "مرحبا" in shown
    assert not set(ideographs) & set(shown)


def test_ascii_is_never_touched() -> None:
    letters = Letters(lambda text: text[:1])
    assert json.loads(letters.without('{"a": 1}', '{"a:1}')) == {"a": 1}
    assert json.loads(letters.plain('{"ü": "漢"}')) == {"ü": "[U+6F22]"}
