"""Any text is a note, a checkpoint, or a `WireError`; any proof is one, or none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frisket.errors import WireError
from frisket.proto.tlog.tree import is_consistent
from frisket.proto.tlog.wire import (
    MOST,
    MOST_SIZE,
    Checkpoint,
    Note,
    Signature,
    read_checkpoint,
    read_note,
    write_checkpoint,
    write_note,
)

PIECES = [
    "\u2014 ",
    "a/b",
    " ",
    "\n",
    "\n\n",
    "AAAAAAAA",
    "Az3grlgt==",
    "0",
    "12",
    "A" * 43 + "=",
    "\0",
]
PLAIN = st.characters(exclude_categories=["Cs", "Cc", "Z"], exclude_characters="+")
WORD = st.text(PLAIN, min_size=1, max_size=20)
LINE = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=30)
SIGNATURES = st.builds(
    Signature, WORD, st.binary(min_size=4, max_size=4), st.binary(min_size=2, max_size=80)
)
NOTES = st.builds(
    Note,
    st.lists(LINE, min_size=1, max_size=5).map(lambda lines: "".join(f"{x}\n" for x in lines)),
    st.lists(SIGNATURES, min_size=1, max_size=4).map(tuple),
)
POINTS = st.builds(
    Checkpoint,
    LINE,
    st.integers(0, MOST_SIZE),
    st.binary(min_size=32, max_size=32),
    st.lists(LINE, max_size=3).map(tuple),
)


@given(st.text(max_size=80) | st.lists(st.sampled_from(PIECES)).map("".join))
def test_value_or_wire_error(text: str) -> None:
    for read in (read_note, read_checkpoint):
        try:
            read(text)
        except WireError:
            continue


@given(NOTES)
def test_a_note_that_is_written_is_read(note: Note) -> None:
    assert read_note(write_note(note)) == note


@given(POINTS)
def test_a_checkpoint_that_is_written_is_read(point: Checkpoint) -> None:
    assert read_checkpoint(write_checkpoint(point)) == point


@given(NOTES, st.integers(0, 300), st.characters(exclude_categories=["Cs"]))
def test_a_spoiled_note_is_another_or_none(note: Note, at: int, letter: str) -> None:
    written = write_note(note)
    at %= len(written)
    spoiled = written[:at] + letter + written[at + 1 :]
    try:
        found = read_note(spoiled)
    except WireError:
        return
    assert (found == note) == (spoiled == written)


@given(
    st.integers(-3, 1 << 60),
    st.integers(-3, 1 << 60),
    st.lists(st.binary(min_size=32, max_size=32), max_size=140),
)
def test_random_hashes_prove_nothing(old: int, new: int, proof: list[bytes]) -> None:
    assert not is_consistent(old, b"o" * 32, new, b"n" * 32, proof)


def test_a_note_that_is_too_long_is_refused() -> None:
    with pytest.raises(WireError):
        read_note("x" * (MOST + 1))
