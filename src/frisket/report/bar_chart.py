"""A bar chart as SVG, drawn with our own hands: no script, no font but the reader's."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Final

WIDTH: Final = 640
ROW: Final = 26
_NAMES: Final = 210
_WORDS: Final = 90
_LONGEST: Final = 34


def bar_chart(rows: Sequence[tuple[str, float, str]], color: str = "#0f6e8c") -> str:
    """Return the drawing of name, length (0 to 1) and value in words; 640 wide."""
    room = WIDTH - _NAMES - _WORDS
    height = max(len(rows), 1) * ROW
    space = f'xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}"'
    parts = [f'<svg {space} font-family="Libertinus Serif, serif" font-size="13">']
    for place, (name, size, words) in enumerate(rows):
        top, middle = place * ROW + 5, place * ROW + 18
        width = round(room * min(max(size, 0.0), 1.0), 1)
        shown = name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…"
        parts.append(f'<text x="0" y="{middle}">{escape(shown)}</text>')
        parts.append(f'<rect x="{_NAMES}" y="{top}" width="{room}" height="16" fill="#e8ecee"/>')
        parts.append(f'<rect x="{_NAMES}" y="{top}" width="{width}" height="16" fill="{color}"/>')
        parts.append(f'<text x="{_NAMES + room + 8}" y="{middle}">{escape(words)}</text>')
    return "".join([*parts, "</svg>"])
