"""Holds a data folder for one process: who works in it must be alone.

The kernel lets go of the lock when a process ends, however it ends.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from frisket.errors import UsageError


@contextmanager
def alone(folder: Path, taken: str, hint: str) -> Iterator[None]:
    """Hold a folder until the block ends.

    Raises `UsageError` where it cannot be used, and with `taken` and `hint` where another process
    has it.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as fault:
        raise UsageError(f"{folder} cannot be used: {fault.strerror}") from fault
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as fault:
            raise UsageError(taken, hint=hint) from fault
        yield
    finally:
        os.close(handle)
