"""Complete deletion: a job's file is overwritten in place before it is unlinked (guide SP-45)."""

from __future__ import annotations

import os
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path

from frisket.mfd.store import Store

_CHUNK = 1 << 20
_RANDOM = -1


class Erasure(StrEnum):
    """The device's <Deletion Mode>, and plain deletion."""

    PLAIN = "plain"
    ONCE_ZERO = "once-zero"
    ONCE_RANDOM = "once-random"
    THREE_RANDOM = "three-random"
    DOD = "dod"

    @classmethod
    def of(cls, store: Store) -> Erasure:
        """Return what the settings in effect ask for."""
        if not store.on("storage.complete-deletion"):
            return cls.PLAIN
        return cls(store.text("storage.deletion-mode"))


# An octet, or random ones, for each pass. DoD 5220.22-M: a value, its complement, random.
PASSES: Mapping[Erasure, tuple[int, ...]] = {
    Erasure.PLAIN: (),
    Erasure.ONCE_ZERO: (0x00,),
    Erasure.ONCE_RANDOM: (_RANDOM,),
    Erasure.THREE_RANDOM: (_RANDOM, _RANDOM, _RANDOM),
    Erasure.DOD: (0x00, 0xFF, _RANDOM),
}


def overwrite(path: Path, value: int) -> None:
    """Replace every octet of a file by `value`, or by random ones for -1, down to the disk."""
    with path.open("r+b", buffering=0) as file:
        left = os.fstat(file.fileno()).st_size
        while left:
            size = min(left, _CHUNK)
            left -= file.write(os.urandom(size) if value == _RANDOM else bytes((value,)) * size)
        os.fsync(file.fileno())


def erase(path: Path, mode: Erasure) -> None:
    """Overwrite a file as `mode` asks, then unlink it. A file that is gone is erased already."""
    if not path.is_file():
        return
    for value in PASSES[mode]:
        overwrite(path, value)
    path.unlink(missing_ok=True)
