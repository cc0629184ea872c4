"""`frisket demo`: the main job on a virtual fleet, start to finish."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from frisket.cli.support.labs import lab_targets
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
    port: int = 8631,
    keep: bool = False,
    no_console: bool = False,
) -> int:
    """Start a virtual fleet, discover it, audit it by both tables, and open the console on it.

    On a terminal the console stays until Ctrl-C. Elsewhere it is shown to answer, and ended.

    Parameters
    ----------
    devices
        How many virtual devices.
    seed
        The same number gives the same fleet.
    output
        Folder for the reports.
    port
        The console's port on this machine; 0 takes a free one.
    keep
        Leave the fleet running at the end, to go on trying.
    no_console
        Reports only.
    """
    output.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="frisket-demo-"))
    lab = ("--state-dir", str(folder / "lab"))
    _frisket("lab", "up", "--devices", str(devices), "--seed", str(seed), *lab)
    try:
        _audited(output, lab)
        if not no_console:
            _console(folder, port)
    finally:
        if not keep:
            _frisket("lab", "down", *lab)
            shutil.rmtree(folder, ignore_errors=True)
    if keep:
        say(f"The fleet is still up; end it with: frisket lab down {' '.join(lab)}")
    return 0


def _audited(output: Path, lab: tuple[str, str]) -> None:
    """Discover and audit the fleet, and write the reports."""
    _frisket("discover", "lab", *lab)
    for baseline in ("small-office", "enterprise"):
        saved = output / f"{baseline}.json"
        page = output / f"{baseline}.html"
        files = ("-o", str(saved), "-o", str(page))
        _frisket("audit", "lab", "--baseline", baseline, *files, *lab)
    _frisket("lab", "journal", "127.0.1.1", *lab)
    pages = ", ".join(str(output / f"{b}.html") for b in ("small-office", "enterprise"))
    say(f"\nThe reports are in {pages}: open them in a browser.")


def _console(folder: Path, port: int) -> None:
    """Serve the console on the fleet until interrupted, or show that it answers."""
    from frisket.cli.support.demo_console import fill, start, stop
    from frisket.net.serve_asgi import free_port

    data = folder / "console"
    say(f"\n$ frisket serve --data {data}")
    fill(data, lab_targets(folder / "lab"))
    server = start(data, port or free_port("127.0.0.1"))
    try:
        if sys.stdin.isatty():
            say(
                "The console audits and polls the fleet by itself, within a minute. Ctrl-C ends it."
            )
            server.wait()
        else:
            say("The console answers. Run this on a terminal to keep it open.")
    except KeyboardInterrupt:
        say("")
    finally:
        stop(server)
