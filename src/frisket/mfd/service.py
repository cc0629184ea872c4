"""What a service is: which ports it serves under the settings in effect, and how it opens one."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import cache
from typing import Protocol

from frisket.mfd.device import Device


@dataclass(frozen=True, slots=True)
class Port:
    """A standard port; the device may serve it elsewhere (`Device.port`)."""

    number: int
    transport: str = "tcp"


# No port: a task in the background, which `open_port` starts and `close` ends (clients).
BACKGROUND = Port(0, "task")


class Open(Protocol):
    """Something that listens."""

    def close(self) -> None:
        """Stop listening."""


@dataclass(frozen=True, slots=True)
class Service:
    """One protocol of the device.

    `ports(device)` says what listens under the settings in effect; `open_port` opens one.
    `reopen_on` are key prefixes whose change closes and opens the ports anew.
    """

    name: str
    ports: Callable[[Device], tuple[Port, ...]]
    open_port: Callable[[Device, Port], Awaitable[Open]]
    reopen_on: tuple[str, ...] = ()


@cache
def find_services() -> tuple[Service, ...]:
    """Return every service of the package `services`: a module with a `SERVICE` is one."""
    # Named, not imported above: the services lean on this module, which must not lean on them.
    package = importlib.import_module("frisket.mfd.services")
    modules = (
        importlib.import_module(f"{package.__name__}.{info.name}")
        for info in pkgutil.iter_modules(package.__path__)
    )
    found = [module.SERVICE for module in modules if hasattr(module, "SERVICE")]
    return tuple(sorted(found, key=lambda service: service.name))
