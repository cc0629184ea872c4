"""The panel from the command line: keys pressed, the picture saved, and what cannot be done."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

pytestmark = pytest.mark.xdist_group("lab")


def frisket(*words: str, lab: Path) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "NO_COLOR": "1", "PYTHONWARNINGS": "error", "FRISKET_LAB": str(lab)}
    command = [sys.executable, "-m", "frisket.cli", "lab", *words]
    return subprocess.run(command, capture_output=True, text=True, env=env, timeout=60, check=False)


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("panel") / "lab"
    done = frisket("up", "--devices", "1", "--state", "factory", "--quiet", lab=folder)
    assert done.returncode == 0, done.stderr
    yield folder
    frisket("down", lab=folder)


def test_keys_lead_to_a_screen_and_refusals_to_standard_error(lab: Path) -> None:
    done = frisket("press", "127.0.1.1", "counter", lab=lab)
    assert (done.returncode, done.stdout) == (0, "counter\n")
    words = ("id", "type:Administrator", "enter", "type:wrong", "enter")
    done = frisket("press", "127.0.1.1", *words, lab=lab)
    assert (done.returncode, done.stdout) == (0, "login\n")
    assert "The login failed" in done.stderr


def test_the_picture_is_saved(lab: Path, tmp_path: Path) -> None:
    done = frisket("screen", "127.0.1.1", "-o", str(tmp_path / "panel.png"), lab=lab)
    assert done.returncode == 0, done.stderr
    with Image.open(tmp_path / "panel.png") as image:
        assert (image.size, image.format) == ((800, 480), "PNG")


@pytest.mark.parametrize(
    "words",
    [
        ("press", "127.0.1.1"),
        ("press", "127.0.1.1", "bogus"),
        ("press", "127.0.1.1", "9999,1"),
        ("press", "127.9.9.9", "start"),
        ("screen", "127.0.1.1", "-o", "/nonexistent/panel.png"),
    ],
)
def test_what_cannot_be_done_says_why(words: tuple[str, ...], lab: Path) -> None:
    done = frisket(*words, lab=lab)
    assert done.returncode == 2
    assert done.stderr.startswith("frisket: ")
    assert "Traceback" not in done.stderr
