"""What stands on a device's operation panel: one state, shared by everyone who looks at it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field, replace

from frisket.mfd.users import Login
from frisket.model.reading import Value


@dataclass(frozen=True, slots=True)
class Field:
    """One line that a person types. `hidden` shows dots, `digits` takes the number keys only."""

    label: str
    text: str = field(default="", repr=False)
    hidden: bool = False
    digits: bool = False
    longest: int = 32


@dataclass(frozen=True, slots=True)
class Entry:
    """The lines being typed; `at` is the one that keys go to, `layer` the keyboard's page."""

    fields: tuple[Field, ...]
    at: int = 0
    layer: str = "lower"

    @property
    def texts(self) -> tuple[str, ...]:
        """Return what has been typed."""
        return tuple(line.text for line in self.fields)

    def with_text(self, text: str) -> Entry:
        """Return the entry with another text in the present line, cut to its length."""
        line = self.fields[self.at]
        changed = replace(line, text=text[: line.longest])
        return replace(self, fields=(*self.fields[: self.at], changed, *self.fields[self.at + 1 :]))


@dataclass(frozen=True, slots=True)
class PanelState:
    """Everything that the panel remembers between two touches.

    `then` is the screen to go to after a login, `path` the menus walked into, `tab` and `page` the
    part of a screen in view, `chosen` the job or key worked on, `draft` its value not yet stored,
    `typed` the latest keys (for the way into Service Mode), `seen` the clock at the last touch.
    `ready` says that the screen has been prepared and may be shown.
    """

    screen: str = "home"
    login: Login | None = None
    seen: float = 0.0
    then: str = "home"
    path: tuple[str, ...] = ()
    tab: str = ""
    page: int = 0
    chosen: str = ""
    draft: Value | None = None
    entry: Entry | None = None
    notice: str = ""
    typed: tuple[str, ...] = ()
    service: bool = False
    ready: bool = False

    @property
    def actor(self) -> str:
        """Return who is named in the audit log."""
        if self.service and self.login is None:
            return "service"
        return self.login.name if self.login else "-"

    def goto(self, screen: str) -> PanelState:
        """Return the state with another screen in view, and nothing begun on it."""
        return replace(
            self,
            screen=screen,
            tab="",
            page=0,
            chosen="",
            draft=None,
            entry=None,
            notice="",
            ready=False,
        )


_DARK = PanelState()


class Glass:
    """Holds the state and tells who watches. A device nobody looks at keeps no picture.

    `work` is what a touch has begun and what takes a while, such as sending.
    """

    __slots__ = ("state", "watchers", "work")

    def __init__(self) -> None:
        self.state = _DARK
        self.watchers: list[Callable[[], None]] = []
        self.work: asyncio.Task[None] | None = None

    def show(self, state: PanelState) -> None:
        """Put a state on the panel and tell the watchers."""
        self.state = state
        for watcher in tuple(self.watchers):
            watcher()

    def begin(self, work: Coroutine[object, object, None]) -> None:
        """Start what takes a while; one thing at a time, so what went on before is cancelled."""
        self.stop()
        self.work = asyncio.get_running_loop().create_task(work)

    def stop(self) -> None:
        """Cancel what goes on (the Stop key)."""
        if self.work is not None:
            self.work.cancel()
            self.work = None

    def clear(self) -> None:
        """Go back to the first screen, with nobody logged in and nothing going on (restart)."""
        self.stop()
        self.show(_DARK)
