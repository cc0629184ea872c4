"""Independent VNC clients, run as their users run them."""

from __future__ import annotations

import asyncio
import os
import select
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

VNCDO = Path(sys.executable).parent / "vncdo"
_SECONDS = 60


async def run(*command: str | Path) -> tuple[int, str]:
    """Run a program; return its exit status and everything it wrote."""
    process = await asyncio.create_subprocess_exec(
        *map(str, command),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output = await _finished(process)
    return process.returncode or 0, output


async def _finished(process: asyncio.subprocess.Process) -> str:
    try:
        output, _ = await asyncio.wait_for(process.communicate(), _SECONDS)
    except TimeoutError:
        process.kill()
        raise
    return output.decode(errors="replace")


async def vncdo(where: str, password: str, *words: str | Path) -> tuple[int, str]:
    """Drive a panel by vncdotool: `click`, `type`, `key`, `capture` and so on."""
    return await run(VNCDO, "-s", f"{where}::5900", "-p", password, *words)


async def gvnccapture(where: str, password: str, picture: Path) -> tuple[int, str]:
    """Save a picture by gtk-vnc, which takes its password from a terminal only."""
    return await asyncio.to_thread(_at_terminal, password, "gvnccapture", f"{where}:0", picture)


def _at_terminal(password: str, *command: str | Path) -> tuple[int, str]:
    ours, theirs = os.openpty()
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs) as process:
        os.close(theirs)
        output = b""
        deadline = time.monotonic() + _SECONDS
        with os.fdopen(ours, "r+b", buffering=0) as terminal:
            try:
                while time.monotonic() < deadline:
                    if select.select([terminal], [], [], 0.3)[0]:
                        output += terminal.read(4096) or b""
                    elif b"Password: " in output:
                        # It discards what was typed before it listens: when it waits, once more.
                        terminal.write(password.encode() + b"\n")
            except OSError:
                pass  # the program has ended: a terminal says so by an error
            else:
                process.kill()
        return process.wait(_SECONDS), output.decode(errors="replace")


def clicks(*places: tuple[int, int]) -> Sequence[str]:
    """Return vncdotool's words for a touch at each place."""
    words: list[str] = []
    for x, y in places:
        words += ["move", str(x), str(y), "click", "1", "pause", "0.1"]
    return words
