"""Presses as words, and the lab's commands that take them."""

from __future__ import annotations

import io
from base64 import b64decode

import pytest
from PIL import Image
from tests.lab import make_device, running_device

from frisket.errors import UsageError
from frisket.mfd.lab import Lab, answer
from frisket.mfd.panel.engine import Key, Tap
from frisket.mfd.panel.words import parse_presses, press_all


def test_words_name_keys_places_and_text() -> None:
    assert parse_presses("start") == [Key("start")]
    assert parse_presses("10,20") == [Tap(10, 20)]
    assert parse_presses("enter") == [Key("submit")]
    assert parse_presses("7") == [Key("7")]
    assert parse_presses("type:ab") == [Key("a"), Key("b")]


@pytest.mark.parametrize("word", ["", "bogus", "type:", "800,0", "0,480", "-1,5", "1,2,3", "\x07"])
def test_other_words_are_refused(word: str) -> None:
    with pytest.raises(UsageError):
        parse_presses(word)


def test_a_whole_journey_in_words() -> None:
    device = make_device()
    login = ["id", "type:Administrator", "enter", "type:7654321", "enter"]
    assert press_all(device, login) == "home"
    assert device.glass.state.actor == "Administrator"
    assert press_all(device, ["sleep"]) == "asleep"
    assert press_all(device, ["counter"]) == "home"


def test_nothing_is_pressed_where_one_word_is_wrong() -> None:
    device = make_device()
    with pytest.raises(UsageError):
        press_all(device, ["counter", "bogus"])
    assert device.glass.state.screen == "home"


async def test_the_lab_presses_and_shows() -> None:
    async with running_device(services=[]) as (device, host):
        lab = Lab({device.address: host})
        request = {"command": "press", "address": device.address, "keys": ["counter"]}
        assert await answer(lab, request) == {"screen": "counter", "message": ""}
        shown = await answer(lab, {"command": "screen", "address": device.address})
        assert shown["screen"] == "counter"
        with Image.open(io.BytesIO(b64decode(shown["png"]))) as image:
            assert image.size == (800, 480)
        wrong = await answer(lab, {**request, "keys": ["bogus"]})
        assert "unknown key" in wrong["error"]
