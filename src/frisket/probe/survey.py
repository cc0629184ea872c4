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

    Items are drawn only as places become free, so a large network costs no memory ahead. Each
    that ends says so itself: waiting for all at once costs as much again for every one that ends.
    """
    waiting = iter(items)
    running: dict[asyncio.Future[Answer], Item] = {}
    ended: asyncio.Queue[asyncio.Future[Answer]] = asyncio.Queue()

    def fill() -> None:
        while len(running) < max(parallel, 1):
            try:
                item = next(waiting)
            except StopIteration:
                return
            task = asyncio.ensure_future(visit(item))
            running[task] = item
            task.add_done_callback(ended.put_nowait)

    fill()
    try:
        while running:
            task = await ended.get()
            yield running.pop(task), task.result()
            fill()
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
