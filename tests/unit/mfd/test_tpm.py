"""What the TPM remembers, and when it forgets."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.lab import make_device

from frisket.mfd.tpm import TpmRefused

ON = {"tpm.enabled": True}


def test_a_restarted_device_knows_that_the_backup_was_made(tmp_path: Path) -> None:
    first = make_device(settings=ON, folder=tmp_path)
    saved = first.tpm.back_up(tmp_path / "usb", "key", "test")
    key = saved.read_bytes()
    again = make_device(settings=ON, folder=tmp_path)
    assert again.tpm.backed_up
    with pytest.raises(TpmRefused):
        again.tpm.back_up(tmp_path / "usb", "key", "test")
    again.tpm.replace_board("test")
    third = make_device(settings=ON, folder=tmp_path)
    assert third.tpm.state == "lost"
    third.tpm.restore(tmp_path / "usb", "key", "test")
    assert third.tpm.state == "on"
    assert saved.read_bytes() == key


def test_initialize_all_turns_it_off_and_forgets_the_key(tmp_path: Path) -> None:
    device = make_device(folder=tmp_path)
    device.store.set("tpm.enabled", True, "test", "panel")
    device.store.apply_pending()
    device.tpm.back_up(tmp_path / "usb", "key", "test")
    device.store.reset("test")
    assert device.tpm.state == "off"
    device.store.set("tpm.enabled", True, "test", "panel")
    device.store.apply_pending()
    assert not device.tpm.backed_up
    device.tpm.back_up(tmp_path / "usb", "other", "test")
    first, second = ((tmp_path / "usb" / f"{n}.tpm").read_bytes() for n in ("key", "other"))
    assert first != second


def test_a_full_or_missing_memory_does_not_use_up_the_one_backup(tmp_path: Path) -> None:
    device = make_device(settings=ON, folder=tmp_path)
    (tmp_path / "usb").write_text("a file where a folder should be")
    with pytest.raises(TpmRefused, match="USB memory"):
        device.tpm.back_up(tmp_path / "usb", "key", "test")
    assert not device.tpm.backed_up
    device.tpm.back_up(tmp_path / "usb2", "key", "test")


def test_a_board_without_tpm_loses_nothing(tmp_path: Path) -> None:
    device = make_device(folder=tmp_path)
    device.tpm.replace_board("test")
    assert device.tpm.state == "off"
