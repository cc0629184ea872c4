"""Writes a plan to a file. Apart from what carries plans out: who only plans imports no writer."""

from __future__ import annotations

import shlex
from pathlib import Path

from frisket.cli.support.shown import say
from frisket.drivers.plan import Plan
from frisket.drivers.plan_file import write_plan
from frisket.errors import UsageError


def save_plan(plan: Plan, path: Path) -> None:
    """Write a plan for `frisket apply`, which knows plans by their name. Raises `UsageError`."""
    if path.suffix != ".json":
        hint = f"such as {path.name}.plan.json: frisket apply takes other names for devices"
        raise UsageError("the name of a saved plan ends with .json", hint=hint)
    try:
        path.write_text(write_plan(plan), encoding="utf-8")
    except OSError as fault:
        raise UsageError(f"cannot write {path}: {fault.strerror}") from fault
    say(f"wrote {path}; carry it out with: frisket apply {shlex.quote(str(path))}")
