"""Where a report goes: standard output or files, in the format asked for."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import BinaryIO

from rich.console import Console

from frisket.audit.load import Content
from frisket.errors import UsageError
from frisket.report.find import format_named, format_of_file
from frisket.report.format import Format, ReportContext, StigRule


@contextmanager
def _explained(place: str) -> Iterator[None]:
    """Turn a fault of the system into a `UsageError`; a reader who has left is none."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as fault:
        raise UsageError(f"cannot write {place}: {fault.strerror}") from fault


@dataclass(slots=True)
class Place:
    """Where the bytes of one report go.

    With a `draft` they gather beside the file and take its place only when the report is whole:
    who stops an audit still has the report of yesterday.
    """

    name: str
    file: BinaryIO
    path: Path | None = None
    draft: Path | None = None

    def write(self, data: bytes) -> None:
        """Write at once. Raises `UsageError`."""
        if data:
            with _explained(self.name):
                self.file.write(data)
                self.file.flush()

    def finish(self) -> None:
        """End a whole report. Raises `UsageError`."""
        if self.path is None:
            return
        with _explained(self.name):
            self.file.close()
            if self.draft is not None:
                self.draft.replace(self.path)
                self.draft = None

    def drop(self) -> None:
        """Give up: the file of before stays; what a streaming format has written stays too."""
        with suppress(OSError):
            if self.path is not None:
                self.file.close()
        if self.draft is not None:
            self.draft.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class Outlet:
    """One report: its format and its file (None is standard output)."""

    format: Format
    path: Path | None

    def open(self) -> Place:
        """Open the place to write to, or raise `UsageError`."""
        if self.path is None:
            return Place("to standard output", sys.stdout.buffer)
        name = str(self.path)
        path = self.path.resolve()
        if not path.parent.is_dir():
            raise UsageError(f"cannot write {name}: there is no folder {self.path.parent}")
        whole = self.format.stream is None
        if whole and (path.is_file() or not path.exists()):
            draft = path.with_name(f".{path.name}.{os.getpid()}")
            with _explained(name):
                return Place(name, draft.open("xb"), path, draft)
        with _explained(name):
            return Place(name, path.open("wb"), path)


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
