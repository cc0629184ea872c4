"""Where generated passwords are kept: a file in the state folder, or the system's keyring."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from frisket.cli.support.groups import state_folder
from frisket.drivers.vault import FileVault, RingVault, Vault
from frisket.errors import UsageError

PLACE: Final = "FRISKET_PASSWORDS"
RING: Final = "keyring"


class SystemRing:
    """The system's keyring, for passwords that a credentials file says are there."""

    def get_password(self, service: str, username: str) -> str | None:
        """Return a password, None where there is none. Raises `UsageError`."""
        import keyring
        import keyring.errors

        try:
            return keyring.get_password(service, username)
        except keyring.errors.KeyringError as fault:
            hint = "unlock it, or install one: the keyring library's list says which"
            raise UsageError(
                f"the keyring does not open ({type(fault).__name__})", hint=hint
            ) from None


def open_vault() -> Vault:
    """Return the kept passwords: $FRISKET_PASSWORDS (a file, or `keyring`), else passwords.json."""
    place = os.environ.get(PLACE, "")
    if place == RING:
        # Loaded where it is used: a collector that runs for years needs none, and it takes 6 MB.
        import keyring
        import keyring.errors

        return RingVault(keyring, (keyring.errors.KeyringError,))
    return FileVault(Path(place) if place else state_folder() / "passwords.json")
