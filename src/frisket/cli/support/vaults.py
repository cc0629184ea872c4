"""Where generated passwords are kept: a file in the state folder, or the system's keyring."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import keyring
import keyring.errors

from frisket.cli.support.groups import state_folder
from frisket.drivers.vault import FileVault, RingVault, Vault

PLACE: Final = "FRISKET_PASSWORDS"
RING: Final = "keyring"


def open_vault() -> Vault:
    """Return the kept passwords: $FRISKET_PASSWORDS (a file, or `keyring`), else passwords.json."""
    place = os.environ.get(PLACE, "")
    if place == RING:
        return RingVault(keyring, (keyring.errors.KeyringError,))
    return FileVault(Path(place) if place else state_folder() / "passwords.json")
