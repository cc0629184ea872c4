"""Service Mode: the settings only a service engineer has, and what only he can clear."""

from __future__ import annotations

from dataclasses import replace

from frisket.mfd.auditlog import LogKind
from frisket.mfd.device import Device
from frisket.mfd.glass import PanelState
from frisket.mfd.panel.menus import SERVICE, menu_at
from frisket.mfd.panel.screen import Needs, Screen
from frisket.mfd.panel.screens.settings import menu_rows, walk
from frisket.mfd.panel.view import ACROSS, MARGIN, TOP, Part, Text, back_button, foot_button
from frisket.mfd.policy import PASSWORD_KEY

_VIA = "service-mode"


def enter(state: PanelState, _: Device) -> PanelState:
    """Begin at the top of the service menus."""
    return state if state.path[:1] == (SERVICE,) else replace(state, path=(SERVICE,))


def show(state: PanelState, device: Device) -> list[Part]:
    """Show the service menus, and at their top what is cleared or replaced."""
    parts: list[Part] = [
        Text(MARGIN + 4, TOP + 24, " > ".join(state.path), 16, "muted", width=ACROSS - 40),
        *menu_rows(menu_at(device, state.path, service=True), state, device),
        back_button(label="Back" if len(state.path) > 1 else "Leave"),
    ]
    if len(state.path) == 1:
        parts += [
            foot_button("Clear Policy Password", "clear", "danger"),
            foot_button("Replace Main Board", "board", "danger", 1),
            foot_button("E-RDS", "erds", "plain", 2),
        ]
    return parts


def act(state: PanelState, action: str, device: Device) -> PanelState:
    """Walk the menus; go to E-RDS; clear a forgotten policy password; exchange the main board."""
    if action == "back":
        if len(state.path) > 1:
            return replace(state, path=state.path[:-1], page=0)
        device.log.add(LogKind.MAINTENANCE, state.actor, "Leave Service Mode")
        return replace(state.goto("home"), path=(), service=False)
    if action == "erds":
        return state.goto("erds")
    if action == "clear":
        device.store.set(PASSWORD_KEY, "", state.actor, _VIA)
        device.log.add(LogKind.MAINTENANCE, state.actor, "Clear Policy Password")
        return replace(state, notice="The security policy password has been cleared.")
    if action == "board":
        device.tpm.replace_board(state.actor)
        return replace(state, notice="The main board has been replaced; its TPM is empty.")
    return walk(menu_at(device, state.path, service=True), state, action)


SCREEN = Screen("service", "Service Mode", show, act, enter, Needs.SERVICE)
