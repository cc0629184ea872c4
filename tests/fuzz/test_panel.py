"""Hostile viewers: whatever bytes come, the session goes on or ends, and never breaks."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.mfd.panel.client import GREETING, client
from tests.unit.mfd.panel.operator import operator

from frisket.mfd.panel.engine import HARDWARE, Key, Tap, look, press
from frisket.mfd.panel.paint import draw
from frisket.mfd.panel.view import Button
from frisket.model.reading import Value
from frisket.proto.rfb.wire import (
    KeyEvent,
    PointerEvent,
    SetEncodings,
    UpdateRequest,
    encode_client_message,
)

ON: dict[str, Value] = {"remote-operation.enabled": True, "remote-operation.password": "ros12345"}
words = st.integers(0, 65535)

messages = st.one_of(
    st.builds(PointerEvent, st.integers(0, 255), words, words),
    st.builds(KeyEvent, st.booleans(), st.integers(0, 2**32 - 1)),
    st.builds(UpdateRequest, st.booleans(), words, words, words, words),
    st.builds(SetEncodings, st.lists(st.integers(-(2**31), 2**31 - 1), max_size=9).map(tuple)),
).map(encode_client_message)
pieces = st.lists(st.one_of(messages, st.binary(max_size=60)), max_size=12)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.binary(max_size=40), max_size=6))
def test_before_the_login(parts: list[bytes]) -> None:
    panel = operator(ON)
    visitor = client(panel)
    visitor.viewer.greet()
    for part in [GREETING[: len(parts) * 3], *parts]:
        visitor.viewer.receive(part)
    assert not visitor.viewer.ready
    assert panel.device.glass.state.screen == "home"


@settings(max_examples=120, deadline=None)
@given(pieces)
def test_after_the_login(parts: list[bytes]) -> None:
    panel = operator(ON)
    visitor = client(panel)
    visitor.login()
    for part in parts:
        visitor.viewer.receive(part)
    draw(look(panel.device.glass.state, panel.device))
    assert panel.device.journal.counts["bugs"] == 0


taps = st.builds(Tap, st.integers(0, 799), st.integers(0, 479))
keys = st.sampled_from([*HARDWARE, "submit", "erase", "next", "back", *"28aZ7 "]).map(Key)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.one_of(st.integers(0, 99), keys), max_size=40))
def test_an_administrator_may_touch_any_button_in_any_order(choices: list[int | Key]) -> None:
    panel = operator(ON).login()
    for choice in choices:
        buttons = [p.action for p in panel.view.parts if isinstance(p, Button) and p.action]
        # The one press that writes a file outside of the device's own ledgers.
        buttons = [action for action in buttons if action != "backup"]
        if isinstance(choice, Key):
            panel.key(choice.name)
        elif buttons:
            panel.touch(buttons[choice % len(buttons)])
    assert draw(panel.view).size == (800, 480)
    assert panel.device.journal.counts["bugs"] == 0


@settings(max_examples=120, deadline=None)
@given(st.lists(st.one_of(taps, keys), max_size=30), st.booleans())
def test_any_presses_lead_to_a_screen_that_can_be_drawn(
    events: list[Tap | Key], administrator: bool
) -> None:
    panel = operator(ON)
    if administrator:
        panel.login()
    for event in events:
        panel.state = press(panel.state, event, panel.device)
        panel.clock.now += 1
        assert panel.view.parts or panel.view.dark
    assert draw(panel.view).size == (800, 480)
    if not administrator:
        assert not panel.device.journal.writes
