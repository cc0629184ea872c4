"""Finds the report formats by walking this package."""

from __future__ import annotations

import pkgutil
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pathlib import PurePath

import frisket.report
from frisket.errors import UsageError
from frisket.report.format import Format


@cache
def formats() -> Mapping[str, Format]:
    """Return name -> format of every module here that has a `FORMAT`."""
    modules = sorted(m.name for m in pkgutil.iter_modules(frisket.report.__path__))
    found = [
        getattr(import_module(f"frisket.report.{name}"), "FORMAT", None)
        for name in modules
        if name != "find"
    ]
    return {f.name: f for f in found if isinstance(f, Format)}


def format_named(name: str) -> Format:
    """Return the format called `name`, or raise `UsageError` naming all."""
    try:
        return formats()[name]
    except KeyError:
        hint = f"formats: {', '.join(formats())}"
        raise UsageError(f"there is no format {name[:40]!r}", hint=hint) from None


def format_of_file(path: str) -> Format:
    """Return the format that the file's suffix asks for, or raise `UsageError`.

    The longest suffix wins: `a.sarif.json` is SARIF, `a.json` is JSON.
    """
    lower = PurePath(path).name.lower()
    fitting = [
        (len(suffix), f)
        for f in formats().values()
        for suffix in f.suffixes
        if lower.endswith(suffix)
    ]
    if not fitting:
        known = ", ".join(suffix for f in formats().values() for suffix in f.suffixes)
        raise UsageError(f"the suffix of {path[:80]!r} names no format", hint=f"known: {known}")
    return max(fitting, key=lambda pair: pair[0])[1]
