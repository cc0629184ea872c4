"""News: to everyone who may hear it, from any thread, never waiting for a slow page."""

from __future__ import annotations

import asyncio
import threading

import pytest
from tests.web import Web

from frisket.console.events import Bus, Event, frame
from frisket.console.page import Form, Visit
from frisket.console.pages.events import may_hear
from frisket.fleet.roles import Grant, Role


async def test_an_event_of_another_thread_is_heard_and_the_end_ends() -> None:
    bus = Bus()
    heard = []
    async for event in bus.listen():
        if event is None:
            threading.Thread(target=bus.tell, args=(Event("device", {"id": 7}),)).start()
            continue
        heard.append(event)
        bus.close()
    assert heard == [Event("device", {"id": 7})]


async def test_a_quiet_stream_stays_alive() -> None:
    stream = Bus().listen(alive=0.01)
    assert [await anext(stream), await anext(stream)] == [None, None]
    await stream.aclose()  # type: ignore[attr-defined]


async def test_a_page_that_does_not_read_loses_the_oldest_and_holds_nobody_up() -> None:
    bus = Bus()
    stream = bus.listen()
    await anext(stream)
    for n in range(500):
        bus.tell(Event("device", n))
    await asyncio.sleep(0)
    first = await anext(stream)
    assert first is not None
    assert first.data == 400
    await stream.aclose()  # type: ignore[attr-defined]


async def test_nobody_listens() -> None:
    bus = Bus()
    bus.tell(Event("device"))
    bus.close()


@pytest.mark.parametrize("name", ["", "a b", "a\nevent: b", "A"])
def test_a_name_cannot_break_the_stream(name: str) -> None:
    with pytest.raises(ValueError, match="no name"):
        frame(Event(name))


def test_data_cannot_break_the_stream() -> None:
    assert frame(Event("a", "x\n\nevent: b\u2028")) == (
        'event: a\ndata: "x\\n\\nevent: b\\u2028"\n\n'
    )


def test_news_of_another_site_is_not_heard(web: Web) -> None:
    here, there = web.site("here"), web.site("there")
    services = web.console.services
    for grant, expected in (
        (Grant(Role.READ_ONLY, here), [True, False, False]),
        (Grant(Role.READ_ONLY), [True, True, True]),
    ):
        client = web.visitor(f"ann-{grant.site}", grant)
        who = services.doors.peek(client.cookies["__Host-session"])
        visit = Visit(services, None, Form({}), who, "")  # type: ignore[arg-type]
        events = [Event("a", site=here), Event("a", site=there), Event("a")]
        assert [may_hear(visit, event) for event in events] == expected
