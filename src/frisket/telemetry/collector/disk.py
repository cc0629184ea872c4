"""Files of the spool: appended to, replaced and put aside, each on disk when the call returns."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

_MOST_ASIDE: Final = 16 << 20
_SUFFIX: Final = ".segment"


def sync_folder(folder: Path) -> None:
    """Wait until the names in a folder are on disk. Raises `OSError`."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def segment_path(folder: Path, name: str, first: int) -> Path:
    """Return where the segment of the spool `name` stands whose first record is `first`."""
    return folder / f"{name}-{first:016d}{_SUFFIX}"


def list_segments(folder: Path) -> list[tuple[str, int, Path]]:
    """Return the segments in order: spool, number of the first record, path. Raises `OSError`."""
    found: list[tuple[str, int, Path]] = []
    for path in folder.glob(f"*{_SUFFIX}"):
        name, _, first = path.stem.rpartition("-")
        if name and first.isdigit():
            found.append((name, int(first), path))
    return sorted(found)


def append(path: Path, size: int, data: bytes) -> None:
    """Write `data` behind the first `size` octets, and wait until it is on disk.

    Raises `OSError` (disk full …); the file is then as it was.
    """
    fresh = not size
    with path.open("ab", buffering=0) as file:
        try:
            left = memoryview(data)
            while left:
                left = left[file.write(left) :]
            os.fsync(file.fileno())
        except OSError:
            # A half-written record must not stand before the next good one.
            os.ftruncate(file.fileno(), size)
            raise
    if fresh:
        sync_folder(path.parent)


def replace(path: Path, data: bytes) -> None:
    """Put a file in another's place, atomically. Raises `OSError`."""
    fresh = path.with_suffix(".new")
    try:
        with fresh.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    except OSError:
        fresh.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def read(path: Path) -> bytes:
    """Return a segment's octets, as far as the disk gives them."""
    try:
        return path.read_bytes()
    except OSError:
        # What cannot be read is damaged: the sequence numbers say what is missing.
        return b""


def put_aside(folder: Path, name: str, data: bytes) -> bool:
    """Keep damaged octets for whoever wants to know; say whether there was room."""
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        if sum(each.stat().st_size for each in folder.iterdir()) + len(data) > _MOST_ASIDE:
            return False
        (folder / f"{name}.damaged").write_bytes(data)
    except OSError:
        return False
    return True
