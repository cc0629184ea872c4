"""IPP: any octets give a message or WireError, and every message comes back."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as some

from frisket.errors import WireError
from frisket.proto.ipp import wire
from frisket.proto.ipp.names import ValueTag

words = some.text(some.characters(codec="utf-8"), max_size=12)
names = some.text("abc-defé", min_size=1, max_size=12)
integers = some.integers(-(2**31), 2**31 - 1)
octets = some.integers(0, 255)
plain = some.one_of(
    some.builds(wire.Value, some.sampled_from([0x10, 0x12, 0x13, 0x1F]), some.none()),
    some.builds(wire.Value, some.sampled_from([ValueTag.INTEGER, ValueTag.ENUM]), integers),
    some.builds(wire.Value, some.just(ValueTag.BOOLEAN), some.booleans()),
    some.builds(wire.Value, some.sampled_from([0x30, 0x2F, 0x60, 0x7F, 0xFF]), some.binary()),
    some.builds(wire.Value, some.just(ValueTag.RANGE), some.builds(wire.Range, integers, integers)),
    some.builds(
        wire.Value,
        some.just(ValueTag.RESOLUTION),
        some.builds(wire.Resolution, integers, integers, some.integers(-128, 127)),
    ),
    some.builds(
        wire.Value,
        some.just(ValueTag.DATE_TIME),
        some.builds(
            wire.DateTime,
            some.integers(0, 65535),
            *([octets] * 6),
            some.sampled_from("+-"),
            octets,
            octets,
        ),
    ),
    some.builds(
        wire.Value,
        some.sampled_from([ValueTag.TEXT_WITH_LANGUAGE, ValueTag.NAME_WITH_LANGUAGE]),
        some.builds(wire.Localized, words, words),
    ),
    some.builds(wire.Value, some.sampled_from([0x41, 0x42, 0x44, 0x45, 0x49, 0x5F]), words),
)


def sets(of: some.SearchStrategy[wire.Value]) -> some.SearchStrategy[tuple[wire.Attribute, ...]]:
    attribute = some.builds(
        wire.Attribute, names, some.lists(of, min_size=1, max_size=3).map(tuple)
    )
    return some.lists(attribute, max_size=3).map(tuple)


def collections(inner: some.SearchStrategy[wire.Value]) -> some.SearchStrategy[wire.Value]:
    whole = some.builds(wire.Collection, sets(inner))
    return some.builds(wire.Value, some.just(ValueTag.BEGIN_COLLECTION), whole)


values = some.one_of(plain, collections(plain), collections(collections(plain)))
groups = some.builds(wire.Group, some.integers(1, 15).filter(lambda tag: tag != 3), sets(values))
messages = some.builds(
    wire.Message,
    some.tuples(octets, octets),
    some.integers(0, 65535),
    integers,
    some.lists(groups, max_size=3).map(tuple),
    some.binary(max_size=20),
)


@given(messages)
def test_every_message_comes_back(message: wire.Message) -> None:
    raw = wire.encode(message)
    assert wire.decode(raw) == message
    found = wire.decode_head(raw)
    assert found is not None
    assert raw[found[1] :] == message.data


@given(messages, some.data())
def test_a_damaged_message_is_read_or_refused(message: wire.Message, data: some.DataObject) -> None:
    raw = bytearray(wire.encode(message))
    for _ in range(data.draw(some.integers(1, 4))):
        raw[data.draw(some.integers(0, len(raw) - 1))] = data.draw(octets)
    cut = bytes(raw[: data.draw(some.integers(0, len(raw)))])
    for candidate in (bytes(raw), cut):
        try:
            read = wire.decode(candidate)
        except WireError:
            continue
        assert wire.decode(wire.encode(read)) == read


@given(some.binary(max_size=200))
def test_any_octets_are_read_or_refused(raw: bytes) -> None:
    for candidate in (raw, bytes.fromhex("0101000b0000000101") + raw):
        for read in (wire.decode, wire.decode_head):
            try:
                read(candidate)
            except WireError:
                continue
