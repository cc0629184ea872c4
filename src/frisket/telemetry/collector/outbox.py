"""Envelopes that have been mailed and are not acknowledged yet: kept as they were sealed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from frisket.telemetry.collector import disk
from frisket.telemetry.mailing import digest

_SUFFIX = ".envelope"


@dataclass(frozen=True, slots=True)
class Posted:
    """One envelope. `kind` is batch, renew or orders; `first` and `last` are of a batch.

    `moment` is the running milliseconds when it was mailed last, `times` how often that was.
    """

    kind: str
    first: int
    last: int
    moment: int
    times: int
    path: Path

    def octets(self) -> bytes:
        """Return the envelope; nothing where the disk does not give it."""
        return disk.read(self.path)


def _path(folder: Path, kind: str, numbers: Iterable[int]) -> Path:
    return folder / ("-".join([kind, *(f"{number:016d}" for number in numbers)]) + _SUFFIX)


class Outbox:
    """A folder of envelopes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "outbox"
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def posted(self) -> list[Posted]:
        """Return what is under way, in order."""
        found: list[Posted] = []
        for path in self._folder.glob(f"*{_SUFFIX}"):
            kind, *numbers = path.stem.split("-")
            if len(numbers) == 4 and all(number.isdigit() for number in numbers):
                first, last, moment, times = map(int, numbers)
                found.append(Posted(kind, first, last, moment, times, path))
        return sorted(found, key=lambda one: (one.first, one.kind))

    def put(self, kind: str, first: int, last: int, envelope: bytes) -> Posted:
        """Keep an envelope that is about to be mailed. Raises `OSError`."""
        path = _path(self._folder, kind, (first, last, 0, 0))
        disk.replace(path, envelope)
        return Posted(kind, first, last, 0, 0, path)

    def mailed(self, posted: Posted, moment: int) -> Posted:
        """Note that it was mailed now. Raises `OSError`."""
        times = posted.times + 1
        path = _path(self._folder, posted.kind, (posted.first, posted.last, moment, times))
        posted.path.rename(path)
        disk.sync_folder(self._folder)
        return replace(posted, moment=moment, times=times, path=path)

    def answered(self, about: str) -> Posted | None:
        """Return what an answer is about; None where nothing like that is under way."""
        return next((one for one in self.posted() if digest(one.octets()) == about), None)

    def drop(self, posted: Posted) -> None:
        """Forget an envelope."""
        posted.path.unlink(missing_ok=True)
