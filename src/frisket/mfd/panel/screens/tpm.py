"""TPM Settings: on or off after a restart, the one backup of its key, and the way back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from frisket.mfd.device import Device
from frisket.mfd.glass import PanelState
from frisket.mfd.panel.menus import change, lacking, refusal
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
from frisket.mfd.tpm import KEY, TpmRefused

_STATES = {
    "off": "Off",
    "on": "On: passwords and keys are sealed by the chip.",
    "pending": "Changed: it takes effect when the device restarts.",
    "lost": "The main board was replaced: the key is missing.",
}


def memory(device: Device) -> Path:
    """Return the folder that plays the USB memory."""
    return device.spool() / "usb-memory"


def show(state: PanelState, device: Device) -> list[Part]:
    """Show the chip's state, its switch, and what can be done with the key."""
    tpm = device.tpm
    setting = device.content.catalog[KEY]
    wanted = device.store[KEY]
    why = refusal(setting, state, device)
    backup = "The key has been backed up." if tpm.backed_up else "The key has not been backed up."
    parts: list[Part] = [
        card((MARGIN, TOP + 12, ACROSS - 2 * MARGIN, 156)),
        Text(MARGIN + 24, TOP + 44, _STATES[tpm.state], 19, "ink", width=620, strong=True),
    ]
    if why:
        parts += [
            Text(MARGIN + 24, TOP + 84 + n * 24, line, 16, "danger")
            for n, line in enumerate(wrapped(f"{why}.", 16, 620, 3))
        ]
    for n, (label, value) in enumerate((("On", True), ("Off", False))):
        style = "chosen" if wanted is value else "plain"
        area = (MARGIN + 24 + n * 168, TOP + 92, 160, 56)
        if not why:
            parts.append(Button(area, label, f"set:{label.lower()}", style, size=20))
    parts += [
        card((MARGIN, TOP + 184, ACROSS - 2 * MARGIN, 156)),
        Text(MARGIN + 24, TOP + 212, backup, 17, "ink"),
        Text(MARGIN + 24, TOP + 238, "It can be saved to a USB memory once only.", 15, "muted"),
        Button((MARGIN + 24, TOP + 266, 200, 56), "Back Up TPM Key", "backup"),
        Button((MARGIN + 240, TOP + 266, 200, 56), "Restore TPM Key", "restore"),
        back_button(),
    ]
    if tpm.state == "pending":
        parts.append(foot_button("Restart", "restart"))
    return parts


def act(state: PanelState, action: str, device: Device) -> PanelState:
    """Switch the chip, save or restore its key, restart. Raises `SettingRefused`."""
    setting = device.content.catalog[KEY]
    tpm, name = device.tpm, device.plan.serial.lower()
    if action == "back":
        return state.goto("settings")
    if why := lacking(setting, state):
        raise TpmRefused(why)
    match action:
        case "set:on" | "set:off":
            wanted = action == "set:on"
            change(setting, replace(state, draft=wanted), device)
            if device.tpm.state == "pending":
                return replace(state, notice="Restart the device; back up the key afterwards.")
            return state
        case "backup":
            tpm.back_up(memory(device), name, state.actor)
            return replace(state, notice="The key is on the USB memory. Keep it in a safe place.")
        case "restore":
            tpm.restore(memory(device), name, state.actor)
            return replace(state, notice="The key has been restored.")
        case "restart":
            device.actions.restart(state.actor)
            return replace(state, notice="The device restarts.")
        case _:
            return state


SCREEN = Screen("tpm", "TPM Settings", show, act, needs=Needs.LOGIN, above="settings")
