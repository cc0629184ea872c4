"""Draws a view with Pillow and its built-in font; no other font is needed or looked for."""

from __future__ import annotations

from functools import cache
from typing import assert_never

from PIL import Image, ImageDraw, ImageFont

from frisket.mfd.panel.icons import draw_icon
from frisket.mfd.panel.view import HEIGHT, WIDTH, Area, Bar, Box, Button, Icon, Part, Text, View

Colour = tuple[int, int, int]

COLOURS: dict[str, Colour] = {
    "ground": (233, 238, 242),
    "card": (255, 255, 255),
    "edge": (201, 210, 219),
    "ink": (24, 34, 46),
    "muted": (84, 98, 112),
    "bar": (27, 47, 66),
    "on-bar": (255, 255, 255),
    "on-bar-muted": (186, 203, 218),
    "accent": (0, 105, 122),
    "tint": (221, 240, 243),
    "danger": (171, 40, 22),
    "good": (30, 115, 66),
    "warn": (138, 84, 0),
    "warn-tint": (255, 240, 208),
    "strip": (36, 44, 54),
    "strip-key": (62, 73, 86),
    "track": (216, 223, 230),
    "black": (40, 44, 50),
    "cyan": (0, 150, 199),
    "magenta": (200, 20, 120),
    "yellow": (236, 184, 0),
    "white": (255, 255, 255),
}

# Style -> fill, outline, text.
_STYLES: dict[str, tuple[str, str, str]] = {
    "plain": ("card", "edge", "ink"),
    "tile": ("card", "edge", "ink"),
    "row": ("card", "edge", "ink"),
    "primary": ("accent", "accent", "white"),
    "danger": ("card", "danger", "danger"),
    "chosen": ("tint", "accent", "accent"),
    "key": ("strip-key", "strip-key", "white"),
    "off": ("ground", "edge", "muted"),
}


@cache
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def fitted(text: str, size: int, width: int) -> str:
    """Return the text, cut with dots where it is wider than `width` pixels."""
    shown = "".join(c if c.isprintable() else "?" for c in text[:200])
    font = _font(size)
    if not width or font.getlength(shown) <= width:
        return shown
    while shown and font.getlength(shown + "...") > width:
        shown = shown[:-1]
    return shown.rstrip() + "..."


def wrapped(text: str, size: int, width: int, lines: int) -> list[str]:
    """Return the text broken into at most `lines` lines of `width` pixels."""
    font = _font(size)
    found: list[str] = []
    line = ""
    for word in text.split():
        longer = f"{line} {word}".strip()
        if line and font.getlength(longer) > width:
            found.append(line)
            line = word
        else:
            line = longer
    found.append(line)
    if len(found) > lines:
        found = [*found[: lines - 1], " ".join(found[lines - 1 :])]
    return [fitted(one, size, width) for one in found]


def draw(view: View) -> Image.Image:
    """Return the picture of a view, 800 x 480 in RGB."""
    if view.dark:
        image = Image.new("RGB", (WIDTH, HEIGHT), (8, 10, 12))
    else:
        image = Image.new("RGB", (WIDTH, HEIGHT), COLOURS["ground"])
    pen = ImageDraw.Draw(image)
    for part in view.parts:
        _paint(pen, part)
    return image


def _paint(pen: ImageDraw.ImageDraw, part: Part) -> None:
    match part:
        case Text():
            _text(pen, part)
        case Box(area, fill, outline, radius):
            _box(pen, area, fill, outline, radius)
        case Bar():
            _bar(pen, part)
        case Icon(area, name, colour):
            draw_icon(pen, area, name, COLOURS[colour])
        case Button():
            _button(pen, part)
        case _:
            assert_never(part)


def _text(pen: ImageDraw.ImageDraw, part: Text) -> None:
    shown = fitted(part.text, part.size, part.width)
    pen.text(
        (part.x, part.y),
        shown,
        font=_font(part.size),
        fill=COLOURS[part.colour],
        anchor=part.anchor,
        stroke_width=0.35 if part.strong else 0,
    )


def _box(pen: ImageDraw.ImageDraw, area: Area, fill: str, outline: str, radius: int) -> None:
    left, top, width, height = area
    pen.rounded_rectangle(
        (left, top, left + width - 1, top + height - 1),
        radius,
        fill=COLOURS[fill],
        outline=COLOURS[outline] if outline else None,
    )


def _bar(pen: ImageDraw.ImageDraw, part: Bar) -> None:
    left, top, width, height = part.area
    _box(pen, part.area, "track", "", height // 2)
    if part.fraction is None:
        pen.text(
            (left + width // 2, top + height // 2),
            "unknown",
            font=_font(max(11, height - 3)),
            fill=COLOURS["muted"],
            anchor="mm",
        )
    elif part.fraction > 0:
        filled = max(height, round(width * min(1.0, part.fraction)))
        _box(pen, (left, top, filled, height), part.colour, "", height // 2)


def _button(pen: ImageDraw.ImageDraw, part: Button) -> None:
    left, top, width, height = part.area
    fill, outline, ink = _STYLES[part.style]
    _box(pen, part.area, fill, outline, 8 if part.style != "row" else 6)
    middle = top + height // 2
    if part.style == "row":
        room = width - 28
        if part.detail:
            _text(pen, Text(left + width - 32, middle, part.detail, 16, "accent", "rm", 250))
            room -= min(250, round(_font(16).getlength(part.detail))) + 28
        _text(pen, Text(left + 14, middle, part.label, part.size, ink, "lm", room - 12))
        if part.action:
            tip = (left + width - 14, middle)
            corners = ((tip[0] - 6, middle - 6), tip, (tip[0] - 6, middle + 6))
            pen.line(corners, fill=COLOURS["muted"], width=2)
    elif part.style == "tile":
        side = 64
        draw_icon(
            pen, (left + (width - side) // 2, top + 20, side, side), part.icon, COLOURS["accent"]
        )
        at = top + height - 36
        _text(pen, Text(left + width // 2, at, part.label, 19, ink, "mm", width - 12, strong=True))
    elif part.icon:
        draw_icon(pen, (left + (width - 22) // 2, top + 6, 22, 22), part.icon, COLOURS[ink])
        _text(pen, Text(left + width // 2, top + height - 13, part.label, 13, ink, "mm", width - 4))
    else:
        _text(pen, Text(left + width // 2, middle, part.label, part.size, ink, "mm", width - 8))
