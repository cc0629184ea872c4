"""Check Counter: Canon's counter numbers and names, and the serial number."""

from __future__ import annotations

from frisket.mfd.counters import NAMES
from frisket.mfd.device import Device
from frisket.mfd.glass import PanelState
from frisket.mfd.panel.screen import Screen
from frisket.mfd.panel.view import ACROSS, MARGIN, TOP, Box, Part, Text, card, pager, pages_of

_EACH = 8
# What the panel shows first (device facts, section 7); the others follow.
_FIRST_COLOR = (101, 108, 407, 408, 403, 404)
_FIRST_BLACK = (101, 108, 109, 112, 113, 301)
_COLOR_ONLY = frozenset({105, 106, 122, 123, 403, 404, 407, 408})


def numbers(device: Device) -> list[int]:
    """Return the counters of this model in the order of the panel."""
    color = device.personality.color
    ahead = _FIRST_COLOR if color else _FIRST_BLACK
    rest = [n for n in NAMES if n not in ahead and (color or n not in _COLOR_ONLY)]
    return [*ahead, *rest]


def show(state: PanelState, device: Device) -> list[Part]:
    """Show eight counters a page."""
    wanted = numbers(device)
    pages = pages_of(len(wanted), _EACH)
    page = min(state.page, pages - 1)
    parts: list[Part] = [card((MARGIN, TOP + 12, ACROSS - 2 * MARGIN, 328))]
    for row, number in enumerate(wanted[page * _EACH : (page + 1) * _EACH]):
        y = TOP + 34 + row * 40
        if row:
            parts.append(Box((MARGIN + 16, y - 20, ACROSS - 2 * MARGIN - 32, 1), "edge"))
        value = f"{device.counters.values[number]:,}".replace(",", " ")
        parts += [
            Text(MARGIN + 24, y, str(number), 18, "accent", strong=True),
            Text(MARGIN + 84, y, NAMES[number], 18),
            Text(ACROSS - MARGIN - 24, y, value, 19, "ink", "rm"),
        ]
    serial = f"Serial number  {device.plan.serial}"
    return [*parts, Text(MARGIN + 4, 420, serial, 16, "muted"), *pager(page, pages)]


def act(state: PanelState, _: str, __: Device) -> PanelState:
    """Do nothing: there is nothing to change here."""
    return state


SCREEN = Screen("counter", "Check Counter", show, act)
