"""Finds every kind of act that takes two persons, by walking `fleet.acts`."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

import frisket.fleet.acts
from frisket.fleet.act import ProposedAct


def find_acts() -> dict[str, ProposedAct]:
    """Return every kind of act by its name."""
    found: dict[str, ProposedAct] = {}
    for info in iter_modules(frisket.fleet.acts.__path__):
        module = import_module(f"frisket.fleet.acts.{info.name}")
        for act in module.ACTS:
            found[act.kind] = act
    return found
