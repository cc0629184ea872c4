"""Scan and Send: a destination of the address book or a typed one, and Start sends a page to it."""

from __future__ import annotations

from dataclasses import replace

from frisket.errors import FrisketError, UsageError
from frisket.mfd.device import Device
from frisket.mfd.glass import Field, PanelState
from frisket.mfd.outside.limits import check_limit, read_destination
from frisket.mfd.outside.scan import scan_and_send
from frisket.mfd.panel.keyboard import entry_of, field_parts, keys
from frisket.mfd.panel.screen import Needs, Screen
from frisket.mfd.panel.view import (
    ACROSS,
    BOTTOM,
    MARGIN,
    TOP,
    Button,
    Part,
    Text,
    card,
    foot_button,
    pager,
    pages_of,
)

_EACH = 6
_ROW = 46
_LONGEST = 128


def show(state: PanelState, device: Device) -> list[Part]:
    """Show the address book, or the keyboard for a new destination."""
    if state.entry is not None:
        return [
            Text(MARGIN + 4, TOP + 20, "mailto:, ifax:, smb:, ftp: or https:", 16, "muted"),
            Button((ACROSS - MARGIN - 212, TOP + 4, 100, 32), "Back", "back"),
            Button((ACROSS - MARGIN - 104, TOP + 4, 104, 32), "OK", "submit", "primary"),
            *field_parts(state.entry, TOP + 56),
            *keys(state.entry),
        ]
    book = list(device.addresses)
    pages = pages_of(len(book), _EACH)
    page = min(state.page, pages - 1)
    head = f"Send to: {state.chosen}" if state.chosen else "Choose where to send."
    parts: list[Part] = [Text(MARGIN + 4, TOP + 24, head, 17, width=ACROSS - 2 * MARGIN)]
    if not book:
        parts += [
            card((MARGIN, TOP + 48, ACROSS - 2 * MARGIN, 110)),
            Text(ACROSS // 2, TOP + 103, "The address book is empty.", 20, "muted", "mm"),
        ]
    for n, address in enumerate(book[page * _EACH : (page + 1) * _EACH]):
        area = (MARGIN, TOP + 46 + n * (_ROW + 4), ACROSS - 2 * MARGIN, _ROW)
        middle = area[1] + _ROW // 2
        style = "chosen" if state.chosen == address.name else "plain"
        parts += [
            Button(area, "", f"choose:{page * _EACH + n}", style),
            Text(MARGIN + 16, middle, address.name, 17, width=200),
            Text(MARGIN + 230, middle, address.kind.value, 15, "accent"),
            Text(MARGIN + 310, middle, address.destination, 15, "muted", width=346),
        ]
    parts += [Button((MARGIN, BOTTOM - 48, 176, 40), "New Destination", "new"), *pager(page, pages)]
    if state.chosen:
        parts.append(foot_button("Start", "key:start"))
    return parts


def act(state: PanelState, action: str, device: Device) -> PanelState:
    """Choose or type a destination; Start sends, Stop gives up. Raises `FrisketError`."""
    verb, _, argument = action.partition(":")
    if verb == "choose" and argument.isdecimal():
        book = list(device.addresses)
        number = int(argument)
        return replace(state, chosen=book[number].name) if number < len(book) else state
    if action == "new":
        return replace(state, entry=entry_of(Field("Destination", longest=_LONGEST)))
    if action == "back" and state.entry is not None:
        return replace(state, entry=None)
    if action == "submit" and state.entry is not None:
        typed = state.entry.texts[0]
        check_limit(device, read_destination(device, typed))
        return replace(state, entry=None, chosen=typed)
    if action == "key:stop" and device.glass.work is not None:
        device.glass.stop()
        return replace(state, notice="Sending has been stopped.")
    if action == "key:start":
        return _started(state, device)
    return state


def _started(state: PanelState, device: Device) -> PanelState:
    if not state.chosen:
        raise UsageError("choose where to send first")
    device.glass.begin(_send(state.chosen, state.actor, device))
    return replace(state, notice="Sending one page.")


async def _send(destination: str, actor: str, device: Device) -> None:
    glass = device.glass
    try:
        octets = await scan_and_send(device, destination, 1, actor)
        notice = f"One page has been sent ({octets // 1024 + 1} kB)."
    except FrisketError as fault:
        notice = f"Not sent: {fault}."
    if glass.state.screen == SCREEN.name:
        glass.show(replace(glass.state, notice=notice))


SCREEN = Screen("scan", "Scan and Send", show, act, needs=Needs.FUNCTION)
