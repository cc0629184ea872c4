"""Passwords that are refused, and those that are not; how they are kept."""

from __future__ import annotations

import pytest
from argon2 import PasswordHasher
from hypothesis import given
from hypothesis import strategies as st

from frisket.console.auth.passwords import Passwords, weakness

ABOUT = ("ann.meyer", "Ann Meyer", "ann@printing.example", "console.printing.example")


@pytest.mark.parametrize(
    "password",
    [
        "",
        "fourteen chars",
        "aaaaaaaaaaaaaaaaaaaa",
        "abcabcabcabcabcabc",
        "abcdefghijklmnopqrst",
        "qwertyuiopasdfghjkl",
        "1qaz2wsx3edc4rfv",
        "zyxwvutsrqponmlkjih",
        "password12345678",
        "P@ssw0rd!!!!!!!!1",
        "passwordpassword",
        "Summer2026Summer2026",
        "correct horse battery staple",
        "C0rrectH0rseB@tteryStaple",
        "May the force be with you",
        "AnnMeyer1234567890",
        "printing.example2026",
        "ann@printing.example",
        "iloveyouprincess1",
        "administrator2026!!!",
        "x" * 201,
    ],
)
def test_refused(password: str) -> None:
    assert weakness(password, ABOUT)


@pytest.mark.parametrize(
    "password",
    [
        "five odd words for tests",
        "teal gravel hums at noon",
        "kX9#vTq2$mLp7!wZ",
        "Kartoffel schwimmt nachts quer",
        "猫が印刷機の上で静かに眠っている夜だ",
        "    spaces are letters too    ",
    ],
)
def test_taken(password: str) -> None:
    assert weakness(password, ABOUT) == ""


@given(st.text(max_size=210), st.lists(st.text(max_size=30), max_size=4))
def test_anything_gets_an_answer(password: str, about: list[str]) -> None:
    said = weakness(password, about)
    assert said or 15 <= len(password) <= 200


def test_kept_passwords_are_salted_argon2id() -> None:
    kept = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    first, second = kept.hash("five odd words"), kept.hash("five odd words")
    assert first != second
    assert first.startswith("$argon2id$")
    assert kept.fits(first, "five odd words")
    assert not kept.fits(first, "five odd word")
    assert not kept.fits("", "nobody has this password")
    assert not kept.fits("rubbish", "x")


def test_the_product_hashes_as_rfc_9106_asks_for() -> None:
    """RFC 9106 section 4, second choice: 64 MiB, three passes, four lanes."""
    assert "m=65536,t=3,p=4" in Passwords().hash("x")


@pytest.mark.parametrize(
    "other",
    [
        "five odd Words",
        "five odd words ",
        " five odd words",
        "five odd word\u017f",
        "five odd words\0",
    ],
)
def test_a_password_is_compared_as_it_was_typed(other: str) -> None:
    kept = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    assert not kept.fits(kept.hash("five odd words"), other)


def test_nothing_is_cut_off() -> None:
    kept = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    stored = kept.hash("x" * 200)
    assert kept.fits(stored, "x" * 200)
    assert not kept.fits(stored, "x" * 199)
    assert not kept.fits(stored, "x" * 201)
