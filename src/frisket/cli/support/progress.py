"""Progress on standard error: only on a terminal, and never in the way of the results."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, Protocol

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TaskID,
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
        SpinnerColumn(),
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


class Board(Protocol):
    """Shows how each device of a run gets on."""

    def begin(self, device: str, steps: int) -> None:
        """Take a device up, with so many settings to change."""

    def heard(self, device: str, what: str, detail: str) -> None:
        """Hear of an event of a device (see `frisket.drivers.job.Job.tell`)."""

    def end(self, device: str) -> None:
        """Count a device as done."""


class _NoBoard:
    """Shows nothing: there is no terminal."""

    def begin(self, device: str, steps: int) -> None:
        """Show nothing."""

    def heard(self, device: str, what: str, detail: str) -> None:
        """Show nothing."""

    def end(self, device: str) -> None:
        """Show nothing."""


_ROWS: Final = 12  # devices shown at once; more would scroll
_WORDS: Final = {
    "written": "writing",
    "restart": "restarting",
    "changed over": "changed over",
    "logged in": "proving the way that survives",
    "waiting": "waiting for it to come back",
    "busy": "busy, trying again",
    "undo": "putting back",
    "asking the network": "asking the network whether it is so",
    "proved": "proved by the network",
}


class _Bars:
    """One bar for the run, and one for each of the first devices under way."""

    def __init__(self, bar: Progress, what: str, total: int) -> None:
        self._bar = bar
        self._run = bar.add_task(f"[bold]{what}", total=total, now="")
        self._tasks: dict[str, TaskID] = {}
        self._shown: set[str] = set()

    def begin(self, device: str, steps: int) -> None:
        """Add a bar for a device, hidden while there are enough."""
        fits = len(self._shown) < _ROWS
        task = self._bar.add_task(device, total=max(steps, 1), visible=fits, now="reading")
        self._tasks[device] = task
        if fits:
            self._shown.add(device)

    def heard(self, device: str, what: str, detail: str) -> None:
        """Move a device's bar on, and say what it does."""
        if device in self._tasks and what in _WORDS:
            done = len(detail.split(", ")) if what == "written" else 0
            self._bar.update(self._tasks[device], advance=done, now=_WORDS[what])

    def end(self, device: str) -> None:
        """Take a device's bar away; the next one takes its place."""
        if device in self._tasks:
            self._bar.remove_task(self._tasks.pop(device))
        if device in self._shown:
            self._shown.remove(device)
            for waiting in self._tasks:
                if waiting not in self._shown:
                    self._shown.add(waiting)
                    self._bar.update(self._tasks[waiting], visible=True)
                    break
        self._bar.advance(self._run)


@contextmanager
def board(what: str, total: int, *, quiet: bool = False) -> Iterator[Board]:
    """Show a bar for the whole run and one for each device while the block runs."""
    console = Console(stderr=True)
    if quiet or not console.is_terminal:
        yield _NoBoard()
        return
    bar = Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[now]}", style="dim"),
        console=console,
        transient=True,
        refresh_per_second=5,
    )
    with bar:
        yield _Bars(bar, what, total)
