"""What follows a login with the factory password, or with one that has expired."""

from __future__ import annotations

from frisket.mfd.device import Device
from frisket.mfd.glass import PanelState
from frisket.mfd.panel.screen import Needs, Screen
from frisket.mfd.panel.view import MARGIN, TOP, Button, Part, Text, card, foot_button


def show(state: PanelState, _: Device) -> list[Part]:
    """Show the warning; an expired password leaves no other way than a new one."""
    expired = state.login is not None and state.login.expired
    title = "Your password has expired." if expired else "The default password is in use."
    advice = (
        "Set a new one to go on."
        if expired
        else "Everyone who has read a manual knows it. Change it before the device is used."
    )
    parts: list[Part] = [
        card((MARGIN, TOP + 40, 672, 190)),
        Text(MARGIN + 28, TOP + 90, title, 24, "danger", strong=True),
        Text(MARGIN + 28, TOP + 140, advice, 17, "ink", width=616),
        foot_button("Change Password", "open:password"),
    ]
    if not expired:
        parts.append(Button((MARGIN, 400, 176, 40), "Do Not Change Now", "later", size=16))
    return parts


def act(state: PanelState, action: str, _: Device) -> PanelState:
    """Go on with the old password where that is allowed."""
    if action == "later" and state.login is not None and not state.login.expired:
        return state.goto(state.then)
    return state


SCREEN = Screen("warning", "Password", show, act, needs=Needs.LOGIN, above="warning")
