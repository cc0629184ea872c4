"""Many visits at once: each ends by itself, and none costs anything while others end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from frisket.probe.survey import survey


class Visit(asyncio.Future[int]):
    """A visit that counts how often somebody asks to be told of its end."""

    asked = 0

    def add_done_callback(self, fn: Callable[[Visit], object], **more: Any) -> None:
        Visit.asked += 1
        super().add_done_callback(fn, **more)


async def test_the_end_of_one_costs_nothing_for_the_others() -> None:
    Visit.asked = 0
    begun: list[Visit] = []

    def visit(item: int) -> Visit:
        begun.append(Visit())
        if item >= 499:  # one after the other, the last begun first
            begun[-1].set_result(item)
        return begun[-1]

    found = []
    async for item, answer in survey(range(600), visit, 500):
        found.append(answer)
        assert item == answer
        if len(found) == 101:
            for number, left in enumerate(begun[:499]):
                left.set_result(number)
    assert sorted(found) == list(range(600))
    assert found[:101] == list(range(499, 600))
    assert Visit.asked <= 2 * 600


async def test_items_are_drawn_as_places_become_free() -> None:
    drawn: list[int] = []

    def items() -> Iterator[int]:
        for item in range(10):
            drawn.append(item)
            yield item

    async def visit(item: int) -> int:
        await asyncio.sleep(0)
        return item

    visits = survey(items(), visit, 3)
    await anext(visits)
    assert len(drawn) == 3
    assert len([item async for item, _ in visits]) == 9


async def test_who_stops_listening_ends_all_visits() -> None:
    ended: list[int] = []

    async def visit(item: int) -> int:
        try:
            await asyncio.sleep(0 if item == 0 else 60)
        finally:
            ended.append(item)
        return item

    visits = survey(range(5), visit, 5)
    assert await anext(visits) == (0, 0)
    await visits.aclose()  # type: ignore[attr-defined]
    assert sorted(ended) == [0, 1, 2, 3, 4]


async def test_a_fault_is_raised() -> None:
    async def visit(item: int) -> int:
        if item == 1:
            raise ValueError(item)
        return item

    with pytest.raises(ValueError, match="1"):
        [pair async for pair in survey(range(3), visit, 1)]
