"""The main menu."""

from __future__ import annotations

from frisket.mfd.device import Device
from frisket.mfd.glass import PanelState
from frisket.mfd.panel.screen import Screen
from frisket.mfd.panel.view import ACROSS, BOTTOM, MARGIN, TOP, Button, Part, Text

_TILES = (
    ("Copy", "copy", "copy"),
    ("Scan and Send", "scan", "scan"),
    ("Print", "hold", "print"),
    ("Status Monitor", "status", "status"),
    ("Settings/Registration", "settings", "settings"),
    ("Check Counter", "counter", "counter"),
)
_GAP = 12


def show(_: PanelState, device: Device) -> list[Part]:
    """Show six tiles, and below them which device this is."""
    width = (ACROSS - 2 * MARGIN - 2 * _GAP) // 3
    height = 158
    parts: list[Part] = [
        Button(
            (
                MARGIN + n % 3 * (width + _GAP),
                TOP + MARGIN + n // 3 * (height + _GAP),
                width,
                height,
            ),
            label,
            f"open:{screen}",
            "tile",
            icon=icon,
        )
        for n, (label, screen, icon) in enumerate(_TILES)
    ]
    y = BOTTOM - 28
    parts += [
        Text(MARGIN + 4, y, device.name, 18, "ink", width=250),
        Text(ACROSS // 2, y, device.personality.model, 15, "muted", "mm", 230),
        Text(ACROSS - MARGIN - 4, y, device.address, 15, "muted", "rm", 200),
    ]
    return parts


def act(state: PanelState, _: str, __: Device) -> PanelState:
    """Do nothing: the tiles open screens."""
    return state


SCREEN = Screen("home", "Main Menu", show, act)
