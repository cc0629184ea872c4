"""A few values that change often, kept in a file whose place on disk is taken beforehand.

Two slots are written in turn, each with its checksum: one of them is whole at any moment, and a
full disk cannot refuse what needs no new block.
"""

from __future__ import annotations

import json
import os
import struct
import zlib
from pathlib import Path
from typing import Any, Final

from frisket.errors import FrisketError

_SIZE: Final = 8192
_HEAD: Final = struct.Struct(">QII")  # which writing this was, length, checksum


class SlotsFault(FrisketError):
    """The collector's own state cannot be kept."""


class Slots:
    """A small JSON document that survives kill -9 and a full disk."""

    def __init__(self, path: Path) -> None:
        """Open or make the file. Raises `SlotsFault`."""
        self._path = path
        self._writing = 0
        self.values: dict[str, Any] = {}
        self.damaged = False
        try:
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            data = os.pread(self._file, 2 * _SIZE, 0)
            if len(data) < 2 * _SIZE:
                os.pwrite(self._file, b"\0" * (2 * _SIZE - len(data)), len(data))
                os.fsync(self._file)
        except OSError as fault:
            raise SlotsFault(f"{path.name} cannot be opened: {fault.strerror}") from fault
        self._read(data)

    def _read(self, data: bytes) -> None:
        self._writing, self.values, self.damaged = newest(data)

    def write(self, **changes: Any) -> None:
        """Keep changed values, and wait until they are on disk. Raises `SlotsFault`."""
        values = {**self.values, **changes}
        body = json.dumps(values, separators=(",", ":")).encode()
        if len(body) > _SIZE - _HEAD.size:
            raise SlotsFault("the collector's state has grown too large")
        writing = self._writing + 1
        head = _HEAD.pack(writing, len(body), zlib.crc32(body, writing & 0xFFFFFFFF))
        try:
            os.pwrite(self._file, (head + body).ljust(_SIZE, b"\0"), writing % 2 * _SIZE)
            os.fdatasync(self._file)
        except OSError as fault:
            raise SlotsFault(f"{self._path.name} cannot be written: {fault.strerror}") from fault
        self._writing, self.values = writing, values

    def close(self) -> None:
        """Close; may be called twice."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


def newest(data: bytes) -> tuple[int, dict[str, Any], bool]:
    """Return the newest whole slot: its number and values, and whether a slot is damaged."""
    best: tuple[int, dict[str, Any]] = (0, {})
    damaged = False
    for start in (0, _SIZE):
        slot = data[start : start + _SIZE]
        if len(slot) < _HEAD.size or not any(slot):
            continue
        writing, length, checksum = _HEAD.unpack_from(slot)
        body = slot[_HEAD.size : _HEAD.size + length]
        if zlib.crc32(body, writing & 0xFFFFFFFF) != checksum:
            damaged = True
            continue
        if writing > best[0]:
            best = (writing, json.loads(body))
    return (*best, damaged)


def glance(path: Path) -> dict[str, Any]:
    """Return the values of a file that another process may be writing; none where there is none."""
    try:
        return newest(path.read_bytes()[: 2 * _SIZE])[1]
    except OSError:
        return {}
