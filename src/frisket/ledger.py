"""An append-only file of checksummed records: what was acknowledged survives kill -9."""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Iterable, Iterator
from io import FileIO
from pathlib import Path
from typing import Any

from frisket.errors import FrisketError

Record = dict[str, Any]
_MOST_WAITING = 2000


class LedgerFault(FrisketError):
    """A record could not be written; nothing was acknowledged."""


def _line(record: Record) -> bytes:
    body = json.dumps(record, separators=(",", ":"), ensure_ascii=False).encode()
    return b"%08x %s\n" % (zlib.crc32(body), body)


def _parse(line: bytes) -> Record | None:
    checksum, _, body = line.rstrip(b"\n").partition(b" ")
    if len(checksum) != 8 or not line.endswith(b"\n"):
        return None
    try:
        if int(checksum, 16) != zlib.crc32(body):
            return None
        record = json.loads(body)
    except ValueError:
        return None
    return record if isinstance(record, dict) else None


def _write(file: FileIO, data: bytes) -> None:
    """Write all of `data`: the system may take it in pieces, and fail at the last one."""
    left = memoryview(data)
    while left:
        left = left[file.write(left) :]


class Ledger:
    """One file of records. With no path it keeps nothing (a device that forgets at the end).

    The file is opened for each append: thousands of devices would otherwise hold as many
    descriptors. A torn last line, left by a crash, is cut off when the ledger is read.
    """

    __slots__ = ("_path", "_waiting")

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._waiting: list[Record] = []  # noted, and not on disk yet

    def read(self) -> Iterator[Record]:
        """Yield the records in order, ending at the first damaged one, which is cut off.

        Raises `LedgerFault` where the file cannot be read.
        """
        if self._path is None:
            return
        good = 0
        try:
            if not self._path.exists():
                return
            with self._path.open("rb") as file:
                for line in file:
                    record = _parse(line)
                    if record is None:
                        break
                    good += len(line)
                    yield record
            if good != self._path.stat().st_size:
                os.truncate(self._path, good)
        except OSError as fault:
            raise LedgerFault(f"{self._path.name} cannot be read: {fault.strerror}") from fault

    def note(self, record: Record) -> None:
        """Write a record, or keep it until one can be written: a log must not stop its device."""
        if self._path is None:
            return
        waiting, self._waiting = [*self._waiting, record], []
        try:
            self.append(*waiting)
        except LedgerFault:
            self._waiting = waiting[-_MOST_WAITING:]

    def append(self, *records: Record) -> None:
        """Write records and wait until they are on disk. Raises `LedgerFault` (disk full …)."""
        if self._path is None or not records:
            return
        data = b"".join(_line(record) for record in records)
        try:
            # Unbuffered: closing a file would try once more to write what had failed.
            with self._path.open("ab", buffering=0) as file:
                start = file.tell()
                try:
                    _write(file, data)
                    os.fsync(file.fileno())
                except OSError:
                    # A half-written record must not stand before the next good one.
                    os.ftruncate(file.fileno(), start)
                    raise
        except OSError as fault:
            raise LedgerFault(f"{self._path.name} cannot be written: {fault.strerror}") from fault

    def replace(self, records: Iterable[Record]) -> None:
        """Put `records` in the place of all there are, atomically. Raises `LedgerFault`."""
        if self._path is None:
            return
        self._waiting.clear()
        fresh = self._path.with_suffix(".new")
        try:
            with fresh.open("wb") as file:
                for record in records:
                    file.write(_line(record))
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(self._path)
        except OSError as fault:
            raise LedgerFault(f"{self._path.name} cannot be written: {fault.strerror}") from fault
