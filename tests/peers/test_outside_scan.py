"""Scans as encrypted PDF, read by poppler's pdfinfo."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from tests.lab import make_device

from frisket.errors import UsageError
from frisket.mfd.outside.scan import LEVELS, Encryption, encrypt_pdf, make_pdf, scan_pages

pytestmark = pytest.mark.peer("poppler-utils")


def pdfinfo(path: Path, password: str, option: str = "-upw") -> dict[str, str]:
    command = ["pdfinfo", *([option, password] if password else []), str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        return {"error": done.stderr}
    pairs = (line.partition(":") for line in done.stdout.splitlines())
    return {name: value.strip() for name, _, value in pairs}


def written(folder: Path, level: str, how: Encryption) -> Path:
    device = make_device()
    path = folder / "scan.pdf"
    path.write_bytes(encrypt_pdf(make_pdf(scan_pages(device, 2)), level, how))
    return path


@pytest.mark.parametrize(
    ("level", "algorithm", "version"),
    [
        ("RC4-40", "RC4", {"1.4", "1.5", "1.6", "1.7", "1.3"}),
        ("RC4-128", "RC4", {"1.4", "1.5", "1.6", "1.7"}),
        ("AES-128", "AES", {"1.6"}),
        ("AES-256", "AES-256", {"1.7", "2.0"}),
    ],
)
def test_each_level_is_what_it_says(
    tmp_path: Path, level: str, algorithm: str, version: set[str]
) -> None:
    path = written(tmp_path, level, Encryption("öpen" if level == "AES-256" else "open", "owner"))
    opened = "öpen" if level == "AES-256" else "open"
    assert "Incorrect password" in pdfinfo(path, "")["error"]
    assert "Incorrect password" in pdfinfo(path, "wrong")["error"]
    seen = pdfinfo(path, opened)
    assert seen["Pages"] == "2"
    assert seen["PDF version"] in version
    assert f"algorithm:{algorithm})" in seen["Encrypted"]
    for word in ("print:no", "copy:no", "change:no"):
        assert word in seen["Encrypted"]


@pytest.mark.parametrize("level", LEVELS)
def test_permissions_hold_for_who_only_opens(tmp_path: Path, level: str) -> None:
    how = Encryption("", "owner", printing="yes", copying=True)
    seen = pdfinfo(written(tmp_path, level, how), "")
    for word in ("print:yes", "copy:yes", "change:no"):
        assert word in seen["Encrypted"]


def test_a_pdf_without_a_password_is_not_called_encrypted(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="password"):
        written(tmp_path, "AES-128", Encryption())
