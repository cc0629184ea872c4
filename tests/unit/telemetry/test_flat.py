"""Flat names and values say what the sample says, for every recording and every hostile device."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.conftest import RECORDINGS
from tests.fuzz.test_poll_samples import MAKES, SYS_OBJECT_ID, TABLES, places, values
from tests.unit.telemetry.recording import varbinds_of

from frisket.model.target import Identity
from frisket.proto.snmp.wire.oid import Oid
from frisket.proto.snmp.wire.values import ObjectIdentifier, Value
from frisket.telemetry.batch import Kind, Record, frame, unframe
from frisket.telemetry.flat import flatten, unflatten
from frisket.telemetry.read import interpret
from frisket.telemetry.sample import Counter, Level, Sample, Source, State, Status, Supply

RECORDED = sorted((RECORDINGS / "librenms" / "snmprec").glob("*.snmprec"))
SOURCE = Source("standard", "1.3.6.1", "why")


@pytest.mark.shared
@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem)
def test_a_recorded_printer_survives(path: object) -> None:
    sample = interpret(varbinds_of(path), TABLES)  # type: ignore[arg-type]
    assert unflatten(flatten(sample)) == sample


@given(st.dictionaries(places, values, max_size=60), st.sampled_from(MAKES))
def test_whatever_a_device_says_can_be_sent(varbinds: dict[Oid, Value], make: Oid) -> None:
    sample = interpret({**varbinds, SYS_OBJECT_ID: ObjectIdentifier(make)}, TABLES)
    flat = flatten(sample)
    assert unframe(frame(Record(1, "key", 0.0, Kind.FULL, flat))).values == flat
    again = unflatten(flat)
    assert flatten(again) == flat
    kept = [c for c in sample.counters if c.value < 1 << 63]
    assert [(c.name, c.value) for c in again.counters] == [(c.name, c.value) for c in kept]


def test_what_a_hostile_device_says_is_cut_to_size() -> None:
    sample = Sample(
        identity=Identity(name="n\0" * 40_000, model="\ud800"),
        status=Status(display=("x",) * 5000),
        counters=tuple(Counter(f"c{n}", "", n, "", SOURCE) for n in range(5000)),
        supplies=(Supply("1/../x", "a", "b", "c", False, Level(State.SOME, SOURCE)),),
    )
    flat = flatten(sample)
    unframe(frame(Record(1, "key", 0.0, Kind.FULL, flat)))
    assert flat["counter.c0"] == 0


def test_a_counter_beyond_64_bits_is_told() -> None:
    flat = flatten(Sample(counters=(Counter("total", "", 1 << 64, "", SOURCE),)))
    assert flat == {"notes": ["counter total gave more than 64 bits hold"]}


@pytest.mark.parametrize(
    "values",
    [
        {"supply.1": [1, 2, 3, 4, 5, 6, 7, 8, 9], "supply.1.level": "no such state"},
        {"supply.1": [], "alert.2": [None] * 8, "counter.x": True, "tray.": ["x"] * 7},
        {"source.x": [], "status.problems": 7, "identity.model": 7},
    ],
)
def test_a_strange_collector_breaks_nothing(values: dict[str, object]) -> None:
    assert unflatten(values).counters == ()  # type: ignore[arg-type]
