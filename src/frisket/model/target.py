"""What is visited: a target, and who it says it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Target:
    """One device to visit. `ports` maps a standard port to where an unprivileged lab has it."""

    address: str
    name: str = ""
    named: bool = True
    ports: Mapping[int, int] = field(default_factory=dict)

    def port(self, standard: int) -> int:
        """Return the port on which this target serves what others serve on `standard`."""
        return self.ports.get(standard, standard)

    def __str__(self) -> str:
        return self.name or self.address


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a device says it is; an empty string is unknown."""

    vendor: str = ""
    model: str = ""
    serial: str = ""
    mac: str = ""
    firmware: str = ""
    name: str = ""
    location: str = ""

    def __or__(self, other: Identity) -> Identity:
        """Fill what is unknown here from `other`."""
        return Identity(
            *(getattr(self, name) or getattr(other, name) for name in self.__slots__),
        )

    def __bool__(self) -> bool:
        return any(getattr(self, name) for name in self.__slots__)
