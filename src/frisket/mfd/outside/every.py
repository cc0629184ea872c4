"""Doing something every so often while a device runs; a failure waits for the next time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from frisket.errors import FrisketError
from frisket.mfd.device import Device


class Every:
    """Runs `work` at once and then every `seconds`, or as `pause` lets it, until closed."""

    __slots__ = ("_task",)

    def __init__(
        self,
        device: Device,
        seconds: float,
        work: Callable[[], Awaitable[object]],
        pause: Callable[[], Awaitable[object]] | None = None,
    ) -> None:
        wait = pause or (lambda: asyncio.sleep(seconds))
        self._task = asyncio.get_running_loop().create_task(self._run(device, work, wait))

    @staticmethod
    async def _run(
        device: Device,
        work: Callable[[], Awaitable[object]],
        pause: Callable[[], Awaitable[object]],
    ) -> None:
        while True:
            try:
                await work()
            except FrisketError:
                # It stands in the audit log already; the next time may be better.
                pass
            except Exception as bug:  # noqa: BLE001 - the engine's one catch: the device stays up
                device.journal.add("bugs", f"background: {bug!r}")
            await pause()

    def close(self) -> None:
        """Stop."""
        self._task.cancel()
