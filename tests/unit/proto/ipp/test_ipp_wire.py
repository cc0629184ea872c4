"""IPP octets: the example of RFC 8010, the limits, and what is kept raw."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from frisket.errors import WireError
from frisket.proto.ipp import names, values, wire
from frisket.proto.ipp.names import GroupTag, ValueTag


def field(tag: int, name: bytes, value: bytes) -> bytes:
    return (
        bytes([tag]) + len(name).to_bytes(2, "big") + name + len(value).to_bytes(2, "big") + value
    )


URI = b"ipp://printer.example.com/ipp/print/pinetree"
# RFC 8010 appendix A.1, Print-Job Request.
PRINT_JOB = (
    bytes.fromhex("0101 0002 00000001 01")
    + field(0x47, b"attributes-charset", b"utf-8")
    + field(0x48, b"attributes-natural-language", b"en-us")
    + field(0x45, b"printer-uri", URI)
    + field(0x42, b"job-name", b"foobar")
    + field(0x22, b"ipp-attribute-fidelity", b"\x01")
    + b"\x02"
    + field(0x21, b"copies", b"\x00\x00\x00\x14")
    + field(0x44, b"sides", b"two-sided-long-edge")
    + b"\x03"
)
DOCUMENT = b"%!PDF..."
HEAD = bytes.fromhex("0200 0000 00000007 04")


def only(tag: int, raw: bytes) -> wire.Value:
    message = wire.decode(HEAD + field(tag, b"x", raw) + b"\x03")
    (value,) = message.groups[0].attributes[0].values
    return value


def test_the_print_job_of_the_rfc() -> None:
    message = wire.decode(PRINT_JOB + DOCUMENT)
    assert message.version == (1, 1)
    assert message.code == names.Operation.PRINT_JOB
    assert message.request_id == 1
    assert message.data == DOCUMENT
    uri = message.get(GroupTag.OPERATION, "printer-uri")
    assert uri is not None
    assert uri.texts() == (URI.decode(),)
    copies = message.get(GroupTag.JOB, "copies")
    assert copies is not None
    assert copies.integers() == (20,)
    assert message.get(GroupTag.PRINTER, "copies") is None
    assert wire.encode(message) == PRINT_JOB + DOCUMENT


def test_a_built_request_is_the_one_of_the_rfc() -> None:
    built = values.request(
        names.Operation.PRINT_JOB,
        1,
        URI.decode(),
        wire.Attribute.of("job-name", ValueTag.NAME, "foobar"),
    )
    assert wire.encode(built) == PRINT_JOB[: PRINT_JOB.index(b"\x22\x00\x16")].replace(
        b"\x00\x05en-us", b"\x00\x02en"
    ) + bytes([GroupTag.END])


def test_the_head_of_a_stream_waits_for_the_end_of_the_attributes() -> None:
    for size in range(len(PRINT_JOB)):
        assert wire.decode_head(PRINT_JOB[:size]) is None
        with pytest.raises(WireError):
            wire.decode(PRINT_JOB[:size])
    found = wire.decode_head(PRINT_JOB + DOCUMENT)
    assert found is not None
    message, offset = found
    assert offset == len(PRINT_JOB)
    assert message.data == b""
    with pytest.raises(WireError):
        wire.decode_head(PRINT_JOB, limit=len(PRINT_JOB) - 1)
    assert wire.decode_head(PRINT_JOB + bytes(100), limit=len(PRINT_JOB)) is not None


def test_a_collection_of_rfc_8010() -> None:
    # media-col {media-color=blue, media-size {x-dimension=6 y-dimension=4}}, RFC 8010 section 3.1.7
    raw = (
        field(0x34, b"media-col", b"")
        + field(0x4A, b"", b"media-color")
        + field(0x44, b"", b"blue")
        + field(0x4A, b"", b"media-size")
        + field(0x34, b"", b"")
        + field(0x4A, b"", b"x-dimension")
        + field(0x21, b"", b"\0\0\0\6")
        + field(0x4A, b"", b"y-dimension")
        + field(0x21, b"", b"\0\0\0\4")
        + field(0x37, b"", b"")
        + field(0x37, b"", b"")
    )
    message = wire.decode(HEAD + raw + b"\x03")
    (attribute,) = message.groups[0].attributes
    media = attribute.first
    assert isinstance(media, wire.Collection)
    color, size = media.get("media-color"), media.get("media-size")
    assert color is not None
    assert color.texts() == ("blue",)
    assert size is not None
    assert isinstance(size.first, wire.Collection)
    depth = size.first.get("y-dimension")
    assert depth is not None
    assert depth.integers() == (4,)
    assert wire.encode(message) == HEAD + raw + b"\x03"


@pytest.mark.parametrize(
    ("tag", "raw", "data"),
    [
        (0x21, b"\xff\xff\xff\xfe", -2),
        (0x22, b"\x00", False),
        (0x22, b"\xff", True),
        (0x10, b"", None),
        (0x13, b"", None),
        (0x30, b"\x80", b"\x80"),
        (0x32, b"\0\0\2\x58\0\0\4\xb0\3", wire.Resolution(600, 1200, 3)),
        (0x33, b"\0\0\0\1\0\0\0\x63", wire.Range(1, 99)),
        (0x35, b"\0\2en\0\2hi", wire.Localized("en", "hi")),
        (
            0x31,
            b"\7\xe8\3\x1b\x0f\x0c\x39\0+\3\0",
            wire.DateTime(2024, 3, 27, 15, 12, 57, 0, "+", 3),
        ),
        (0x21, b"\0\1", b"\0\1"),
        (0x22, b"", b""),
        (0x35, b"\0\5en\0\2hi", b"\0\5en\0\2hi"),
        (0x41, b"\xe9t\xe9", b"\xe9t\xe9"),
        (0x2F, b"??", b"??"),
        (0x7F, b"\0\0\1\0x", b"\0\0\1\0x"),
    ],
)
def test_values(tag: int, raw: bytes, data: object) -> None:
    value = only(tag, raw)
    assert value.data == data
    assert type(value.data) is type(data)


def test_dates_become_moments_only_when_they_are_dates() -> None:
    east = datetime(2024, 3, 27, 15, 12, 57, tzinfo=timezone(timedelta(hours=-3, minutes=-30)))
    date = wire.DateTime.of(east)
    assert (date.direction, date.utc_hours, date.utc_minutes) == ("-", 3, 30)
    assert date.moment() == datetime(2024, 3, 27, 18, 42, 57, tzinfo=UTC)
    assert wire.DateTime(0, 0, 0, 0, 0, 0).moment() is None
    assert wire.DateTime(1, 1, 1, 0, 0, 0, 0, "+", 11).moment() is None


def nested(depth: int) -> bytes:
    opened = field(0x34, b"a", b"") + (field(0x4A, b"", b"m") + field(0x34, b"", b"")) * (depth - 1)
    return HEAD + opened + field(0x37, b"", b"") * depth + b"\x03"


def test_collections_nest_eight_deep() -> None:
    message = wire.decode(nested(8))
    assert wire.encode(message) == nested(8)
    with pytest.raises(WireError, match="deep"):
        wire.encode(message, max_depth=7)
    with pytest.raises(WireError, match="deep"):
        wire.decode(nested(9))
    assert wire.decode(nested(9), max_depth=9).groups


@pytest.mark.parametrize(
    "body",
    [
        field(0x21, b"", b"\0\0\0\0") + b"\x03",  # a further value of nothing
        b"\x00\x03",  # reserved group
        field(0x37, b"x", b"") + b"\x03",  # an end without a beginning
        field(0x4A, b"x", b"y") + b"\x03",
        field(0x34, b"x", b"") + b"\x03",  # a collection that stays open
        field(0x34, b"x", b"") + field(0x44, b"", b"y") + field(0x37, b"", b"") + b"\x03",
        field(0x34, b"x", b"") + field(0x4A, b"", b"y") + field(0x37, b"", b"") + b"\x03",
        field(0x44, b"\xff", b"y") + b"\x03",
        b"\x44\xff\xffx\x03",
        b"\x44\x00\x01x\xff\xff\x03",
    ],
)
def test_broken_messages(body: bytes) -> None:
    with pytest.raises(WireError):
        wire.decode(HEAD + body)


def test_limits() -> None:
    many = HEAD + field(0x44, b"a", b"") + field(0x44, b"", b"") * 99 + b"\x03"
    assert len(wire.decode(many, max_attributes=101).groups[0].attributes[0].values) == 100
    with pytest.raises(WireError, match="more than 100"):
        wire.decode(many, max_attributes=100)
    with pytest.raises(WireError, match="octets"):
        wire.decode(many, limit=len(many) - 1)


@pytest.mark.parametrize(
    "message",
    [
        wire.Message((1, 1), 70000, 1),
        wire.Message((1, 1), 2, 2**31),
        wire.Message((1, 1), 2, 1, (wire.Group(3),)),
        wire.Message((1, 1), 2, 1, (wire.Group(0x10),)),
        wire.Message((1, 1), 2, 1, (wire.Group(1, (wire.Attribute("x", ()),)),)),
        wire.Message((1, 1), 2, 1, (wire.Group(1, (wire.Attribute.of("", 0x44, "x"),)),)),
        wire.Message((1, 1), 2, 1, (wire.Group(1, (wire.Attribute.of("x", 0x44, "x" * 32768),)),)),
        wire.Message((1, 1), 2, 1, (wire.Group(1, (wire.Attribute.of("x", 0x44, "\ud800"),)),)),
        wire.Message((1, 1), 2, 1, (wire.Group(1, (wire.Attribute.of("x", 0x37, b""),)),)),
        wire.Message((1, 1), 2, 1, (wire.Group(1, (wire.Attribute.of("x", 3, b""),)),)),
        wire.Message((1, 1), 2, 1, (wire.Group(1, (wire.Attribute.of("x", 0x21, 2**31),)),)),
    ],
)
def test_what_ipp_cannot_carry(message: wire.Message) -> None:
    with pytest.raises(WireError):
        wire.encode(message)


def test_names() -> None:
    assert names.operation_name(0x000B) == "Get-Printer-Attributes"
    assert names.operation_name(0x0003) == "Print-URI"
    assert names.operation_name(0x400C) == "CUPS-Get-PPDs"
    assert names.operation_name(0x4029) == "0x4029"
    assert names.status_name(0x0501) == "server-error-operation-not-supported"
    assert names.status_name(0x0600) == "0x0600"
    assert names.printer_state_name(4) == "processing"
    assert names.job_state_name(6) == "processing-stopped"
    assert names.job_state_name(77) == "77"
    assert names.value_name(0x42) == "nameWithoutLanguage"
    assert names.value_name(0x2F) == "0x2f"
    assert names.group_name(0x04) == "printer-attributes-tag"
    assert names.group_name(0x0B) == "0x0b"
    assert names.successful(1)
    assert not names.successful(0x0400)
