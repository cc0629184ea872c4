"""Passwords: how they are kept, and which ones are too easily guessed."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from itertools import groupby
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from frisket.console.auth.breached import Breached

SHORTEST: Final = 15
LONGEST: Final = 200
# What everybody writes in the place of a letter.
_SWAPS: Final = str.maketrans("013457@$!", "oleastasi")
_FEW: Final = 5  # different characters below this make a pattern
_RUNS: Final = (
    "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiopasdfghjklzxcvbnm",
    "qwertzuiopasdfghjklyxcvbnm",
    "azertyuiopqsdfghjklmwxcvbn",
    "01234567890123456789",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p",
    "1q2w3e4r5t6y7u8i9o0p",
)


_LEAKED: Final = "It is on the list of passwords that have leaked."


class Passwords:
    """Hashes and checks passwords with argon2id, two at a time: each takes 64 MiB."""

    __slots__ = ("_decoy", "_hasher", "_turn", "breached")

    def __init__(
        self, hasher: PasswordHasher | None = None, breached: Breached | None = None
    ) -> None:
        self.breached = breached or Breached()
        self._hasher = hasher or PasswordHasher()
        self._turn = threading.BoundedSemaphore(2)
        # Checked in the place of the hash that a name which does not exist has not.
        self._decoy = self._hasher.hash("nobody has this password")

    def hash(self, password: str) -> str:
        """Return what is stored of a password."""
        with self._turn:
            return self._hasher.hash(password)

    def fault(self, password: str, about: Iterable[str] = ()) -> str:
        """Say why a new password is no good, or nothing where it is (`weakness`, and leaked)."""
        weak = weakness(password, about)
        return weak or (_LEAKED if self.breached.holds(password) else "")

    def fits(self, stored: str, password: str) -> bool:
        """Say whether a password is the stored one; takes as long where nothing is stored."""
        with self._turn:
            try:
                self._hasher.verify(stored or self._decoy, password[:LONGEST])
            except (VerificationError, InvalidHashError):
                return False
        return bool(stored) and len(password) <= LONGEST


@cache
def known_words() -> frozenset[str]:
    """Return the words and phrases of the bundled list, which leaked passwords are made of."""
    text = files("frisket.console").joinpath("auth", "known-passwords.txt").read_text("utf-8")
    lines = (line.strip() for line in text.splitlines())
    return frozenset(line for line in lines if line and not line.startswith("#"))


def _plainest(text: str) -> str:
    """Return a password as a guesser sees it: small letters, no swaps, no separators."""
    folded = text.casefold().translate(_SWAPS)
    return "".join(c for c in folded if c.isalnum())


def _is_run(text: str) -> bool:
    """Say whether a text follows the keyboard or the alphabet, forward or backward."""
    rows = [row * 2 for row in _RUNS]
    return any(text in row or text in row[::-1] for row in rows)


def _period(text: str) -> int:
    """Return the length of what a text repeats, its own length where it repeats nothing."""
    return next(n for n in range(1, len(text) + 1) if text == (text[:n] * len(text))[: len(text)])


def _letters(password: str) -> tuple[str, str]:
    """Return a password's letters, and what they are when swaps are undone; long runs left out."""
    folded = password.casefold()
    found = []
    for text in (folded, folded.translate(_SWAPS)):
        letters = "".join(c for c in text if c.isalpha())
        found.append("".join(run for run in _runs_of(letters) if len(run) < 3))
    return found[0], found[1]


def _runs_of(text: str) -> list[str]:
    return ["".join(run) for _, run in groupby(text)]


def _taken_out(text: str, words: Iterable[str]) -> tuple[str, int]:
    """Return what is left of a text without known words, the longest first, and how many."""
    count = 0
    for word in sorted(words, key=len, reverse=True):
        if len(word) >= 3 and word in text:
            count += text.count(word)
            text = text.replace(word, " ")
    return text.replace(" ", ""), count


def weakness(password: str, about: Iterable[str] = ()) -> str:
    """Say why a password is no good, or nothing where it is.

    `about` are words that belong to the person and the place: names, address, host.
    """
    if len(password) < SHORTEST:
        return f"Use at least {SHORTEST} characters; a few words that do not belong together do."
    if len(password) > LONGEST:
        return f"Use at most {LONGEST} characters."
    if len(set(password)) < _FEW:
        return "It repeats too few characters."
    plain = _plainest(password)
    raw = "".join(c for c in password.casefold() if c.isalnum())
    for text in (raw, plain):
        if _is_run(text) or _period(text) <= len(text) // 2:
            return "It is a pattern that guessers try first."
        if text in known_words():
            return _LEAKED
    own = {_plainest(part) for word in about for part in (word, *word.replace("@", ".").split("."))}
    for letters in _letters(password):
        left, mine = _taken_out(letters, own)
        if mine and len(left) < 6:
            return "It is made of your name or of this place's name."
        left, count = _taken_out(letters, own | known_words())
        if 1 <= count <= 2 and len(left) < 3:
            return "It is made of words that leaked passwords are made of."
    return ""
