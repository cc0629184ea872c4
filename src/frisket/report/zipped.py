"""A ZIP file that is written as it is read: many files, of any size, and a list of their digests.

The last file in it, SHA256SUMS, is as `sha256sum -c` reads it.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Final
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

SUMS: Final = "SHA256SUMS"
File = tuple[str, Iterable[bytes]]


class _Way(io.RawIOBase):
    """Octets on their way out; it cannot be gone back in."""

    def __init__(self) -> None:
        super().__init__()
        self._waiting = bytearray()

    def writable(self) -> bool:
        """Say that it can be written to."""
        return True

    def write(self, octets: object) -> int:
        """Take octets."""
        taken = bytes(octets)  # type: ignore[call-overload]
        self._waiting += taken
        return len(taken)

    def taken(self) -> bytes:
        """Return what has come since the last time."""
        octets = bytes(self._waiting)
        self._waiting.clear()
        return octets


def zipped(files: Iterable[File], made: datetime) -> Iterator[bytes]:
    """Yield a ZIP of named files; names are ours, and unlike each other."""
    way, sums = _Way(), []
    with ZipFile(way, "w", ZIP_DEFLATED) as archive:
        for name, octets in files:
            digest = hashlib.sha256()
            with archive.open(_info(name, made), "w", force_zip64=True) as file:
                for piece in octets:
                    digest.update(piece)
                    file.write(piece)
                    yield way.taken()
            sums.append(f"{digest.hexdigest()}  {name}\n")
        archive.writestr(_info(SUMS, made), "".join(sums))
    yield way.taken()


def _info(name: str, made: datetime) -> ZipInfo:
    at = made.astimezone(UTC)
    info = ZipInfo(name, (at.year, at.month, at.day, at.hour, at.minute, at.second))
    info.compress_type = ZIP_DEFLATED
    info.external_attr = 0o644 << 16
    return info
