"""Login: a user's name and password, or the System Manager ID and PIN by the number keys."""

from __future__ import annotations

from dataclasses import replace

from frisket.mfd.device import Device
from frisket.mfd.glass import Field, PanelState
from frisket.mfd.panel.keyboard import entry_of, field_parts, keys
from frisket.mfd.panel.screen import Screen
from frisket.mfd.panel.view import ACROSS, MARGIN, TOP, Button, Part, Text
from frisket.mfd.users import LoginRefused

_USER, _DEPARTMENT = "user", "department"


def enter(state: PanelState, device: Device) -> PanelState:
    """Begin with the kind of login that the device is set to."""
    kind = state.tab or (
        _DEPARTMENT if device.store.text("auth.service") == "department-id" else _USER
    )
    if kind == _USER:
        fields = (Field("User Name"), Field("Password", hidden=True))
    else:
        fields = (
            Field("System Manager ID", digits=True, longest=7),
            Field("System PIN", hidden=True, digits=True, longest=7),
        )
    return replace(state, tab=kind, entry=entry_of(*fields))


def show(state: PanelState, _: Device) -> list[Part]:
    """Show two lines and the keys for them."""
    assert state.entry is not None
    other = "System Manager" if state.tab == _USER else "User Name"
    return [
        Text(MARGIN + 4, TOP + 20, "Enter your login information.", 17),
        Button((ACROSS - MARGIN - 284, TOP + 4, 148, 32), other, "other", size=15),
        Button((ACROSS - MARGIN - 128, TOP + 4, 128, 32), "Log In", "submit", "primary"),
        *field_parts(state.entry),
        *keys(state.entry),
    ]


def act(state: PanelState, action: str, device: Device) -> PanelState:
    """Log in, or change to the other kind of login."""
    if action == "other":
        other = _DEPARTMENT if state.tab == _USER else _USER
        return enter(replace(state, tab=other, entry=None), device)
    if action not in {"submit", "key:start"} or state.entry is None:
        return state
    who, secret = state.entry.texts
    cleared = enter(replace(state, entry=None), device)
    if not who:
        return replace(cleared, notice="Enter who you are first.")
    check = device.users.login if state.tab == _USER else device.users.login_department
    try:
        login = check(who, secret, "panel", remote=False)
    except LoginRefused as fault:
        # No longer than on the Remote UI, and the typed password is gone.
        return replace(cleared, notice=f"The login failed: {fault}.")
    after = replace(state.goto(state.then), login=login, then="home")
    if login.default_password or login.expired:
        return replace(after.goto("warning"), then=after.screen)
    return after


SCREEN = Screen("login", "Login", show, act, enter)
