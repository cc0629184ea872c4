"""Someone at a panel: touches by what a button does, types, and looks at what is shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.lab import make_device

from frisket.mfd.device import Device
from frisket.mfd.glass import PanelState
from frisket.mfd.panel.engine import Key, Tap, first, look, press
from frisket.mfd.panel.view import Button, Text, View
from frisket.model.reading import Value


@dataclass(slots=True)
class Clock:
    """Seconds that pass when told."""

    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@dataclass(slots=True)
class Operator:
    """A device with its panel's state; every method returns the operator for the next one."""

    device: Device
    clock: Clock
    state: PanelState = field(default_factory=PanelState)

    @property
    def view(self) -> View:
        return look(self.state, self.device)

    @property
    def words(self) -> str:
        """Return all text on the panel."""
        shown = []
        for part in self.view.parts:
            if isinstance(part, Text):
                shown.append(part.text)
            elif isinstance(part, Button):
                shown += [part.label, part.detail]
        return " | ".join(word for word in shown if word)

    def has(self, action: str) -> bool:
        return any(isinstance(p, Button) and p.action == action for p in self.view.parts)

    def touch(self, *actions: str) -> Operator:
        for action in actions:
            self.state = press(self.state, Tap(*self.view.find(action)), self.device)
        return self

    def label(self, *labels: str) -> Operator:
        """Touch buttons by what stands on them."""
        for label in labels:
            found = [p for p in self.view.parts if isinstance(p, Button) and p.label == label]
            assert found, f"no {label} in {self.words}"
            left, top, width, height = found[-1].area
            place = Tap(left + width // 2, top + height // 2)
            self.state = press(self.state, place, self.device)
        return self

    def key(self, *names: str) -> Operator:
        for name in names:
            self.state = press(self.state, Key(name), self.device)
        return self

    def type(self, text: str) -> Operator:
        return self.key(*text)

    def login(self, name: str = "Administrator", password: str = "7654321") -> Operator:
        if self.state.screen != "login":
            self.key("id")
        return self.type(name).key("submit").type(password).key("submit")


def operator(settings: Mapping[str, Value] | None = None, **more: Any) -> Operator:
    clock = Clock()
    everything = {"audit-log.save": True, **(settings or {})}
    device = make_device(settings=everything, clock=clock, **more)
    return Operator(device, clock, first(device))
