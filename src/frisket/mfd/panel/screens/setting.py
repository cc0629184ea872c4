"""One setting: what it is, what holds it, and a new value for it."""

from __future__ import annotations

from dataclasses import replace

from frisket.catalog.setting import Setting, Type
from frisket.mfd.device import Device
from frisket.mfd.glass import Field, PanelState
from frisket.mfd.panel.keyboard import entry_of, field_parts, keys
from frisket.mfd.panel.menus import change, refusal, shown
from frisket.mfd.panel.paint import wrapped
from frisket.mfd.panel.screen import Needs, Screen
from frisket.mfd.panel.view import (
    ACROSS,
    MARGIN,
    TOP,
    Button,
    Part,
    Text,
    back_button,
    card,
    foot_button,
)

_STEPS = (-10, -1, 1, 10)


def enter(state: PanelState, device: Device) -> PanelState:
    """Begin with the present value; text gets a keyboard."""
    setting = device.content.catalog[state.chosen]
    value = device.store[setting.key]
    if setting.type is not Type.TEXT or refusal(setting, state, device):
        return replace(state, draft=value)
    digits = setting.pattern in {"[0-9]*", "[0-9]+"} or "[0-9]{" in setting.pattern
    line = Field(
        setting.label,
        "" if setting.secret else str(value),
        setting.secret,
        digits,
        setting.max_length,
    )
    return replace(state, draft=value, entry=entry_of(line))


def show(state: PanelState, device: Device) -> list[Part]:
    """Show the setting with the controls of its type, or why it cannot be changed."""
    setting = device.content.catalog[state.chosen]
    why = refusal(setting, state, device)
    if state.entry is not None:
        return [
            Text(MARGIN + 4, TOP + 20, f"Takes {setting.range}.", 15, "muted", width=420),
            Button((ACROSS - MARGIN - 212, TOP + 4, 100, 32), "Back", "back"),
            Button((ACROSS - MARGIN - 104, TOP + 4, 104, 32), "OK", "submit", "primary"),
            *field_parts(state.entry, TOP + 56),
            *keys(state.entry),
        ]
    about = wrapped(setting.about or f"Takes {setting.range}.", 15, 624, 2)
    parts: list[Part] = [
        card((MARGIN, TOP + 12, ACROSS - 2 * MARGIN, 328)),
        Text(MARGIN + 24, TOP + 44, setting.label, 22, "ink", width=624, strong=True),
        *(Text(MARGIN + 24, TOP + 76 + n * 22, line, 15, "muted") for n, line in enumerate(about)),
        Text(MARGIN + 24, TOP + 132, "Now:", 17, "muted"),
        Text(MARGIN + 84, TOP + 132, shown(setting, device), 17, "accent", width=560),
        back_button(),
    ]
    if why:
        parts += [
            Text(MARGIN + 24, TOP + 180 + n * 26, line, 18, "danger", strong=True)
            for n, line in enumerate(wrapped(f"{why}.", 18, 620, 3))
        ]
        if device.policy.locked(setting.key) and setting.type is Type.BOOLEAN:
            parts += _controls(setting, state)
            parts.append(foot_button("OK", "submit"))
        return parts
    return [*parts, *_controls(setting, state), foot_button("OK", "submit")]


def _controls(setting: Setting, state: PanelState) -> list[Part]:
    left, top = MARGIN + 24, TOP + 240
    match setting.type:
        case Type.BOOLEAN:
            return [
                Button(
                    (left + n * 168, top, 160, 64),
                    label,
                    f"set:{label.lower()}",
                    "chosen" if state.draft is value else "plain",
                    size=20,
                )
                for n, (label, value) in enumerate((("On", True), ("Off", False)))
            ]
        case Type.INTEGER:
            parts: list[Part] = [
                Button(
                    (left + n * 96 + (n > 1) * 160, top, 88, 64),
                    f"{step:+d}",
                    f"add:{step}",
                    size=20,
                )
                for n, step in enumerate(_STEPS)
            ]
            middle = left + 2 * 96 + 76
            label = f"{state.draft} {setting.unit}".strip()
            return [*parts, Text(middle, top + 32, label, 20, "ink", "mm", 150)]
        case Type.CHOICE:
            return _choices(setting, state)
        case _:
            return []


def _choices(setting: Setting, state: PanelState) -> list[Part]:
    left, top = MARGIN + 24, TOP + 166
    columns = 2 if len(setting.values) <= 6 else 3
    width = (624 - (columns - 1) * 8) // columns
    return [
        Button(
            (left + n % columns * (width + 8), top + n // columns * 54, width, 46),
            value,
            f"choose:{value}",
            "chosen" if state.draft == value else "plain",
        )
        for n, value in enumerate(setting.values[:9])
    ]


def act(state: PanelState, action: str, device: Device) -> PanelState:
    """Change the draft, or store it: then back to the menu with the outcome."""
    setting = device.content.catalog[state.chosen]
    verb, _, argument = action.partition(":")
    match verb:
        case "set":
            return replace(state, draft=argument == "on")
        case "add" if isinstance(state.draft, int):
            wanted = min(setting.maximum, max(setting.minimum, state.draft + int(argument)))
            return replace(state, draft=wanted)
        case "choose":
            return replace(state, draft=argument)
        case "submit":
            if state.entry is not None:
                state = replace(state, draft=state.entry.texts[0])
            outcome = change(setting, state, device)
            return replace(state.goto(_home(state)), notice=outcome)
        case "back":
            return state.goto(_home(state))
        case _:
            return state


def _home(state: PanelState) -> str:
    return "service" if state.service else "settings"


SCREEN = Screen("setting", "Settings/Registration", show, act, enter, Needs.LOGIN, "settings")
