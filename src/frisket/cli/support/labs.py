"""Where the lab keeps its state, and how a verb talks to it."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
from pathlib import Path
from typing import Any

from frisket.errors import FrisketError, LinkError, UsageError
from frisket.model.target import Target
from frisket.net.control import ask_control

# What a lab keeps in its folder: anything else is somebody's own, and stays.
_LEFT = re.compile(r"control-[0-9]+\.sock|ready-[0-9]+|lab-[0-9]+\.log|devices")


class NoLab(UsageError):
    """No lab is running."""


def lab_folder(given: Path | None = None) -> Path:
    """Return the lab's state folder: as given, $FRISKET_LAB, or the user's state directory."""
    if given is not None:
        return given
    if own := os.environ.get("FRISKET_LAB"):
        return Path(own)
    state = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return Path(state) / "frisket" / "lab"


def is_lab_word(word: str) -> bool:
    """Say whether a target word names the virtual fleet."""
    return word == "lab"


def fresh_folder(folder: Path) -> None:
    """Make the lab's folder anew. Raises `UsageError` where it holds what no lab has left."""
    try:
        found = [path.name for path in folder.iterdir()] if folder.exists() else []
        if foreign := sorted(name for name in found if not _LEFT.fullmatch(name)):
            hint = "name an empty or a new folder with --state-dir"
            raise UsageError(f"{folder} is no lab's folder: it holds {foreign[0]}", hint=hint)
        remove_folder(folder)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as fault:
        raise UsageError(f"the lab cannot keep its state in {folder}: {fault.strerror}") from fault


def remove_folder(folder: Path) -> None:
    """Remove what labs leave in their folder, and the folder itself once nothing else is in it."""
    if not folder.is_dir():
        return
    for path in folder.iterdir():
        if not _LEFT.fullmatch(path.name):
            continue
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
    with contextlib.suppress(OSError):
        folder.rmdir()


def sockets(folder: Path) -> list[Path]:
    """Return the control sockets of a running lab, one a process."""
    return sorted(folder.glob("control-*.sock"))


def ask(folder: Path, request: dict[str, Any]) -> dict[str, Any]:
    """Ask the lab; with an address, the process that runs that device. Raises `UsageError`."""
    found = sockets(folder)
    if not found:
        raise NoLab("no lab is running", hint="start one with: frisket lab up")
    answers = []
    for path in found:
        try:
            answers.append(json.loads(ask_control(path, json.dumps(request).encode())))
        except (LinkError, ValueError) as fault:
            hint = f"end it with: frisket lab down (state folder {folder})"
            raise UsageError(f"the lab does not answer: {fault}", hint=hint) from fault
    good = [answer for answer in answers if "error" not in answer]
    if not good:
        raise FrisketError(answers[0]["error"], hint=answers[0].get("hint", ""))
    if request["command"] == "list":
        return {"devices": [device for answer in good for device in answer["devices"]]}
    return dict(good[0])


def lab_targets(folder: Path) -> list[Target]:
    """Return every device of the running lab as a target, with its shifted ports."""
    targets = []
    for device in ask(folder, {"command": "list"})["devices"]:
        shift = device["shift"]
        ports = {port: port + shift for port in range(1, 1024)} if shift else {}
        targets.append(Target(device["address"], ports=ports))
    return targets
