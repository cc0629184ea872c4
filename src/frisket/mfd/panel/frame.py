"""What stands around every screen: title bar, message line and the strip of hardware keys."""

from __future__ import annotations

from frisket.mfd.device import Device
from frisket.mfd.glass import PanelState
from frisket.mfd.panel.screen import Screen
from frisket.mfd.panel.view import (
    ACROSS,
    BAR,
    BOTTOM,
    HEIGHT,
    LINE,
    MARGIN,
    STRIP,
    Box,
    Button,
    Part,
    Text,
    View,
)

_KEYS = (
    ("home", "Main Menu"),
    ("id", "ID"),
    ("counter", "Counter"),
    ("reset", "Reset"),
    ("sleep", "Energy Saver"),
    ("stop", "Stop"),
    ("start", "Start"),
)


def dressed(screen: Screen, state: PanelState, device: Device) -> View:
    """Return a screen with its surroundings."""
    parts: list[Part] = [
        *_title(screen, state, device),
        *screen.show(state, device),
        *_line(state, device),
        *_strip(),
    ]
    return View(screen.name, tuple(parts))


def _title(screen: Screen, state: PanelState, device: Device) -> list[Part]:
    who = state.login.name if state.login else "Service" if state.service else ""
    now = device.now().strftime("%Y-%m-%d  %H:%M")
    parts: list[Part] = [
        Box((0, 0, ACROSS, BAR), "bar"),
        Text(MARGIN, BAR // 2, screen.title, 20, "on-bar", width=330),
        Text(ACROSS - MARGIN, BAR // 2, now, 16, "on-bar", "rm"),
        Box((ACROSS - 280, 10, 122, 24), "bar", "on-bar-muted", 5),
        Text(ACROSS - 219, BAR // 2, "Virtual device", 14, "on-bar-muted", "mm"),
    ]
    if who:
        parts.append(Text(ACROSS - 290, BAR // 2, who, 15, "on-bar-muted", "rm", 120))
    return parts


def message(state: PanelState, device: Device) -> tuple[str, str]:
    """Return the message line and its colour: the latest refusal or news, or what holds now."""
    if state.notice:
        return state.notice, "ink"
    if device.policy.items:
        return "A security policy is active: some functions and settings are restricted.", "warn"
    if device.store.pending:
        return "Some settings wait for [Apply Setting Changes] or a restart.", "muted"
    return "", "muted"


def _line(state: PanelState, device: Device) -> list[Part]:
    text, colour = message(state, device)
    ground = "warn-tint" if colour == "warn" else "tint" if state.notice else "ground"
    return [
        Box((0, BOTTOM, ACROSS, LINE), ground),
        Box((0, BOTTOM, ACROSS, 1), "edge"),
        Text(MARGIN, BOTTOM + LINE // 2, text, 15, colour, width=ACROSS - 2 * MARGIN),
    ]


def _strip() -> list[Part]:
    parts: list[Part] = [Box((ACROSS, 0, STRIP, HEIGHT), "strip")]
    height = 59
    for n, (name, label) in enumerate(_KEYS):
        area = (ACROSS + 6, 8 + n * (height + 8), STRIP - 12, height)
        parts.append(Button(area, label, f"key:{name}", "key", icon=name))
    return parts
