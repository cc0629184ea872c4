"""Pictures on buttons, drawn from lines and boxes; none is a vendor's."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from PIL.ImageDraw import ImageDraw

Colour = tuple[int, int, int]
_Place = Callable[[float, float], tuple[float, float]]


def _copy(draw: ImageDraw, at: _Place, colour: Colour, width: int) -> None:
    draw.rectangle((at(0.12, 0.08), at(0.62, 0.7)), outline=colour, width=width)
    draw.rectangle(
        (at(0.38, 0.3), at(0.88, 0.92)), outline=colour, fill=(255, 255, 255), width=width
    )
    for y in (0.5, 0.62, 0.74):
        draw.line((at(0.5, y), at(0.76, y)), fill=colour, width=width)


def _scan(draw: ImageDraw, at: _Place, colour: Colour, width: int) -> None:
    draw.rectangle((at(0.06, 0.56), at(0.94, 0.88)), outline=colour, width=width)
    draw.line((at(0.06, 0.5), at(0.9, 0.12)), fill=colour, width=width)
    draw.line((at(0.2, 0.72), at(0.66, 0.72)), fill=colour, width=width)
    draw.rectangle((at(0.78, 0.68), at(0.84, 0.76)), fill=colour)


def _print(draw: ImageDraw, at: _Place, colour: Colour, width: int) -> None:
    draw.rectangle((at(0.26, 0.06), at(0.74, 0.36)), outline=colour, width=width)
    draw.rounded_rectangle((at(0.06, 0.36), at(0.94, 0.74)), 5, outline=colour, width=width)
    draw.rectangle(
        (at(0.26, 0.6), at(0.74, 0.94)), outline=colour, fill=(255, 255, 255), width=width
    )
    draw.line((at(0.36, 0.76), at(0.64, 0.76)), fill=colour, width=width)


def _status(draw: ImageDraw, at: _Place, colour: Colour, width: int) -> None:
    for n, length in enumerate((0.9, 0.72, 0.82)):
        y = 0.2 + n * 0.3
        draw.ellipse((at(0.06, y - 0.08), at(0.22, y + 0.08)), fill=colour)
        draw.line((at(0.34, y), at(length, y)), fill=colour, width=width + 1)


def _settings(draw: ImageDraw, at: _Place, colour: Colour, width: int) -> None:
    for n, knob in enumerate((0.3, 0.66, 0.44)):
        y = 0.2 + n * 0.3
        draw.line((at(0.06, y), at(0.94, y)), fill=colour, width=width)
        draw.ellipse(
            (at(knob - 0.1, y - 0.1), at(knob + 0.1, y + 0.1)),
            fill=(255, 255, 255),
            outline=colour,
            width=width,
        )


def _counter(draw: ImageDraw, at: _Place, colour: Colour, width: int) -> None:
    for n in range(3):
        x = 0.08 + n * 0.3
        draw.rounded_rectangle((at(x, 0.28), at(x + 0.24, 0.72)), 3, outline=colour, width=width)
        if width > 2:
            draw.line((at(x + 0.12, 0.4), at(x + 0.12, 0.6)), fill=colour, width=width)


def _start(draw: ImageDraw, at: _Place, colour: Colour, width: int) -> None:
    draw.polygon((at(0.5, 0.14), at(0.9, 0.82), at(0.1, 0.82)), outline=colour, width=width)


def _stop(draw: ImageDraw, at: _Place, colour: Colour, width: int) -> None:
    corners = [
        at(0.5 + 0.42 * math.cos(turn), 0.5 + 0.42 * math.sin(turn))
        for turn in (math.pi / 8 + n * math.pi / 4 for n in range(8))
    ]
    draw.polygon(corners, outline=colour, width=width)


def _home(draw: ImageDraw, at: _Place, colour: Colour, width: int) -> None:
    draw.line((at(0.08, 0.52), at(0.5, 0.12), at(0.92, 0.52)), fill=colour, width=width)
    draw.line(
        (at(0.2, 0.44), at(0.2, 0.88), at(0.8, 0.88), at(0.8, 0.44)), fill=colour, width=width
    )


def _sleep(draw: ImageDraw, at: _Place, colour: Colour, width: int) -> None:
    draw.arc((at(0.12, 0.14), at(0.88, 0.9)), 300, 240, fill=colour, width=width)
    draw.line((at(0.5, 0.04), at(0.5, 0.46)), fill=colour, width=width)


def _reset(draw: ImageDraw, at: _Place, colour: Colour, width: int) -> None:
    draw.arc((at(0.12, 0.12), at(0.88, 0.88)), 300, 210, fill=colour, width=width)
    draw.line((at(0.46, 0.3), at(0.68, 0.18), at(0.54, 0.0)), fill=colour, width=width)


def _person(draw: ImageDraw, at: _Place, colour: Colour, width: int) -> None:
    draw.ellipse((at(0.32, 0.08), at(0.68, 0.44)), outline=colour, width=width)
    draw.arc((at(0.12, 0.54), at(0.88, 1.3)), 180, 360, fill=colour, width=width)
    draw.line((at(0.12, 0.92), at(0.88, 0.92)), fill=colour, width=width)


ICONS: Mapping[str, Callable[[ImageDraw, _Place, Colour, int], None]] = {
    "copy": _copy,
    "scan": _scan,
    "print": _print,
    "status": _status,
    "settings": _settings,
    "counter": _counter,
    "start": _start,
    "stop": _stop,
    "home": _home,
    "sleep": _sleep,
    "reset": _reset,
    "id": _person,
}


def draw_icon(draw: ImageDraw, area: tuple[int, int, int, int], name: str, colour: Colour) -> None:
    """Draw the picture `name` into an area."""
    left, top, across, down = area

    def at(x: float, y: float) -> tuple[float, float]:
        return left + x * across, top + y * down

    ICONS[name](draw, at, colour, 3 if across >= 40 else 2)
