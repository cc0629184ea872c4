"""The chain: what was changed, cut, moved or made anew is found, by a verifier of its own too."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from frisket.fleet.chain import (
    GENESIS,
    Act,
    Checkpoint,
    Entry,
    export,
    fingerprint,
    link,
    seal,
)
from frisket.fleet.verifying import ChainBroken, Trust, verify

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


def chain(size: int, about: str = "") -> list[Entry]:
    made: list[Entry] = []
    for n in range(size):
        head = made[-1].digest if made else GENESIS
        act = Act("ann", "test", f"{about}{n}", "done", {"n": n, "text": "é\u2028\ud800"})
        made.append(link(n, head, act, NOW + timedelta(seconds=n)))
    return made


def sealed(entries: list[Entry], *sizes: int) -> list[Checkpoint]:
    return [seal(size, entries[size - 1].digest, NOW, KEY) for size in sizes]


def lines(entries: list[Entry], points: list[Checkpoint]) -> list[str]:
    return list(export(entries, points, KEY.public_key()))


def test_a_log_holds() -> None:
    entries = chain(5)
    found = verify(lines(entries, sealed(entries, 2, 5)))
    assert (found.size, found.sealed, found.head) == (5, 5, entries[-1].digest)
    assert found.key == fingerprint(KEY.public_key())


def test_an_empty_log_holds() -> None:
    assert verify(lines([], [])).size == 0


def test_the_export_can_be_checked_from_its_description_alone() -> None:
    """Written from the words at the head of chain.py, with nothing of it."""
    entries = chain(3)
    head, *rest = [json.loads(line) for line in lines(entries, sealed(entries, 3))]
    previous = "0" * 64
    for row in rest[:3]:
        previous = hashlib.sha256(f"{previous}\n{row['entry']}".encode()).hexdigest()
        assert previous == row["digest"]
    point = rest[3]
    note = f"frisket/log/v1\n{point['checkpoint']}\n{point['digest']}\n{point['at']}\n"
    key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(head["key"]))
    key.verify(bytes.fromhex(point["signature"]), note.encode())
    assert point["digest"] == previous


@given(st.data())
def test_one_changed_character_anywhere_is_found(data: st.DataObject) -> None:
    entries = chain(4)
    text = lines(entries, sealed(entries, 4))
    row = data.draw(st.integers(0, len(text) - 1))
    column = data.draw(st.integers(0, len(text[row]) - 1))
    other = data.draw(st.characters(codec="ascii", exclude_characters=text[row][column]))
    changed = text[row][:column] + other + text[row][column + 1 :]
    text[row] = changed
    try:
        found = verify(text, Trust(fingerprint(KEY.public_key())))
    except ChainBroken:
        return
    # JSON may be spelled otherwise (a blank, a capital hexadecimal digit) and say the same.
    assert (found.size, found.sealed, found.head) == (4, 4, entries[-1].digest)


@pytest.mark.parametrize("gone", [0, 1, 3])
def test_an_entry_that_was_taken_out_is_missed(gone: int) -> None:
    entries = chain(4)
    points = sealed(entries, 4)
    del entries[gone]
    with pytest.raises(ChainBroken):
        verify(lines(entries, points))


def test_entries_that_changed_places_are_found() -> None:
    entries = chain(4)
    entries[1], entries[2] = entries[2], entries[1]
    with pytest.raises(ChainBroken, match="entry 2"):
        verify(lines(entries, []))


def test_an_end_that_was_cut_off_after_signing_is_missed() -> None:
    entries = chain(4)
    with pytest.raises(ChainBroken, match="cut off"):
        verify(lines(entries[:3], sealed(entries, 2, 4)))


def test_a_log_made_anew_is_found_by_who_kept_a_head_or_the_key() -> None:
    entries, forged = chain(4), chain(4, "forged ")
    assert verify(lines(forged, sealed(forged, 4))).size == 4
    with pytest.raises(ChainBroken, match="kept at 3"):
        verify(lines(forged, sealed(forged, 4)), Trust(heads={3: entries[2].digest}))
    other = Ed25519PrivateKey.generate()
    theirs = [seal(4, forged[-1].digest, NOW, other)]
    strange = list(export(forged, theirs, other.public_key()))
    with pytest.raises(ChainBroken, match="another key"):
        verify(strange, Trust(fingerprint(KEY.public_key())))


@given(st.lists(st.text() | st.binary().map(lambda b: b.decode("latin-1"))))
def test_rubbish_is_refused_and_nothing_else_escapes(text: list[str]) -> None:
    with pytest.raises(ChainBroken):
        verify(text)


@given(st.lists(st.recursive(st.none() | st.integers() | st.text(), st.lists, max_leaves=5)))
def test_any_documents_after_the_head_are_refused(values: list[object]) -> None:
    head = lines([], [])
    rows = [json.dumps({"entry": v, "digest": v, "checkpoint": v, "at": v}) for v in values]
    if rows:
        with pytest.raises(ChainBroken):
            verify([*head, *rows])
