"""One thread for the FTP servers of all devices: pyftpdlib brings its own event loop."""

from __future__ import annotations

import asyncio
import logging
import os
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

from pyftpdlib.ioloop import IOLoop  # type: ignore[import-untyped]

T = TypeVar("T")
_PATIENCE = 10.0


class _Bell:
    """A pipe that wakes the loop when another thread has work for it."""

    def __init__(self, loop: IOLoop, work: Callable[[], None]) -> None:
        self._work = work
        self._hear, self._ring = os.pipe()
        os.set_blocking(self._hear, False)
        loop.register(self._hear, self, loop.READ)

    def ring(self) -> None:
        os.write(self._ring, b"!")

    def readable(self) -> bool:
        return True

    def writable(self) -> bool:
        return False

    def handle_read_event(self) -> None:
        os.read(self._hear, 4096)
        self._work()

    def close(self, *_: Any) -> None:
        os.close(self._hear)
        os.close(self._ring)


class FtpLoop:
    """Runs while any server is open; every call on pyftpdlib's objects goes through `call`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._work: deque[Callable[[], None]] = deque()
        self._users = 0
        self._thread: threading.Thread | None = None
        self._loop: IOLoop | None = None
        self._bell: _Bell | None = None

    def enter(self) -> None:
        """Count one more server; the first one starts the thread."""
        with self._lock:
            self._users += 1
            if self._users > 1:
                return
            # Silent: what a session does stands in the device's own log.
            log = logging.getLogger("pyftpdlib")
            if not log.handlers:
                log.addHandler(logging.NullHandler())
                log.propagate = False
                log.setLevel(logging.CRITICAL)
            self._loop = IOLoop()
            self._bell = _Bell(self._loop, self._drain)
            self._thread = threading.Thread(target=self._run, name="ftp", daemon=True)
            self._thread.start()

    def leave(self) -> None:
        """Count one server less; the last one ends the thread."""
        with self._lock:
            self._users -= 1
            if self._users:
                return
            thread, self._thread = self._thread, None
            if self._bell is not None:
                self._bell.ring()
        if thread is not None:
            thread.join(_PATIENCE)

    def call(self, function: Callable[[IOLoop], T]) -> Future[T]:
        """Run a function in the loop's thread; the future has its result or its `OSError`."""
        future: Future[T] = Future()
        loop, bell = self._loop, self._bell
        assert loop is not None
        assert bell is not None

        def work() -> None:
            try:
                future.set_result(function(loop))
            except OSError as fault:
                future.set_exception(fault)

        self._work.append(work)
        bell.ring()
        return future

    def wait(self, function: Callable[[IOLoop], None]) -> None:
        """Run a function in the loop's thread and wait for it."""
        self.call(function).result(_PATIENCE)

    async def ask(self, function: Callable[[IOLoop], T]) -> T:
        """Run a function in the loop's thread without holding up this one."""
        return await asyncio.wrap_future(self.call(function))

    def _drain(self) -> None:
        while self._work:
            self._work.popleft()()

    def _run(self) -> None:
        loop, bell = self._loop, self._bell
        assert loop is not None
        assert bell is not None
        soonest: float | None = None
        me = threading.current_thread()
        while self._thread is me or self._work:
            soonest = loop.loop(timeout=soonest, blocking=False)
        loop.unregister(bell._hear)  # noqa: SLF001 - its own loop lets go of it
        bell.close()
        loop.close()
