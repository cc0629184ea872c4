"""Where a report goes: standard output or files, in the format asked for."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import BinaryIO

from rich.console import Console

from frisket.audit.load import Content
from frisket.errors import UsageError
from frisket.report.find import format_named, format_of_file
from frisket.report.format import Format, ReportContext, StigRule


@dataclass(frozen=True, slots=True)
class Outlet:
    """One report: its format and its file (None is standard output)."""

    format: Format
    path: Path | None

    def open(self) -> BinaryIO:
        """Open the place to write to, or raise `UsageError`."""
        if self.path is None:
            return sys.stdout.buffer
        try:
            return self.path.open("wb")
        except OSError as fault:
            raise UsageError(f"cannot write {self.path}: {fault.strerror}") from fault


def outlets(format_name: str | None, outputs: Sequence[Path]) -> list[Outlet]:
    """Return where to report: a table for the reader, and each file by its suffix.

    A named format takes the table's place; where files are given too, it is theirs and nothing
    else is printed.
    """
    named = format_named(format_name) if format_name else None
    files = [Outlet(named or format_of_file(str(path)), path) for path in outputs]
    if files and named:
        return files
    return [Outlet(named or format_named("table"), None), *files]


def report_context(content: Content, *, verbose: bool) -> ReportContext:
    """Return what reports are told beside the result."""
    console = Console()
    stig = next((s for s in content.standards if s.id == "stig"), None)
    return ReportContext(
        verbose=verbose,
        width=console.width if console.is_terminal else 100,
        color=console.is_terminal and not console.no_color,
        stig=tuple(
            StigRule(r.id, r.version, r.rule_id, r.severity, r.title, r.rules, r.status)
            for r in (stig.requirements if stig else ())
        ),
        tool_version=version("frisket"),
    )


def for_outlet(context: ReportContext, outlet: Outlet) -> ReportContext:
    """Return the context for one place: colour belongs to the terminal alone."""
    return context if outlet.path is None else replace(context, color=False)
