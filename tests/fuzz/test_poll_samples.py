"""Whatever variables a device gives, a poll makes a sample of them that keeps its promises."""

from __future__ import annotations

import csv
import io
import json

from hypothesis import given
from hypothesis import strategies as st
from tests.unit.cli.support.test_samples import NOW

from frisket.cli.support.samples import csv_text, document
from frisket.proto.snmp.wire.oid import Oid
from frisket.proto.snmp.wire.values import (
    Counter32,
    Counter64,
    Gauge32,
    Integer,
    Marker,
    ObjectIdentifier,
    OctetString,
    Value,
)
from frisket.report.safe import safe
from frisket.telemetry.poll import Polled
from frisket.telemetry.prometheus import render
from frisket.telemetry.read import interpret
from frisket.telemetry.sample import State
from frisket.telemetry.table import load_tables

SYS_OBJECT_ID = (1, 3, 6, 1, 2, 1, 1, 2, 0)
TABLES = load_tables()
MAKES = [oid for table in TABLES for oid in table.objects]
PLACES: list[Oid] = sorted(
    {oid for table in TABLES for oid in table.scalars}
    | {oid for table in TABLES for walk in table.walks for oid in walk}
    | {t.values for table in TABLES for t in table.counter_tables}
)
numbers = st.integers(-(2**31), 2**31 - 1) | st.sampled_from([-100, -3, -2, -1, 0, 1, 50, 100])
values: st.SearchStrategy[Value] = st.one_of(
    numbers.map(Integer),
    st.integers(0, 2**32 - 1).map(Counter32),
    st.integers(0, 2**32 - 1).map(Gauge32),
    st.integers(0, 2**64 - 1).map(Counter64),
    st.binary(max_size=40).map(OctetString),
    st.text(max_size=20).map(lambda text: OctetString(text.encode(errors="replace"))),
    st.just(ObjectIdentifier((1, 3, 6, 1))),
    st.sampled_from(Marker),
)
places = st.tuples(
    st.sampled_from(PLACES), st.lists(st.integers(0, 300), max_size=3).map(tuple)
).map(lambda pair: pair[0] + pair[1])


@given(st.dictionaries(places, values, max_size=60), st.sampled_from(MAKES))
def test_any_variables_make_a_sample(varbinds: dict[Oid, Value], make: Oid) -> None:
    sample = interpret({**varbinds, SYS_OBJECT_ID: ObjectIdentifier(make)}, TABLES)
    for level in [s.level for s in sample.supplies] + [t.level for t in sample.trays]:
        assert (level.amount is not None) == (level.state is State.MEASURED)
        assert level.percent is None or 0 <= level.percent <= 100
        assert level.source.table
    names = [counter.name for counter in sample.counters]
    assert len(names) == len(set(names))
    assert all(0 <= counter.value < 2**32 for counter in sample.counters)
    polled = safe((Polled("10.0.0.7", NOW, sample, via="SNMPv1"),))
    assert json.loads(json.dumps(document(polled)))
    rows = list(csv.reader(io.StringIO(csv_text(polled), newline="")))
    assert {len(row) for row in rows} == {len(rows[0])}
    page = render(polled).splitlines()
    series = [line.rpartition(" ")[0] for line in page if not line.startswith("#")]
    assert len(series) == len(set(series))
