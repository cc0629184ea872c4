"""Passwords that have leaked: a list that the operator puts into the data folder, if any.

`breached-passwords.txt` holds a SHA-1 in hex on each line, in order, with or without `:count` after
it: the form in which Have I Been Pwned gives its list away. It may be 40 GB: it is searched where
it lies, about 30 looks for each password. Nothing is asked outside.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

FILE: Final = "breached-passwords.txt"
_DIGEST: Final = 40
_LINE: Final = 80  # octets: longer lines are of another kind of file


@dataclass(frozen=True, slots=True)
class Breached:
    """The list of one console; without a file it holds nothing."""

    path: Path | None = None

    def holds(self, password: str) -> bool:
        """Say whether a password is on the list."""
        if self.path is None or not self.path.is_file():
            return False
        # The list is made so; SHA-1 finds a line here and protects nothing.
        wanted = hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest().upper()
        with self.path.open("rb") as file:
            return _find(file, wanted.encode())


def _find(file: BinaryIO, wanted: bytes) -> bool:
    """Halve the file until the line is found, or the place where it would stand."""
    low, high = 0, file.seek(0, os.SEEK_END)
    while low < high:
        middle = (low + high) // 2
        file.seek(middle)
        if middle:
            file.readline(_LINE)  # the rest of a line that begins before
        start = file.tell()
        line = file.readline(_LINE)[:_DIGEST].upper()
        if line == wanted:
            return True
        if line and line < wanted:
            low = start + 1
        else:
            high = middle
    file.seek(0)
    return file.readline(_LINE)[:_DIGEST].upper() == wanted
