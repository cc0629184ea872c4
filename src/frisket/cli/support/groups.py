"""The folder in which Frisket keeps its state, and the inventory of groups."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from frisket.audit.groups import Groups, parse_groups
from frisket.errors import UsageError

INVENTORY = "FRISKET_INVENTORY"
_VIRTUAL = "127.0.0.0/8"  # where the devices of a lab are


def state_folder() -> Path:
    """Return where runs and known devices are kept: $FRISKET_STATE, or the user's state folder."""
    if own := os.environ.get("FRISKET_STATE"):
        return Path(own)
    state = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return Path(state) / "frisket"


def open_groups(given: Path | None = None) -> Groups:
    """Read the inventory: as given, $FRISKET_INVENTORY, or inventory.toml in the state folder.

    Where nobody names one and none is there, no group is known. Raises `UsageError`.
    """
    path = given
    if path is None and (named := os.environ.get(INVENTORY)):
        path = Path(named)
    if path is None:
        path = state_folder() / "inventory.toml"
        if not path.exists():
            return Groups(source="the inventory, which is empty (see --inventory)")
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as fault:
        raise UsageError(f"cannot read the inventory {path}: {fault}") from fault
    return parse_groups(text, str(path))


def scopes_of(given: Path | None = None) -> Callable[[str], tuple[str, ...]]:
    """Return how the credentials file looks up a group: as addresses, networks and names."""

    def look_up(name: str) -> tuple[str, ...]:
        words = open_groups(given).words(name)
        return tuple(_VIRTUAL if word == "lab" else word for word in words)

    return look_up
