"""A job's octets on their way to disk: bounded, and a full disk spoils the job only."""

from __future__ import annotations

import os
import tempfile
import zlib
from pathlib import Path
from typing import IO

MOST_OCTETS = 512 << 20
_WINDOW = {"gzip": 31, "deflate": 47}  # 47: zlib or gzip, whichever the header shows


class Incoming:
    """A spool file being written. `fault` says why what came is no job; then nothing is kept.

    `write` never raises: a sender may go on sending what nobody keeps. `head` is the first KiB.
    """

    __slots__ = ("_file", "_inflate", "_limit", "fault", "head", "octets", "path")

    def __init__(self, folder: Path, limit: int = MOST_OCTETS, compression: str = "none") -> None:
        self._limit = limit
        self._inflate = zlib.decompressobj(_WINDOW[compression]) if compression in _WINDOW else None
        self._file: IO[bytes] | None = None
        self.path = folder
        self.octets = 0
        self.head = b""
        self.fault = ""
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor, name = tempfile.mkstemp(prefix="job-", dir=folder)
        except OSError as fault:
            self.fault = f"the disk cannot take the job: {fault.strerror}"
            return
        self.path = Path(name)
        self._file = os.fdopen(descriptor, "wb", buffering=1 << 16)

    def write(self, data: bytes) -> bool:
        """Take some octets of the document; return whether more are welcome."""
        if self.fault:
            return False
        if self._inflate is None:
            return self._put(data)
        while data:
            try:
                # In pieces: a few octets may unfold to more than the memory holds.
                plain = self._inflate.decompress(data, 1 << 20)
            except zlib.error:
                return self._fail("the compressed document is damaged")
            if not self._put(plain):
                return False
            data = self._inflate.unconsumed_tail
        return True

    def _put(self, data: bytes) -> bool:
        assert self._file is not None
        self.octets += len(data)
        if self.octets > self._limit:
            return self._fail(f"the job is larger than {self._limit} octets")
        if len(self.head) < 1024:
            self.head += data[: 1024 - len(self.head)]
        try:
            self._file.write(data)
        except OSError as fault:
            return self._fail(f"the disk cannot take the job: {fault.strerror}")
        return True

    def _fail(self, why: str) -> bool:
        self.fault = why
        self._shut()
        return False

    def _shut(self) -> None:
        if self._file is None:
            return
        file, self._file = self._file, None
        try:
            file.close()
        except OSError as fault:
            self.fault = self.fault or f"the disk cannot take the job: {fault.strerror}"

    def finish(self) -> bool:
        """End the document; return whether it is whole and on disk."""
        if not self.fault and self._inflate is not None and not self._inflate.eof:
            self.fault = "the compressed document is cut"
        self._shut()
        return not self.fault
