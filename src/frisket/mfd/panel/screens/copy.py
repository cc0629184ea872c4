"""Copy: how many, in color or not, on both sides or not; Start counts the sheets."""

from __future__ import annotations

from dataclasses import replace

from frisket.mfd.auditlog import LogKind
from frisket.mfd.counters import Impression, counts_of
from frisket.mfd.device import Device
from frisket.mfd.glass import PanelState
from frisket.mfd.panel.screen import Needs, Screen
from frisket.mfd.panel.view import MARGIN, TOP, Button, Part, Text, card, foot_button

_MOST = 99


def _number(state: PanelState) -> int:
    return state.draft if isinstance(state.draft, int) else 1


def show(state: PanelState, device: Device) -> list[Part]:
    """Show the number of copies and two choices."""
    color, two_sided = "color" in state.chosen, "sides" in state.chosen
    parts: list[Part] = [
        card((MARGIN, TOP + 16, 328, 296)),
        Text(MARGIN + 164, TOP + 50, "Copies", 17, "muted", "mm"),
        Text(MARGIN + 164, TOP + 140, str(_number(state)), 72, "ink", "mm"),
        Button((MARGIN + 40, TOP + 224, 112, 56), "-", "add:-1", size=28),
        Button((MARGIN + 176, TOP + 224, 112, 56), "+", "add:1", size=28),
        card((360, TOP + 16, 328, 296)),
        Text(384, TOP + 50, "Color", 17, "muted"),
    ]
    choices = [(False, "Black"), (True, "Full Color")] if device.personality.color else []
    for n, (value, label) in enumerate(choices or [(False, "Black")]):
        style = "chosen" if value == color else "plain"
        action = "toggle:color" if value != color else ""
        parts.append(Button((384 + n * 144, TOP + 72, 136, 56), label, action, style))
    parts.append(Text(384, TOP + 174, "2-Sided", 17, "muted"))
    for n, (value, label) in enumerate([(False, "1 to 1-Sided"), (True, "1 to 2-Sided")]):
        style = "chosen" if value == two_sided else "plain"
        action = "toggle:sides" if value != two_sided else ""
        parts.append(Button((384 + n * 144, TOP + 196, 136, 56), label, action, style, size=16))
    return [*parts, foot_button("Start", "key:start")]


def act(state: PanelState, action: str, device: Device) -> PanelState:
    """Change the wishes, or copy the one page that lies on the glass."""
    verb, _, argument = action.partition(":")
    match verb:
        case "add":
            number = min(_MOST, max(1, _number(state) + int(argument)))
            return replace(state, draft=number)
        case "toggle":
            wishes = set(state.chosen.split()) ^ {argument}
            return replace(state, chosen=" ".join(sorted(wishes)))
        case "key" if argument == "start":
            return _copied(state, device)
        case _:
            return state


def _copied(state: PanelState, device: Device) -> PanelState:
    number = _number(state)
    color = "color" in state.chosen and device.personality.color
    two_sided = "sides" in state.chosen
    done = Impression(number, number, color=color, two_sided=two_sided, copy=True)
    device.counters.add(counts_of(done))
    device.journal.add("sheets", f"copy by {state.actor}", number)
    device.log.add(LogKind.JOB, state.actor, "Copy", f"{number} sheets")
    sheets = "1 sheet" if number == 1 else f"{number} sheets"
    return replace(state, notice=f"Copied: {sheets} of a blank original.")


SCREEN = Screen("copy", "Copy", show, act, needs=Needs.FUNCTION)
