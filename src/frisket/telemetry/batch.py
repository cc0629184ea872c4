"""Records on their way to the gateway: each checksummed from the spool on, many to a batch.

Pure. A record's frame is made once, when it enters the spool, and is the same octets ever after:
what was checked before it left the site is what the gateway checks.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Sequence
from enum import StrEnum
from functools import lru_cache
from typing import Annotated, Final

import msgspec
import zstandard
from msgspec import Meta

from frisket.errors import WireError

VERSION: Final = 1
MOST_RECORDS: Final = 1000
MOST_VALUES: Final = 600
MOST_OCTETS: Final = 8 << 20  # of a batch, decompressed
LONGEST_NAME: Final = 120
LONGEST_TEXT: Final = 1000
MOST_PARTS: Final = 64
_CHECK: Final = 4  # octets of a frame's checksum
_WINDOW: Final = 1 << 23
_ZSTD: Final = 3

# PostgreSQL keeps no NUL in a text, and neither database a number beyond 64 bits.
Text = Annotated[str, Meta(max_length=LONGEST_TEXT, pattern=r"^[^\x00]*\Z")]
Name = Annotated[str, Meta(min_length=1, max_length=LONGEST_NAME)]
Number = Annotated[int, Meta(ge=-(1 << 63), le=(1 << 63) - 1)]
Measure = Annotated[float, Meta(ge=-1e300, le=1e300)]  # also refuses infinity and NaN
Part = bool | Number | Measure | Text | None
Value = Part | Annotated[list[Part], Meta(max_length=MOST_PARTS)]
Place = Annotated[int, Meta(ge=1, le=(1 << 53))]
Key = Annotated[str, Meta(max_length=200, pattern=r"^[\x20-\x7e]*\Z")]
Moment = Annotated[float, Meta(ge=0, le=1 << 34)]
Word = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9._-]+\Z")]


class Kind(StrEnum):
    """What a record tells."""

    FULL = "full"  # all there is: a name that is missing is gone
    CHANGE = "change"  # what differs from the record before; None: gone
    SEEN = "seen"  # the device answered and nothing had changed
    EVENT = "event"  # something happened: jam, service call, alarm
    GAP = "gap"  # nobody looked, from `from` to `to`; with a device: only at that one


class Record(msgspec.Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """One device at one time. Its place in order is `seq` alone: `at` is the collector's clock.

    `seq` rises by one with each record of a spool. `device` is the device's key in its site, empty
    where a gap is the whole collector's. `at` is in seconds since 1970, UTC.
    """

    seq: Place
    device: Key
    at: Moment
    kind: Kind
    values: Annotated[dict[Name, Value], Meta(max_length=MOST_VALUES)]


class Batch(msgspec.Struct, frozen=True):
    """Records `first`, `first + 1`, … of one spool. `oldest` is the first one it still has."""

    collector: str
    spool: str
    first: int
    oldest: int
    records: tuple[Record, ...]

    @property
    def last(self) -> int:
        """Return the number of the last record."""
        return self.first + len(self.records) - 1


class _Outer(msgspec.Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    version: Annotated[int, Meta(ge=1, le=255)]
    collector: Word
    spool: Word
    first: Place
    oldest: Place
    frames: Annotated[list[bytes], Meta(min_length=1, max_length=MOST_RECORDS)]


_ENCODER: Final = msgspec.msgpack.Encoder()
_RECORDS: Final = msgspec.msgpack.Decoder(Record)
_OUTER: Final = msgspec.msgpack.Decoder(_Outer)
_NAME: Final = re.compile(r"[A-Za-z][\x21-\x7e]*")
_STRANGE: Final = re.compile(r"[^A-Za-z0-9]+")
# What the decoder itself raises: depth is Python's own limit.
_FAULTS: Final = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, OverflowError)


def frame(record: Record) -> bytes:
    """Return a record's octets behind their checksum (CRC-32, big endian).

    Raises `WireError` for one that no gateway would take, so that it never enters a spool.
    """
    try:
        body = _ENCODER.encode(record)
        _check_names(_RECORDS.decode(body).values)
    except _FAULTS as fault:
        raise WireError(f"no record: {fault}") from fault
    return zlib.crc32(body).to_bytes(_CHECK, "big") + body


def unframe(octets: bytes) -> Record:
    """Return the record of a frame. Raises `WireError` where one bit is not as it was."""
    record = _unframe(octets)
    _check_names(record.values)
    return record


def _unframe(octets: bytes) -> Record:
    body = octets[_CHECK:]
    if zlib.crc32(body) != int.from_bytes(octets[:_CHECK], "big") or not body:
        raise WireError("a record's checksum is wrong")
    try:
        return _RECORDS.decode(body)
    except _FAULTS as fault:
        raise WireError(f"no record: {fault}") from fault


def pack(
    collector: str, spool: str, first: int, frames: Sequence[bytes], *, oldest: int = 1
) -> bytes:
    """Return the octets of a batch of frames as they lie in the spool. Raises `WireError`."""
    outer = _Outer(VERSION, collector, spool, first, oldest, list(frames))
    try:
        plain = _ENCODER.encode(outer)
        _OUTER.decode(plain)
    except _FAULTS as fault:
        raise WireError(f"no batch: {fault}") from fault
    if len(plain) > MOST_OCTETS:
        raise WireError(f"a batch of {len(plain)} octets; at most {MOST_OCTETS}")
    return zstandard.ZstdCompressor(level=_ZSTD).compress(plain)


def encode(batch: Batch) -> bytes:
    """Return the octets of a batch. Raises `WireError` for what no gateway would take."""
    frames = [frame(record) for record in batch.records]
    return pack(batch.collector, batch.spool, batch.first, frames, oldest=batch.oldest)


def inflate(octets: bytes, *, limit: int = MOST_OCTETS) -> bytes:
    """Return what a Zstandard frame holds, no more than `limit` octets. Raises `WireError`."""
    try:
        size = zstandard.frame_content_size(octets)
        if not 0 < size <= limit:
            raise WireError(f"{size} octets where 1 to {limit} are taken")
        reader = zstandard.ZstdDecompressor(max_window_size=_WINDOW)
        plain = reader.decompress(octets, max_output_size=size, allow_extra_data=False)
    except (zstandard.ZstdError, MemoryError) as fault:
        raise WireError(f"not compressed as it should be: {fault}") from fault
    return plain


def decode(octets: bytes, *, limit: int = MOST_OCTETS) -> Batch:
    """Return the batch. Raises `WireError`: bounds, checksums and unbroken numbers are checked."""
    try:
        outer = _OUTER.decode(inflate(octets, limit=limit))
    except _FAULTS as fault:
        raise WireError(f"no batch: {fault}") from fault
    if outer.version != VERSION:
        raise WireError(f"version {outer.version} of the protocol is not known here")
    if outer.oldest > outer.first:
        raise WireError("a batch begins before its spool does")
    records = tuple(_unframe(octets) for octets in outer.frames)
    # The same few names come again and again: they are looked at once a batch.
    _check_names(set().union(*(record.values for record in records)))
    for due, record in enumerate(records, outer.first):
        if record.seq != due:
            raise WireError(f"record {record.seq} where {due} was due")
    return Batch(outer.collector, outer.spool, outer.first, outer.oldest, records)


def _check_names(names: Iterable[str]) -> None:
    if not all(map(_is_name, names)):
        raise WireError("a value's name is a letter, then visible ASCII")


@lru_cache(maxsize=4096)
def _is_name(name: str) -> bool:
    return _NAME.fullmatch(name) is not None


def name_part(text: str) -> str:
    """Return any text as part of a value's name: letters, digits and single hyphens."""
    return _STRANGE.sub("-", text).strip("-")[:60] or "x"
