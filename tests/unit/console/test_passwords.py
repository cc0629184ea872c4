"""Passwords that are refused, and those that are not; how they are kept."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from hypothesis import given
from hypothesis import strategies as st

from frisket.console.auth.breached import FILE, Breached
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


@given(st.sets(st.text(min_size=1, max_size=20), max_size=60), st.sampled_from(["\n", "\r\n"]))
def test_every_leaked_password_is_found_and_no_other(
    tmp_path_factory: pytest.TempPathFactory, leaked: set[str], end: str
) -> None:
    """Whatever the length of the list, with counts or without."""
    path = tmp_path_factory.getbasetemp() / FILE
    digests = sorted(hashlib.sha1(word.encode()).hexdigest().upper() for word in leaked)
    lines = [f"{one}:{place}" if place % 3 else one for place, one in enumerate(digests)]
    path.write_bytes("".join(f"{line}{end}" for line in lines).encode())
    found = Breached(path)
    assert all(found.holds(word) for word in leaked)
    for other in ("", "x" * 21, *(f"{word}!" for word in leaked)):
        assert found.holds(other) is (other in leaked)


@pytest.mark.parametrize("octets", [b"", b"\n" * 500, b"x" * 10_000, b"\xff\x00" * 400, b"0" * 41])
def test_a_file_that_is_no_list_holds_nothing_and_ends(tmp_path: Path, octets: bytes) -> None:
    (tmp_path / FILE).write_bytes(octets)
    assert not Breached(tmp_path / FILE).holds("five odd words for tests")
    assert not Breached(tmp_path / "none").holds("five odd words for tests")
    assert not Breached().holds("five odd words for tests")


def test_a_leaked_password_is_refused_however_good_it_looks(tmp_path: Path) -> None:
    digest = hashlib.sha1(b"five odd words for tests").hexdigest()
    (tmp_path / FILE).write_text(f"{digest}:3\n")
    cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    assert "leaked" in Passwords(cheap, Breached(tmp_path / FILE)).fault("five odd words for tests")
    assert Passwords(cheap).fault("five odd words for tests") == ""
    assert "15" in Passwords(cheap).fault("short")
