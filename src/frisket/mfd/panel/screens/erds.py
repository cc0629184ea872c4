"""E-RDS in Service Mode: COM-TEST with its result, COM-LOG, and CLEAR > ERDS-DAT."""

from __future__ import annotations

from dataclasses import replace

from frisket.errors import FrisketError
from frisket.mfd.device import Device
from frisket.mfd.erds.talk import ENABLED, GATEWAY, com_log, communication_test, initialize
from frisket.mfd.glass import PanelState
from frisket.mfd.panel.screen import Needs, Screen
from frisket.mfd.panel.view import (
    ACROSS,
    MARGIN,
    TOP,
    Part,
    Text,
    back_button,
    card,
    foot_button,
    pager,
    pages_of,
)

_EACH = 6


def show(state: PanelState, device: Device) -> list[Part]:
    """Show whether it is on and registered, and the latest lines of COM-LOG."""
    log = com_log(device)
    pages = pages_of(len(log), _EACH)
    page = min(state.page, pages - 1)
    on = "E-RDS 1" if device.store.on(ENABLED) else "E-RDS 0"
    known = "registered" if device.erds.state.registered else "not registered"
    gateway = device.store.text(GATEWAY) or "no gateway"
    waiting = f"{len(device.erds.state.waiting)} waiting"
    parts: list[Part] = [
        card((MARGIN, TOP + 12, ACROSS - 2 * MARGIN, 324)),
        Text(MARGIN + 20, TOP + 40, f"{on}  {known}  {waiting}", 18, "ink", strong=True),
        Text(MARGIN + 20, TOP + 68, gateway, 16, "muted", width=ACROSS - 2 * MARGIN - 40),
    ]
    if not log:
        parts.append(Text(ACROSS // 2, TOP + 190, "COM-LOG is empty.", 18, "muted", "mm"))
    for n, line in enumerate(log[page * _EACH : (page + 1) * _EACH]):
        y = TOP + 106 + n * 40
        tone = "good" if line.result == "OK" else "danger"
        parts += [
            Text(MARGIN + 20, y, line.at[:19].replace("T", " "), 13, "muted"),
            Text(MARGIN + 166, y, line.operation, 14, width=170),
            Text(MARGIN + 346, y, line.result, 15, tone, strong=True),
            Text(MARGIN + 386, y, line.detail, 13, "muted", width=276),
        ]
    return [
        *parts,
        *pager(page, pages),
        back_button(),
        foot_button("COM-TEST", "test"),
        *([] if pages > 1 else [foot_button("ERDS-DAT", "initialize", "danger", 1)]),
    ]


def act(state: PanelState, action: str, device: Device) -> PanelState:
    """Test the line, forget everything, turn pages. Raises `FrisketError`."""
    match action:
        case "back":
            return state.goto("service")
        case "test":
            device.glass.begin(_test(state.actor, device))
            return replace(state, notice="Communication test: please wait.")
        case "key:stop" if device.glass.work is not None:
            device.glass.stop()
            return replace(state, notice="The communication test has been stopped.")
        case "initialize":
            initialize(device, state.actor)
            return replace(state, notice="E-RDS has been initialized; carry out COM-TEST again.")
        case _:
            return state


async def _test(actor: str, device: Device) -> None:
    glass = device.glass
    try:
        await communication_test(device, actor)
        notice = "COM-TEST: OK!"
    except FrisketError as fault:
        notice = f"COM-TEST: NG! {fault}"
    if glass.state.screen == SCREEN.name:
        glass.show(replace(glass.state, notice=notice))


SCREEN = Screen("erds", "E-RDS", show, act, needs=Needs.SERVICE, above="service")
