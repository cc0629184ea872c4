"""Which devices a scope means."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frisket.audit.entries import covers, entries, nearness, printable
from frisket.errors import UsageError
from frisket.model.target import Identity, Target


@given(st.text(), st.text(), st.text())
def test_a_device_is_meant_by_its_own_address_and_serial(
    address: str, serial: str, model: str
) -> None:
    target, identity = Target(address), Identity(serial=serial, model=model)
    assert covers("*", target, identity)
    for scope in (address, serial):
        if scope and not scope.startswith("model:"):
            assert covers(scope, target, identity)


def test_many_stars_are_matched_in_no_time() -> None:
    """A glob that makes a naive matcher try for years."""
    model = Identity(model="a" * 200)
    assert not covers("model:" + "*a" * 100 + "b", Target("192.0.2.1"), model)


def test_the_closest_scope_is_the_device_itself() -> None:
    assert nearness("192.0.2.1") > nearness("model:*") > nearness("*")


@given(st.text())
def test_printable_text_is_printable(text: str) -> None:
    assert printable(text).isprintable()
    assert len(printable(text)) == len(text)


def test_a_heading_inside_a_text_does_not_shift_line_numbers() -> None:
    text = '[[waiver]]\nreason = """\n[[waiver]]\n"""\n'
    (entry,) = entries(text, "waiver", "file")
    assert entry.where == "file: waiver 1"


def test_a_file_without_end_is_refused() -> None:
    with pytest.raises(UsageError, match="larger"):
        list(entries("#" * 100, "waiver", "file", size=99))
