"""Scan and Send: this device has nothing to scan, and says so."""

from __future__ import annotations

from frisket.mfd.device import Device
from frisket.mfd.glass import PanelState
from frisket.mfd.panel.screen import Needs, Screen
from frisket.mfd.panel.view import ACROSS, MARGIN, TOP, Part, Text, back_button, card

_LIMITS = {
    "send.limit-new.fax": "fax",
    "send.limit-new.email": "e-mail",
    "send.limit-new.ifax": "I-fax",
    "send.limit-new.file": "files",
}


def show(_: PanelState, device: Device) -> list[Part]:
    """Show what would be needed, and what new destinations are limited to."""
    kinds = [word for key, word in _LIMITS.items() if key in device.store and device.store.on(key)]
    limited = f"New destinations are limited for {', '.join(kinds)}." if kinds else ""
    return [
        card((MARGIN, TOP + 40, ACROSS - 2 * MARGIN, 190)),
        Text(MARGIN + 28, TOP + 90, "There is no original on the glass.", 24, strong=True),
        Text(MARGIN + 28, TOP + 140, "A virtual device has no scanner to send from.", 17, "muted"),
        Text(MARGIN + 28, TOP + 180, limited, 16, "warn", width=616),
        back_button(),
    ]


def act(state: PanelState, _: str, __: Device) -> PanelState:
    """Do nothing: there is nothing to send."""
    return state


SCREEN = Screen("scan", "Scan and Send", show, act, needs=Needs.FUNCTION)
