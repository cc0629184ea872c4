"""Where passwords are kept: a file by default, another one, or the keyring."""

from __future__ import annotations

from pathlib import Path

import keyring
import keyring.backends.fail
import pytest

from frisket.cli.support.vaults import SystemRing, open_vault
from frisket.drivers.credential import Secret
from frisket.drivers.vault import FileVault, Kind, Password, RingVault, State, VaultFault
from frisket.errors import UsageError

ENTRY = Password("10.0.0.7", Kind.POLICY, "A", State.SETTLED, Secret("horse-7"))


def test_a_file_in_the_state_folder_or_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FRISKET_STATE", str(tmp_path / "state"))
    vault = open_vault()
    assert isinstance(vault, FileVault)
    vault.put(ENTRY)
    assert (tmp_path / "state" / "passwords.json").stat().st_mode & 0o777 == 0o600
    monkeypatch.setenv("FRISKET_PASSWORDS", str(tmp_path / "other.json"))
    assert open_vault().all() == ()


def test_a_machine_without_a_keyring_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    before = keyring.get_keyring()
    keyring.set_keyring(keyring.backends.fail.Keyring())  # type: ignore[no-untyped-call]
    try:
        monkeypatch.setenv("FRISKET_PASSWORDS", "keyring")
        vault = open_vault()
        assert isinstance(vault, RingVault)
        with pytest.raises(VaultFault, match="does not open"):
            vault.put(ENTRY)
        with pytest.raises(UsageError, match="NoKeyringError"):
            SystemRing().get_password("frisket", "x")
    finally:
        keyring.set_keyring(before)
