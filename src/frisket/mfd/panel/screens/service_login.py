"""The door of Service Mode: closed by <Restrict Service Representative Access>.

PSWD-SW says which passwords it asks for: none, the service password (SM-PSWD), or that and the
System Manager's PIN.
"""

from __future__ import annotations

import hmac
from dataclasses import replace

from frisket.errors import SettingRefused
from frisket.mfd.auditlog import LogKind
from frisket.mfd.device import Device
from frisket.mfd.glass import Field, PanelState
from frisket.mfd.panel.keyboard import entry_of, field_parts, keys
from frisket.mfd.panel.screen import Screen
from frisket.mfd.panel.view import ACROSS, MARGIN, TOP, Button, Part, Text, card, foot_button

_RESTRICTED = "service-mode.restrict-representative"


def _lines(device: Device) -> tuple[Field, ...]:
    service = Field("Service Password", "", True, True, 8)
    manager = Field("System Manager PIN", "", True, True, 7)
    match device.store.text("service-mode.password-type"):
        case "service":
            return (service,)
        case "service-and-system-manager":
            return (service, manager)
        case _:
            return ()


def enter(state: PanelState, device: Device) -> PanelState:
    """Ask for the passwords that are set up; refuse where the customer restricts access."""
    if device.store.on(_RESTRICTED):
        device.log.add(LogKind.MAINTENANCE, "service", "Enter Service Mode", "restricted", ok=False)
        return state
    lines = _lines(device)
    return replace(state, entry=entry_of(*lines)) if lines else state


def show(state: PanelState, device: Device) -> list[Part]:
    """Show the refusal, the passwords, or one button where none is set up."""
    if device.store.on(_RESTRICTED):
        return [
            card((MARGIN, TOP + 40, ACROSS - 2 * MARGIN, 150)),
            Text(MARGIN + 28, TOP + 90, "Access is restricted.", 24, "danger", strong=True),
            Text(MARGIN + 28, TOP + 140, "<Restrict Service Representative Access> is on.", 17),
        ]
    if state.entry is None:
        return [
            card((MARGIN, TOP + 40, ACROSS - 2 * MARGIN, 150)),
            Text(MARGIN + 28, TOP + 90, "Service Mode has no password.", 24, "warn", strong=True),
            Text(MARGIN + 28, TOP + 140, "Anyone who knows the keys can enter.", 17, "muted"),
            foot_button("Enter", "submit"),
        ]
    return [
        Text(MARGIN + 4, TOP + 20, "For service representatives.", 17),
        Button((ACROSS - MARGIN - 104, TOP + 4, 104, 32), "OK", "submit", "primary"),
        *field_parts(state.entry),
        *keys(state.entry),
    ]


def act(state: PanelState, action: str, device: Device) -> PanelState:
    """Check the passwords. A wrong one is counted in the journal and stands in the audit log."""
    if action != "submit":
        return state
    if device.store.on(_RESTRICTED):
        raise SettingRefused("access by service representatives is restricted")
    lines = _lines(device)
    given = state.entry.texts if state.entry else ()
    keys_asked = ("service-mode.password", "admin.system-manager.pin")
    wanted = [str(device.store[key]) for key in keys_asked[: len(lines)]]
    # One comparison for all of them: nobody learns which one was wrong.
    right = hmac.compare_digest("\n".join(given).encode(), "\n".join(wanted).encode())
    if not right:
        device.journal.add("failed_logins", "Service Mode via panel: wrong password")
        device.log.add(
            LogKind.MAINTENANCE, "service", "Enter Service Mode", "wrong password", ok=False
        )
        again = replace(state, entry=entry_of(*lines) if lines else None)
        return replace(again, notice="The service password is wrong.")
    device.log.add(LogKind.MAINTENANCE, "service", "Enter Service Mode")
    return replace(state.goto("service"), service=True, path=())


SCREEN = Screen("service-login", "Service Mode", show, act, enter)
