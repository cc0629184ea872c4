"""Scan and Send at the panel: destinations, their limits, and how sending ends."""

from __future__ import annotations

import asyncio

from tests.unit.mfd.panel.operator import Operator, operator

from frisket.mfd.address_book import Address, AddressKind

FILE = Address("Archive", AddressKind.FILE, "ftp://127.0.0.1:1/in")


def at_scan(**settings: bool) -> Operator:
    named = {key.replace("__", ".").replace("_", "-"): on for key, on in settings.items()}
    panel = operator({"auth.management": False, **named})
    panel.device.addresses.put(FILE)
    return panel.touch("open:scan")


def test_the_address_book_is_shown_and_one_is_chosen() -> None:
    panel = at_scan()
    assert "Archive" in panel.words
    assert not panel.has("key:start") or "Send to" not in panel.words
    panel.touch("choose:0")
    assert "Send to: Archive" in panel.words


def test_start_needs_a_destination() -> None:
    assert at_scan().key("start").state.notice == "Choose where to send first."


def test_a_new_destination_is_typed_unless_new_ones_are_limited() -> None:
    panel = at_scan().touch("new").type("mailto:anna@example.com").key("submit")
    assert panel.state.chosen == "mailto:anna@example.com"
    limited = at_scan(send__limit_new__email=True).touch("new")
    limited.type("mailto:anna@example.com").key("submit")
    assert limited.state.chosen == ""
    assert "restricted" in limited.state.notice


def test_what_is_no_destination_is_refused() -> None:
    panel = at_scan().touch("new").type("nonsense").key("submit")
    assert "no destination" in panel.state.notice
    assert panel.state.entry is not None


async def test_a_server_that_does_not_answer_is_told_on_the_panel() -> None:
    panel = at_scan().touch("choose:0")
    glass = panel.device.glass
    panel.key("start")
    glass.show(panel.state)
    assert glass.state.notice == "Sending one page."
    assert glass.work is not None
    await glass.work
    assert glass.state.notice.startswith("Not sent:")


async def test_stop_and_a_restart_end_what_goes_on() -> None:
    panel = at_scan().touch("choose:0").key("start")
    work = panel.device.glass.work
    assert work is not None
    panel.key("stop")
    await asyncio.wait([work])
    assert work.cancelled()
    assert panel.state.notice == "Sending has been stopped."
    panel.key("start")
    work = panel.device.glass.work
    assert work is not None
    panel.device.glass.clear()
    await asyncio.wait([work])
    assert work.cancelled()
