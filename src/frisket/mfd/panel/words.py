"""Presses written as words, as `frisket lab press` takes them."""

from __future__ import annotations

import re

from frisket.errors import UsageError
from frisket.mfd.device import Device
from frisket.mfd.panel.engine import HARDWARE, Event, Key, Tap, aged, look, press
from frisket.mfd.panel.view import HEIGHT, WIDTH

_PLACE = re.compile(r"([0-9]{1,4}),([0-9]{1,4})")
_NAMES = {"enter": "submit", "backspace": "erase", "tab": "next", "escape": "back"}


def parse_presses(word: str) -> list[Event]:
    """Return the events of one word, or raise `UsageError` naming what there is.

    A hardware key (start, stop, id, counter, reset, sleep, home), enter, backspace, tab or escape,
    a place `X,Y` to touch, one character, or `type:TEXT`.
    """
    if found := _PLACE.fullmatch(word):
        x, y = int(found[1]), int(found[2])
        if x >= WIDTH or y >= HEIGHT:
            raise UsageError(f"{word} is beside the panel, which is {WIDTH} by {HEIGHT}")
        return [Tap(x, y)]
    if word in HARDWARE:
        return [Key(word)]
    if word in _NAMES:
        return [Key(_NAMES[word])]
    text = word.removeprefix("type:") if word.startswith("type:") else ""
    if text or (len(word) == 1 and word.isprintable()):
        return [Key(letter) for letter in text or word]
    raise UsageError(
        f"unknown key {word[:40]!r}", hint=f"{', '.join(HARDWARE)}, X,Y to touch, or type:TEXT"
    )


def press_all(device: Device, words: list[str]) -> str:
    """Press each word in turn and return the name of the screen that is shown then."""
    events = [event for word in words for event in parse_presses(word)]
    glass = device.glass
    glass.show(aged(glass.state, device))
    for event in events:
        glass.show(press(glass.state, event, device))
    return look(glass.state, device).name
