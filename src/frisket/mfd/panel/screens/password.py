"""A new password for the user who is logged in."""

from __future__ import annotations

from dataclasses import replace

from frisket.errors import SettingRefused
from frisket.mfd.device import Device
from frisket.mfd.glass import Field, PanelState
from frisket.mfd.panel.keyboard import entry_of, field_parts, keys
from frisket.mfd.panel.screen import Needs, Screen
from frisket.mfd.panel.view import ACROSS, MARGIN, TOP, Button, Part, Text


def enter(state: PanelState, device: Device) -> PanelState:
    """Begin with two empty lines; the System Manager's PIN is digits."""
    by_pin = state.login is not None and device.users.role(state.login.name) is None
    longest = 7 if by_pin else 32
    fields = (
        Field("New PIN" if by_pin else "New Password", "", True, by_pin, longest),
        Field("Confirm", "", True, by_pin, longest),
    )
    return replace(state, entry=entry_of(*fields))


def show(state: PanelState, _: Device) -> list[Part]:
    """Show both lines and the keys."""
    assert state.entry is not None
    return [
        Text(MARGIN + 4, TOP + 20, "Enter the new password twice.", 17),
        Button((ACROSS - MARGIN - 128, TOP + 4, 128, 32), "OK", "submit", "primary"),
        *field_parts(state.entry),
        *keys(state.entry),
    ]


def act(state: PanelState, action: str, device: Device) -> PanelState:
    """Store the new password; raises `SettingRefused` where it breaks the password settings."""
    if action != "submit" or state.entry is None or state.login is None:
        return state
    new, again = state.entry.texts
    if new != again:
        raise SettingRefused("the two lines differ")
    login = state.login
    role = device.users.role(login.name)
    if role is None:
        device.store.set("admin.system-manager.pin", new, login.name, "panel")
    else:
        device.users.put(login.name, role, new, login.name)
    fresh = replace(login, default_password=False, expired=False)
    after = replace(state.goto(state.then), login=fresh, then="home")
    return replace(after, notice="The password has been changed.")


SCREEN = Screen("password", "Change Password", show, act, enter, Needs.LOGIN, "warning")
