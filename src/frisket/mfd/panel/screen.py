"""What a screen is, who may see it, and how screens are found."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from functools import cache

from frisket.mfd.device import Device
from frisket.mfd.glass import PanelState
from frisket.mfd.panel.view import Part


class Needs(IntEnum):
    """Who may open a screen."""

    NOBODY = 0
    FUNCTION = 1  # a login where authentication management asks for one
    LOGIN = 2
    SERVICE = 3  # Service Mode


def same(state: PanelState, _: Device) -> PanelState:
    """Prepare nothing."""
    return state


@dataclass(frozen=True, slots=True)
class Screen:
    """One screen: `show` describes it, `act` carries out what a button asks for.

    `enter` prepares it when it is opened. `act` also gets the keys: key:start and key:stop. It may
    raise `FrisketError`, whose message then stands in the message line.
    """

    name: str
    title: str
    show: Callable[[PanelState, Device], list[Part]]
    act: Callable[[PanelState, str, Device], PanelState]
    enter: Callable[[PanelState, Device], PanelState] = same
    needs: Needs = Needs.NOBODY
    above: str = "home"


@cache
def find_screens() -> Mapping[str, Screen]:
    """Return every screen of the package `screens` by name."""
    # Named, not imported above: the screens lean on this module.
    package = importlib.import_module("frisket.mfd.panel.screens")
    modules = (
        importlib.import_module(f"{package.__name__}.{info.name}")
        for info in pkgutil.iter_modules(package.__path__)
    )
    found = (module.SCREEN for module in modules if hasattr(module, "SCREEN"))
    return {screen.name: screen for screen in found}
