"""Letters of a PDF: which ones this machine has fonts for, and where long words may break."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

BREAK: Final = "\u200b"  # zero-width space: a line may end here, and nothing is drawn
ESCAPED: Final = re.compile(r"\\u\{([0-9a-f]+)\}")  # how typst writes a letter that does not show
_LATIN: Final = 0xFF
_LONG: Final = 14  # letters that any column has room for
_PIECE: Final = 6
_WORD: Final = re.compile(rf"\S{{{_LONG + 1},}}")
_PART: Final = re.compile(r"[^\W_]+[^\w\s]*|_+|[^\w\s]+")  # up to a sign that a line may end by
_ASKED: Final = 80  # questions to the fonts for one paper
_ENOUGH: Final = 2  # missing letters of a script: then none of it is expected


def breakable(text: str) -> str:
    """Return a text whose long words may break, after a sign where there is one."""
    return _WORD.sub(_broken, text)


def _broken(found: re.Match[str]) -> str:
    word = found[0]
    parts = _PART.findall(word)
    whole = parts if "".join(parts) == word else [word]
    return BREAK.join(piece for part in whole for piece in _cut(part))


def _cut(part: str) -> list[str]:
    """Return a part in pieces where it is long itself; a mark stays with its letter."""
    if len(part) <= _LONG:
        return [part]
    pieces = [""]
    for letter in part:
        if len(pieces[-1]) >= _PIECE and not unicodedata.category(letter).startswith("M"):
            pieces.append("")
        pieces[-1] += letter
    return pieces


@dataclass(slots=True)
class Letters:
    """What can be shown. `ask` is given letters and returns one that cannot be, or ""."""

    ask: Callable[[str], str]
    _missing: set[str] = field(default_factory=set)

    def written(self, text: str) -> str:
        """Return JSON in which each letter that cannot be shown is its number, [U+4E2D]."""
        wanted = {c for c in text if ord(c) > _LATIN and c != BREAK}
        scripts: dict[str, list[str]] = {}
        for letter in sorted(wanted):
            scripts.setdefault(_script(letter), []).append(letter)
        questions = _ASKED
        for letters in scripts.values():
            left, misses = letters, 0
            while left and questions:
                questions -= 1
                lacking = self.ask("".join(left))
                if not lacking:
                    break
                misses += 1
                gone = set(lacking) if misses < _ENOUGH else set(left)
                self._missing |= gone
                left = [one for one in left if one not in gone]
                if not gone & set(letters):
                    break
            else:
                self._missing |= set(left)
        return _written_out(text, self._missing)

    def without(self, text: str, letters: str) -> str:
        """Return JSON without these letters too; ASCII, which JSON is made of, stays."""
        self._missing |= {c for c in letters if not c.isascii()}
        return _written_out(text, self._missing)

    def plain(self, text: str) -> str:
        """Return JSON with every letter beyond the Latin ones as its number."""
        return _written_out(text, {c for c in text if ord(c) > _LATIN and c != BREAK})


def _script(letter: str) -> str:
    """Return what is likely to be in the same font: a script, or a page of signs."""
    if unicodedata.category(letter)[0] in "LM":
        return unicodedata.name(letter, "?").partition(" ")[0]
    return f"{ord(letter) >> 8:x}"


def _written_out(text: str, letters: set[str]) -> str:
    return text.translate({ord(c): f"[U+{ord(c):04X}]" for c in letters if not c.isascii()})
