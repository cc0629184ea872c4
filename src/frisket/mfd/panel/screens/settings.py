"""Settings/Registration: the catalogue's menus and settings, page by page."""

from __future__ import annotations

from dataclasses import replace

from frisket.mfd.device import Device
from frisket.mfd.glass import PanelState
from frisket.mfd.panel.menus import Menu, lacking, menu_at, shown
from frisket.mfd.panel.screen import Needs, Screen
from frisket.mfd.panel.view import (
    ACROSS,
    MARGIN,
    TOP,
    Button,
    Part,
    Text,
    back_button,
    foot_button,
    pager,
    pages_of,
)

_EACH = 6
_ROW = 46
TPM = "tpm.enabled"


def menu_rows(menu: Menu, state: PanelState, device: Device) -> list[Part]:
    """Return one page of a menu: menus first, then settings with their values."""
    rows: list[tuple[str, str, str]] = [
        (title, "", f"menu:{n}") for n, title in enumerate(menu.menus)
    ]
    for setting in menu.settings:
        locked = " (locked)" if device.policy.locked(setting.key) else ""
        rows.append((setting.label, shown(setting, device) + locked, f"setting:{setting.key}"))
    pages = pages_of(len(rows), _EACH)
    page = min(state.page, pages - 1)
    parts: list[Part] = [
        Button(
            (MARGIN, TOP + 46 + n * (_ROW + 4), ACROSS - 2 * MARGIN, _ROW),
            label,
            action,
            "row",
            detail,
        )
        for n, (label, detail, action) in enumerate(rows[page * _EACH : (page + 1) * _EACH])
    ]
    return [*parts, *pager(page, pages)]


def walk(menu: Menu, state: PanelState, action: str) -> PanelState:
    """Return the state after walking into a menu or to a setting; the same for anything else."""
    verb, _, argument = action.partition(":")
    if verb == "menu" and argument.isdecimal() and int(argument) < len(menu.menus):
        return replace(state, path=(*state.path, menu.menus[int(argument)]), page=0)
    if verb == "setting" and argument == TPM:
        return state.goto("tpm")
    if verb == "setting" and argument in {setting.key for setting in menu.settings}:
        return replace(state.goto("setting"), chosen=argument)
    return state


def show(state: PanelState, device: Device) -> list[Part]:
    """Show where one is, the page's rows, and [Apply Setting Changes] where changes wait."""
    where = " > ".join(state.path) or "Top"
    parts: list[Part] = [
        Text(MARGIN + 4, TOP + 24, where, 16, "muted", width=ACROSS - 2 * MARGIN - 8),
        *menu_rows(menu_at(device, state.path), state, device),
        back_button(),
    ]
    if device.store.pending:
        parts.append(foot_button("Apply Setting Changes", "apply"))
    return parts


def act(state: PanelState, action: str, device: Device) -> PanelState:
    """Walk through the menus, or let waiting changes take effect."""
    if action == "back" and state.path:
        return replace(state, path=state.path[:-1], page=0)
    if action == "apply":
        return apply_changes(state, device)
    return walk(menu_at(device, state.path), state, action)


def apply_changes(state: PanelState, device: Device) -> PanelState:
    """Let what waits take effect, for those who may change at least one of the settings."""
    catalog = device.content.catalog
    for key in device.store.pending:
        if why := lacking(catalog[key], state):
            return replace(state, notice=f"{why}.")
    count = len(device.store.pending)
    device.store.apply_pending()
    return replace(state, notice=f"{count} setting change{'s' * (count != 1)} applied.")


SCREEN = Screen("settings", "Settings/Registration", show, act, needs=Needs.LOGIN)
