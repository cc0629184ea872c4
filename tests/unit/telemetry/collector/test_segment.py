"""Whatever lies on disk is read: records that are whole, holes, and nothing invented."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from frisket.telemetry.collector.segment import MARK, Kept, contents, frame
from frisket.telemetry.collector.slots import newest

BODIES = st.lists(st.binary(max_size=60) | st.just(MARK * 5), min_size=1, max_size=12)


def segment(bodies: list[bytes], first: int = 5) -> tuple[list[Kept], bytes]:
    records = [Kept(first + n, n, 1000 + n, body) for n, body in enumerate(bodies)]
    return records, b"".join(map(frame, records))


@given(BODIES)
def test_what_was_written_is_read(bodies: list[bytes]) -> None:
    records, data = segment(bodies)
    found = contents(data, 5, 5 + len(bodies))
    assert list(found.records) == records
    assert (found.missing, found.residue) == ((), ())
    assert found.last == 4 + len(bodies)


@given(st.binary(max_size=400))
def test_random_octets_hold_no_record(data: bytes) -> None:
    found = contents(data, 1, 1)
    assert found.records == ()
    newest(data)


@given(BODIES, st.integers(0, 1 << 30))
def test_damage_never_gives_a_record_that_was_not_written(bodies: list[bytes], seed: int) -> None:
    records, data = segment(bodies)
    source = random.Random(seed)
    octets = bytearray(data)
    for _ in range(source.randrange(1, 6)):
        octets[source.randrange(len(octets))] ^= 1 << source.randrange(8)
    if source.random() < 0.3:
        del octets[source.randrange(len(octets)) :]
    following = 5 + len(bodies)
    found = contents(bytes(octets), 5, following)
    assert set(found.records) <= set(records)
    missing = {n for hole in found.missing for n in range(hole.first, hole.last + 1)}
    assert missing | {one.number for one in found.records} == set(range(5, following))
    assert not missing & {one.number for one in found.records}
