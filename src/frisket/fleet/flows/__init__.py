"""The fleet's long work, one module a flow; found by walking this package.

A flow decides by what its steps return and by nothing else: no clock, no chance, no database.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from pkgutil import iter_modules
from typing import Final

from frisket.fleet.crew import Crew
from frisket.jobs.port import Flow, Queue

QUEUES: Final = (
    Queue("fleet", parallel=4),
    Queue("device", parallel=20, one_per_key=True),
)


def all_flows(crew: Crew) -> Sequence[Flow]:
    """Return every flow, carried out by one crew: each module has `flow(crew)`."""
    modules = (import_module(f"{__name__}.{info.name}") for info in iter_modules(__path__))
    return [module.flow(crew) for module in modules]
