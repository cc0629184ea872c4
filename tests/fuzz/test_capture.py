"""Captures: any text is a capture or a CaptureError, and what is written is read as it was."""

from __future__ import annotations

import contextlib

from hypothesis import given
from hypothesis import strategies as st
from tests.fuzz.test_poll_samples import places, values

from frisket.errors import CaptureError
from frisket.proto.ipp.names import GroupTag, ValueTag
from frisket.proto.ipp.values import Attribute, Group, Message
from frisket.proto.snmp.wire.oid import Oid
from frisket.proto.snmp.wire.values import Marker, Value
from frisket.telemetry.capture import HEAD, Capture, read_capture, write_capture
from frisket.telemetry.ipp_read import interpret_ipp, pairs
from frisket.telemetry.ipp_table import load_ipp_table
from frisket.telemetry.record import Recorded, scrubbed
from frisket.telemetry.table import load_tables

TABLE = load_ipp_table()
texts = st.text(max_size=30)
datas = st.integers(-(2**31), 2**31 - 1) | texts | st.binary(max_size=40)


@st.composite
def messages(draw: st.DrawFn) -> Message:
    """Give a printer's answer with any values in the attributes that are asked for."""
    attributes = []
    for name in draw(st.lists(st.sampled_from(TABLE.asked), unique=True, max_size=12)):
        found = draw(st.lists(datas, min_size=1, max_size=5))
        tags = {int: ValueTag.INTEGER, str: ValueTag.TEXT}
        kind = type(found[0])
        same = [data for data in found if type(data) is kind]
        attributes.append(Attribute.of(name, tags.get(kind, ValueTag.OCTET_STRING), *same))
    return Message((2, 0), 0, 1, (Group(GroupTag.PRINTER, tuple(attributes)),))


@given(texts.map(lambda text: f"{HEAD}\n{text}") | texts | st.text(max_size=400))
def test_any_text_is_a_capture_or_refused(text: str) -> None:
    with contextlib.suppress(CaptureError):
        read_capture(text)


lines = st.lists(
    st.tuples(
        st.sampled_from(["1.3.6.1.2.1.1.1.0", "1.3.6", "ipp", "x", ""]),
        st.sampled_from(["2", "4", "4x", "6", "64x", "65", "66", "67", "68x", "70", "9", ""]),
        st.sampled_from(["1", "-1", "99999999999999999999", "zz", "00ff", "1.3.6.1", ""]) | texts,
    ).map("|".join),
    max_size=8,
)


@given(lines)
def test_any_lines_are_a_capture_or_refused(found: list[str]) -> None:
    with contextlib.suppress(CaptureError):
        read_capture("\n".join([HEAD, *found]))


@given(st.dictionaries(places, values, max_size=30), st.none() | messages())
def test_what_is_written_is_read(varbinds: dict[Oid, Value], ipp: Message | None) -> None:
    capture = Capture("SNMPv1", varbinds, ipp)
    back = read_capture(write_capture(capture))
    assert back.via == "SNMPv1"
    assert back.varbinds == {
        oid: value for oid, value in varbinds.items() if not isinstance(value, Marker)
    }
    assert (back.ipp is None) == (ipp is None)


@given(messages())
def test_any_answer_makes_a_sample(message: Message) -> None:
    sample = interpret_ipp(message, TABLE)
    for level in [s.level for s in sample.supplies] + [t.level for t in sample.trays]:
        assert level.percent is None or 0 <= level.percent <= 100
    assert all(0 <= counter.value < 2**32 for counter in sample.counters)
    assert len(sample.notes) <= 50


@given(st.dictionaries(places, values, max_size=30), messages())
def test_anything_can_be_scrubbed(varbinds: dict[Oid, Value], message: Message) -> None:
    capture = scrubbed(Recorded(["SNMPv1"], varbinds, message), load_tables(), TABLE)
    assert read_capture(write_capture(capture)).varbinds.keys() <= varbinds.keys()


@given(texts)
def test_pairs(text: str) -> None:
    assert all(key == key.lower() for key in pairs(text))
