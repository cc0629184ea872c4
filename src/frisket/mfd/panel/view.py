"""What a screen consists of: parts with places in pixels, and the layout they share.

The picture is 800 x 480: a title bar, the screen itself, a message line, and at the right the
strip of hardware keys, which a viewer has no other way to press.
"""

from __future__ import annotations

from dataclasses import dataclass

WIDTH, HEIGHT = 800, 480
STRIP = 96  # width of the hardware keys
BAR = 44  # height of the title bar
LINE = 32  # height of the message line
ACROSS = WIDTH - STRIP
TOP, BOTTOM = BAR, HEIGHT - LINE
MARGIN = 16

Area = tuple[int, int, int, int]  # left, top, width, height


@dataclass(frozen=True, slots=True)
class Text:
    """One line. `anchor` as Pillow's: l, m, r, then m for the middle; `width` cuts with dots."""

    x: int
    y: int
    text: str
    size: int = 17
    colour: str = "ink"
    anchor: str = "lm"
    width: int = 0
    strong: bool = False


@dataclass(frozen=True, slots=True)
class Box:
    """A filled area."""

    area: Area
    fill: str = "card"
    outline: str = ""
    radius: int = 0


@dataclass(frozen=True, slots=True)
class Bar:
    """A level between 0 and 1; None draws an unknown one."""

    area: Area
    fraction: float | None
    colour: str = "accent"


@dataclass(frozen=True, slots=True)
class Icon:
    """A picture of `frisket.mfd.panel.icons`."""

    area: Area
    name: str
    colour: str = "accent"


@dataclass(frozen=True, slots=True)
class Button:
    """Something to touch; `action` is what it asks for, "" where it only looks like a button.

    `style`: plain, primary, danger, chosen, tile, row, key, or off (shown, but not pressable).
    """

    area: Area
    label: str
    action: str = ""
    style: str = "plain"
    detail: str = ""
    icon: str = ""
    size: int = 17

    def holds(self, x: int, y: int) -> bool:
        """Say whether a touch is on it."""
        left, top, width, height = self.area
        return left <= x < left + width and top <= y < top + height


Part = Text | Box | Bar | Icon | Button


@dataclass(frozen=True, slots=True)
class View:
    """A whole picture, ready to be drawn; two equal views look the same."""

    name: str
    parts: tuple[Part, ...] = ()
    dark: bool = False

    def action_at(self, x: int, y: int) -> str:
        """Return what a touch asks for; the part drawn last lies on top."""
        for part in reversed(self.parts):
            if isinstance(part, Button) and part.holds(x, y) and part.action:
                return part.action
        return ""

    def find(self, action: str) -> tuple[int, int]:
        """Return where to touch for an action, or raise `KeyError`."""
        for part in self.parts:
            if isinstance(part, Button) and part.action == action:
                left, top, width, height = part.area
                return left + width // 2, top + height // 2
        raise KeyError(action)


def card(area: Area) -> Box:
    """Return the white ground that content stands on."""
    return Box(area, "card", "edge", 8)


def back_button(action: str = "back", label: str = "Back") -> Button:
    """Return the button at the left foot of a screen."""
    return Button((MARGIN, BOTTOM - 48, 112, 40), label, action)


def foot_button(label: str, action: str, style: str = "primary", place: int = 0) -> Button:
    """Return a button at the right foot of a screen; `place` counts from the right."""
    width = 176
    left = ACROSS - MARGIN - width - place * (width + 8)
    size = 17 if len(label) < 20 else 15
    return Button((left, BOTTOM - 48, width, 40), label, action, style, size=size)


def pager(page: int, pages: int) -> tuple[Part, ...]:
    """Return the buttons that turn pages; nothing where there is one."""
    if pages < 2:
        return ()
    left, top = ACROSS // 2 - 88, BOTTOM - 48
    return (
        Button((left, top, 48, 40), "<", "page:-1" if page else "", "plain" if page else "off"),
        Text(left + 88, top + 20, f"{page + 1} / {pages}", 16, "muted", "mm"),
        Button(
            (left + 128, top, 48, 40),
            ">",
            "page:1" if page + 1 < pages else "",
            "plain" if page + 1 < pages else "off",
        ),
    )


def pages_of(count: int, each: int) -> int:
    """Return how many pages `count` rows fill; at least one."""
    return max(1, -(-count // each))
