"""Frames of the spool: each record checksummed, and found again behind a damaged one. Pure.

A frame is `mark | number | moment | at | length | checksum | body`: where a bit has flipped, the
next mark whose checksum holds is the next record, so that one flipped bit costs one record.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from frisket.errors import WireError

MARK: Final = b"\xf5FR\x1a"
LONGEST: Final = 256 << 10
_HEAD: Final = struct.Struct(">4sQQQII")
_SUMMED: Final = struct.Struct(">4sQQQI")
HEAD: Final = _HEAD.size


@dataclass(frozen=True, slots=True)
class Kept:
    """One record: its number and octets.

    `moment` is how many milliseconds the collector had been running, over all its starts, and `at`
    its clock then, in milliseconds since 1970: clocks jump, `moment` does not.
    """

    number: int
    moment: int
    at: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Hole:
    """The records `first` to `last` should be there and are not.

    `moment`, `since` and `until` are those of the records before and behind, 0 where there is none.
    """

    first: int
    last: int
    moment: int = 0
    since: int = 0
    until: int = 0


@dataclass(frozen=True, slots=True)
class Damage:
    """Octets that are no frame; `torn` where they begin one whose rest was never written."""

    octets: bytes
    torn: bool = False


@dataclass(frozen=True, slots=True)
class Contents:
    """What a segment holds: its records, what is missing, and what is no record."""

    records: tuple[Kept, ...]
    missing: tuple[Hole, ...]
    residue: tuple[bytes, ...]
    last: int


def frame(kept: Kept) -> bytes:
    """Return a record as it stands on disk. Raises `WireError` where it is too long."""
    if len(kept.body) > LONGEST:
        raise WireError(f"a record has at most {LONGEST} octets, not {len(kept.body)}")
    length = len(kept.body)
    checksum = _checksum(kept.number, kept.moment, kept.at, kept.body)
    return _HEAD.pack(MARK, kept.number, kept.moment, kept.at, length, checksum) + kept.body


def _checksum(number: int, moment: int, at: int, body: bytes) -> int:
    return zlib.crc32(body, zlib.crc32(_SUMMED.pack(MARK, number, moment, at, len(body))))


def frames(data: bytes) -> Iterator[Kept | Damage]:
    """Yield what a segment holds, in order."""
    at = 0
    while at < len(data):
        found = _at(data, at)
        if found is not None:
            yield found
            at += HEAD + len(found.body)
            continue
        after = _next(data, at + 1)
        yield Damage(data[at:after], torn=after == len(data) and _unfinished(data, at))
        at = after


def _at(data: bytes, at: int) -> Kept | None:
    """Return the frame that begins here; None where none does."""
    if len(data) - at < HEAD:
        return None
    mark, number, moment, clock, length, checksum = _HEAD.unpack_from(data, at)
    end = at + HEAD + length
    if mark != MARK or length > LONGEST or end > len(data):
        return None
    body = data[at + HEAD : end]
    if _checksum(number, moment, clock, body) != checksum:
        return None
    return Kept(number, moment, clock, body)


def _next(data: bytes, at: int) -> int:
    """Return where the next whole frame begins, or the end."""
    while (at := data.find(MARK, at)) >= 0:
        if _at(data, at) is not None:
            return at
        at += 1
    return len(data)


def _unfinished(data: bytes, at: int) -> bool:
    """Say whether the octets from here on are how a frame begins that a crash cut off."""
    if len(data) - at < HEAD:
        return data[at : at + len(MARK)] == MARK[: len(data) - at]
    length: int = _HEAD.unpack_from(data, at)[4]
    return data.startswith(MARK, at) and length <= LONGEST and at + HEAD + length > len(data)


def contents(data: bytes, first: int, following: int) -> Contents:
    """Read a segment whose records should be `first` up to, without it, `following`.

    More records than that are welcome: they were written after what knew of them.
    """
    records: list[Kept] = []
    missing: list[Hole] = []
    residue: list[bytes] = []
    due, moment, since = first, 0, 0
    for found in frames(data):
        if isinstance(found, Damage):
            if not found.torn:
                residue.append(found.octets)
            continue
        if found.number < due:
            continue  # the same again: a segment that was mended while it was written to
        if found.number > due:
            missing.append(Hole(due, found.number - 1, moment or found.moment, since, found.at))
        records.append(found)
        due, moment, since = found.number + 1, found.moment, found.at
    if due < following:
        missing.append(Hole(due, following - 1, moment, since))
    return Contents(tuple(records), tuple(missing), tuple(residue), max(due, following) - 1)
