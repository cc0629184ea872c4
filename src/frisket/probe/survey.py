"""Visits many targets at once and hands each result over as it comes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from typing import TypeVar

Item = TypeVar("Item")
Answer = TypeVar("Answer")


async def survey(
    items: Iterable[Item], visit: Callable[[Item], Awaitable[Answer]], parallel: int
) -> AsyncIterator[tuple[Item, Answer]]:
    """Run `visit` over `items`, `parallel` at a time; yield pairs in the order they finish.

    Items are drawn only as places become free, so a large network costs no memory ahead.
    """
    waiting = iter(items)
    running: dict[asyncio.Future[Answer], Item] = {}

    def fill() -> None:
        for item in waiting:
            running[asyncio.ensure_future(visit(item))] = item
            if len(running) >= parallel:
                return

    fill()
    try:
        while running:
            done, _ = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                yield running.pop(task), task.result()
            fill()
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
