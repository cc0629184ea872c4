"""The committed catalogue of messages is that of the sources; translations are whole."""

from __future__ import annotations

import io
import re
from importlib.resources import files
from pathlib import Path

import pytest
from babel.messages.catalog import Message
from babel.messages.pofile import read_po

from frisket.console.gather import TEMPLATE, gathered, messages_of, written

_HOLES = re.compile(r"%\((\w+)\)s|%%")
LANGUAGES = sorted(TEMPLATE.parent.glob("*.po"))


def forms(message: Message) -> tuple[str, ...]:
    """Return what a message says, in its one form or all of them."""
    said = message.string
    return tuple(said) if isinstance(said, list | tuple) else (str(said),)


def test_the_committed_catalogue_is_that_of_the_sources() -> None:
    """Where it is not: `script/messages`, and commit what it writes."""
    kept = TEMPLATE.read_text(encoding="utf-8")
    assert kept == written(gathered())


def test_messages_are_found_by_how_they_are_used() -> None:
    source = '''
class Odd(Fault):
    """It is odd."""
    title = "Odd"

def act(visit):
    """Not this."""
    visit.text("Kept.")
    raise UsageError("no such thing", hint="try one")

MENU = Menu("Devices", "icon", group="Fleet")
_OVER = "This link is over."
_NAME = "select"
'''
    assert messages_of(source, pages=True) == {
        *("It is odd.", "Odd", "Kept.", "no such thing", "try one", "Devices", "Fleet"),
        "This link is over.",
    }
    assert "This link is over." not in messages_of(source, pages=False)


@pytest.mark.parametrize("path", LANGUAGES, ids=lambda path: path.stem)
def test_a_translation_is_whole_and_fills_in_the_same(path: Path) -> None:
    told = read_po(io.BytesIO(path.read_bytes()), locale=path.stem)
    wanted = {message.id for message in gathered() if message.id}
    have = {message.id: message for message in told if message.id}
    assert set(have) == wanted
    for key, message in have.items():
        assert not message.fuzzy, key
        english = "".join(key) if isinstance(key, tuple) else str(key)
        holes = set(_HOLES.findall(english))
        for said in forms(message):
            assert said.strip(), key
            assert set(_HOLES.findall(said)) <= holes, (key, said)
            if not isinstance(key, tuple):
                assert set(_HOLES.findall(said)) == holes, (key, said)
            assert said.count("<") == english.count("<") or isinstance(key, tuple), (key, said)


def test_catalogues_travel_with_the_package() -> None:
    assert files("frisket.console").joinpath("messages", TEMPLATE.name).is_file()
