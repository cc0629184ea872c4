"""Progress on standard error: only on a terminal, and never in the way of the results."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.progress import Task as RichTask
from rich.text import Text


class Tick(Protocol):
    """Counts one device done."""

    def __call__(self, advance: int = 1) -> None:
        """Move on by `advance`."""


class _Rate(TextColumn):
    def __init__(self) -> None:
        super().__init__("")

    def render(self, task: RichTask) -> Text:
        speed = task.finished_speed or task.speed
        return Text(f"{speed:.1f}/s" if speed else "", style="dim")


def _uncounted(advance: int = 1) -> None:
    """Count nothing: there is no terminal to show it on."""


@contextmanager
def progress(what: str, total: int, *, quiet: bool = False) -> Iterator[Tick]:
    """Show a bar with count, rate and time left while the block runs."""
    console = Console(stderr=True)
    if quiet or not console.is_terminal:
        yield _uncounted
        return
    bar = Progress(
        TextColumn(what),
        BarColumn(),
        MofNCompleteColumn(),
        _Rate(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
    )
    with bar:
        task = bar.add_task(what, total=total)
        yield lambda advance=1: bar.advance(task, advance)
