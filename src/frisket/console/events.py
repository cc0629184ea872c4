"""News for open pages: a small bus within the process, and its stream of server-sent events."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

_WAITING: Final = 100  # events that a slow page may be behind before the oldest are dropped
_ALIVE: Final = 15.0  # seconds between comments that keep the connection open
_NAME_CHARACTERS: Final = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-.")


@dataclass(frozen=True, slots=True)
class Event:
    """One piece of news. `site` is where it happened: only who may see the site hears it.

    `name` is small letters, digits, `-` and `.`; `data` is what JSON can say. Pages only take it
    as a hint to ask again, so nothing secret belongs in it.
    """

    name: str
    data: Any = None
    site: int | None = None


def frame(event: Event) -> str:
    """Return an event as it goes over the wire. Raises `ValueError` for a name that cannot."""
    if not event.name or not set(event.name) <= _NAME_CHARACTERS:
        raise ValueError(f"{event.name!r} is no name of an event")
    return f"event: {event.name}\ndata: {json.dumps(event.data)}\n\n"


class Bus:
    """Carries events from any thread to the pages that are open in this process."""

    __slots__ = ("_closed", "_listeners", "_lock")

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._listeners: dict[asyncio.Queue[Event | None], asyncio.AbstractEventLoop] = {}
        self._closed = False

    def tell(self, event: Event) -> None:
        """Give an event to everyone who listens now. Never waits; called from any thread."""
        frame(event)
        self._hand(event)

    def close(self) -> None:
        """End every stream, so that the server can stop."""
        self._closed = True
        self._hand(None)

    def _hand(self, event: Event | None) -> None:
        with self._lock:
            listeners = list(self._listeners.items())
        for queue, loop in listeners:
            # A loop that has just ended has nobody left to tell.
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(_put, queue, event)

    async def listen(self, alive: float = _ALIVE) -> AsyncIterator[Event | None]:
        """Yield events as they come, and None where none came for a while; ends at `close`."""
        queue: asyncio.Queue[Event | None] = asyncio.Queue()
        with self._lock:
            self._listeners[queue] = asyncio.get_running_loop()
        try:
            yield None
            while not self._closed:
                try:
                    event = await asyncio.wait_for(queue.get(), alive)
                except TimeoutError:
                    yield None
                    continue
                if event is None:
                    return
                yield event
        finally:
            with self._lock:
                del self._listeners[queue]


def _put(queue: asyncio.Queue[Event | None], event: Event | None) -> None:
    while queue.qsize() >= _WAITING:
        queue.get_nowait()
    queue.put_nowait(event)
