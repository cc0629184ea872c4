"""`frisket demo`: the main job on a virtual fleet, start to finish."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from frisket.cli.support.shown import say
from frisket.errors import FrisketError

app = App(name="demo", help="Show Frisket at work on a virtual fleet.")

# Findings are what the demo is about: 1 is a good answer there.
_EXPECTED = {0, 1}


def _frisket(*words: str) -> None:
    say(f"\n$ frisket {' '.join(words)}")
    command = [sys.executable, "-m", "frisket.cli", *words]
    code = subprocess.run(command, check=False).returncode  # noqa: S603 - our own program
    if code not in _EXPECTED:
        raise FrisketError(f"`frisket {words[0]}` ended with exit code {code}")


@app.default
def demo(
    *,
    devices: int = 8,
    seed: int = 1,
    output: Annotated[Path, Parameter(alias="-o")] = Path("frisket-demo"),
    keep: bool = False,
) -> int:
    """Start a virtual fleet, discover it, audit it by both tables, write the reports.

    Parameters
    ----------
    devices
        How many virtual devices.
    seed
        The same number gives the same fleet.
    output
        Folder for the reports.
    keep
        Leave the fleet running at the end, to go on trying.
    """
    output.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="frisket-demo-"))
    lab = ("--state-dir", str(folder / "lab"))
    _frisket("lab", "up", "--devices", str(devices), "--seed", str(seed), *lab)
    try:
        _frisket("discover", "lab", *lab)
        for baseline in ("small-office", "enterprise"):
            saved = output / f"{baseline}.json"
            page = output / f"{baseline}.html"
            files = ("-o", str(saved), "-o", str(page))
            _frisket("audit", "lab", "--baseline", baseline, *files, *lab)
        _frisket("lab", "journal", "127.0.1.1", *lab)
    finally:
        if not keep:
            _frisket("lab", "down", *lab)
            folder.rmdir()
    pages = ", ".join(str(output / f"{b}.html") for b in ("small-office", "enterprise"))
    say(f"\nThe reports are in {pages}: open them in a browser.")
    if keep:
        say(f"The fleet is still up; end it with: frisket lab down {' '.join(lab)}")
    return 0
