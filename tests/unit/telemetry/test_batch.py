"""Batches keep to their bounds: what is too much is refused before it costs anything."""

from __future__ import annotations

import math
import tracemalloc
from typing import Any

import msgspec
import pytest
import zstandard

from frisket.errors import WireError
from frisket.telemetry import batch as wire
from frisket.telemetry.batch import Batch, Kind, Record


def record(seq: int = 1, **changed: Any) -> Record:
    told: dict[str, Any] = {
        "device": "k",
        "at": 1.0,
        "kind": Kind.FULL,
        "values": {"x": 1},
    } | changed
    return Record(seq, **told)


def packed(*frames: bytes, first: int = 1) -> bytes:
    return wire.pack("c", "s", first, frames)


@pytest.mark.parametrize(
    "bad",
    [
        record(values={"x": math.nan}),
        record(values={"x": math.inf}),
        record(values={"x": 1 << 63}),
        record(values={"x": "a\0b"}),
        record(values={"x": "a" * 1001}),
        record(values={"x": [[1]]}),
        record(values={"x": [1] * 65}),
        record(values={"": 1}),
        record(values={"7": 1}),
        record(values={"a b": 1}),
        record(values={"x\n": 1}),
        record(values={"x" * 121: 1}),
        record(values={f"x{n}": 1 for n in range(601)}),
        record(device="k" * 201),
        record(device="k\n"),
        record(at=-1.0),
        record(seq=0),
        record(kind="other"),
    ],
)
def test_what_no_gateway_takes_enters_no_spool(bad: Record) -> None:
    with pytest.raises(WireError):
        wire.frame(bad)


def test_a_foreign_frame_is_judged_like_our_own() -> None:
    body = msgspec.msgpack.encode([1, "k", 1.0, "full", {"x": "a\0b"}])
    import zlib

    octets = zlib.crc32(body).to_bytes(4, "big") + body
    with pytest.raises(WireError, match="no record"):
        wire.decode(packed(octets))


def test_a_thousand_records_and_no_more() -> None:
    frames = [wire.frame(record(n)) for n in range(1, 1002)]
    assert len(wire.decode(packed(*frames[:1000])).records) == 1000
    with pytest.raises(WireError):
        packed(*frames)
    with pytest.raises(WireError):
        packed()


def test_numbers_without_a_hole() -> None:
    with pytest.raises(WireError, match="2 was due"):
        wire.decode(packed(wire.frame(record(1)), wire.frame(record(3))))


def test_a_bomb_is_not_unpacked() -> None:
    bombs = [
        zstandard.ZstdCompressor(level=19).compress(bytes(1 << 30)),
        zstandard.ZstdCompressor(write_content_size=False).compress(bytes(1 << 26)),
    ]
    tracemalloc.start()
    for bomb in bombs:
        with pytest.raises(WireError):
            wire.decode(bomb)
    assert tracemalloc.get_traced_memory()[1] < 1 << 20
    tracemalloc.stop()


def test_two_frames_in_one_are_refused() -> None:
    good = packed(wire.frame(record()))
    with pytest.raises(WireError):
        wire.decode(good + good)


def test_another_version_is_named() -> None:
    frame = wire.frame(record())
    octets = msgspec.msgpack.encode([2, "c", "s", 1, 1, [frame]])
    with pytest.raises(WireError, match="version 2"):
        wire.decode(zstandard.ZstdCompressor().compress(octets))


def test_a_batch_tells_its_last_record() -> None:
    batch = Batch("c", "s", 7, 5, (record(7), record(8)))
    assert wire.decode(wire.encode(batch)) == batch
    assert batch.last == 8
