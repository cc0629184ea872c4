"""What a device is called, the same on every page, report and line."""

from __future__ import annotations

from typing import Protocol


class Named(Protocol):
    """What a device may be told by: a row of the inventory, or of anything that lists devices."""

    @property
    def name(self) -> str:
        """Return the name that its people gave it."""

    @property
    def address(self) -> str | None:
        """Return where it was seen last."""

    @property
    def key(self) -> str:
        """Return its key in the inventory, which it always has."""


def called(device: Named) -> str:
    """Return the name that people know a device by: its own, else its address, else its key."""
    return device.name or device.address or device.key
