"""The keyboard and the number keys on the screen, and what typing does to an entry."""

from __future__ import annotations

from dataclasses import replace

from frisket.mfd.glass import Entry, Field
from frisket.mfd.panel.view import ACROSS, MARGIN, TOP, Box, Button, Part, Text

_LAYERS = {
    "lower": ("1234567890", "qwertyuiop", "asdfghjkl-", "zxcvbnm._@"),
    "upper": ("1234567890", "QWERTYUIOP", "ASDFGHJKL-", "ZXCVBNM._@"),
    "symbols": ("!\"#$%&'()*", "+,-./:;<=>", "?@[\\]^_`{|", "}~        "),
}
_FIELD = 38
_KEY_TOP = 204
_KEY_HEIGHT = 38


def edit(entry: Entry, action: str) -> Entry:
    """Return the entry after one key: `type:…`, `erase`, `layer:…`, `field:…` or `next`."""
    verb, _, argument = action.partition(":")
    line = entry.fields[entry.at]
    match verb:
        case "type" if argument.isprintable() and (not line.digits or argument.isdecimal()):
            return entry.with_text(line.text + argument)
        case "erase":
            return entry.with_text(line.text[:-1])
        case "layer" if argument in _LAYERS:
            return replace(entry, layer=argument)
        case "field" if argument.isdecimal() and int(argument) < len(entry.fields):
            return replace(entry, at=int(argument))
        case "next":
            return replace(entry, at=(entry.at + 1) % len(entry.fields))
        case _:
            return entry


def field_parts(entry: Entry, top: int = TOP + 48) -> list[Part]:
    """Return the lines that are typed, the present one framed; touch one to go there."""
    parts: list[Part] = []
    for n, line in enumerate(entry.fields):
        y = top + n * (_FIELD + 8)
        here = n == entry.at
        shown = "*" * len(line.text) if line.hidden else line.text
        # The end of a long line matters more than its beginning: that is where typing goes on.
        shown = ("..." + shown[-34:]) if len(shown) > 37 else shown
        place = (220, y, ACROSS - MARGIN - 220, _FIELD)
        parts += [
            Text(MARGIN + 4, y + _FIELD // 2, line.label, 17, "ink", width=196),
            Button(place, "", f"field:{n}", "plain"),
            Box(place, "card", "accent" if here else "edge", 6),
            Text(232, y + _FIELD // 2, shown + ("|" if here else ""), 18, "ink"),
        ]
    return parts


def keys(entry: Entry) -> list[Part]:
    """Return the keyboard, or number keys where the present line takes digits only."""
    return _numbers() if entry.fields[entry.at].digits else _letters(entry)


def _letters(entry: Entry) -> list[Part]:
    parts: list[Part] = []
    pitch = (ACROSS - 2 * MARGIN + 6) / 10
    for row, letters in enumerate(_LAYERS[entry.layer]):
        for column, letter in enumerate(letters):
            if letter != " ":
                left, end = (MARGIN + round(n * pitch) for n in (column, column + 1))
                area = (left, _KEY_TOP + row * (_KEY_HEIGHT + 5), end - left - 6, _KEY_HEIGHT)
                parts.append(Button(area, letter, f"type:{letter}", size=20))
    y = _KEY_TOP + 4 * (_KEY_HEIGHT + 5)
    shifted = "lower" if entry.layer == "upper" else "upper"
    other = "lower" if entry.layer == "symbols" else "symbols"
    quarter = (ACROSS - 2 * MARGIN + 6) / 4
    row_keys = (
        ("Shift", f"layer:{shifted}", "chosen" if entry.layer == "upper" else "plain"),
        ("!#$", f"layer:{other}", "chosen" if entry.layer == "symbols" else "plain"),
        ("Space", "type: ", "plain"),
        ("Backspace", "erase", "plain"),
    )
    for n, (label, action, style) in enumerate(row_keys):
        left, end = (MARGIN + round(step * quarter) for step in (n, n + 1))
        area = (left, y, end - left - 6, 34)
        parts.append(Button(area, label, action, style, size=16))
    return parts


def _numbers() -> list[Part]:
    parts: list[Part] = []
    width, height = 96, 44
    left = (ACROSS - 3 * width - 2 * 6) // 2
    for n, label in enumerate("123456789"):
        area = (left + n % 3 * (width + 6), _KEY_TOP + n // 3 * (height + 5), width, height)
        parts.append(Button(area, label, f"type:{label}", size=20))
    y = _KEY_TOP + 3 * (height + 5)
    parts.append(Button((left, y, width, height), "0", "type:0", size=20))
    parts.append(Button((left + width + 6, y, 2 * width + 6, height), "Backspace", "erase"))
    return parts


def entry_of(*fields: Field) -> Entry:
    """Return an entry that begins in its first empty line."""
    empty = [n for n, line in enumerate(fields) if not line.text]
    return Entry(fields, empty[0] if empty else 0)
