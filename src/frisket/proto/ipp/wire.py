"""IPP messages as bytes and back (RFC 8010), both sides."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator

from frisket.errors import WireError
from frisket.proto.ipp.names import GroupTag, ValueTag
from frisket.proto.ipp.values import (
    Attribute,
    Collection,
    Data,
    DateTime,
    Group,
    Localized,
    Message,
    Range,
    Resolution,
    Value,
)

__all__ = [
    "Attribute",
    "Collection",
    "DateTime",
    "Group",
    "Localized",
    "Message",
    "Range",
    "Resolution",
    "Value",
    "decode",
    "decode_head",
    "encode",
]

HEADER = struct.Struct(">BBHi")
_SHORT = struct.Struct(">H")
_INTEGER = struct.Struct(">i")
_RANGE = struct.Struct(">ii")
_RESOLUTION = struct.Struct(">iib")
_DATE_TIME = struct.Struct(">HBBBBBBcBB")
_LONGEST = 0x7FFF  # lengths are signed 16-bit numbers (RFC 8010 section 3.1.4)

Field = tuple[int, bytes, bytes]  # tag, name, value; a delimiter has neither


class _TruncatedError(WireError):
    """The message ends before its end-of-attributes tag."""


def decode(
    data: bytes, *, limit: int = 1 << 20, max_attributes: int = 20_000, max_depth: int = 8
) -> Message:
    """Give the message that `data` holds, document included.

    `limit` bounds the octets of the whole message, `max_attributes` its groups, values and members
    together, `max_depth` the nesting of collections. Unknown tags, and values that do not fit their
    tag, are kept raw. Raises WireError.
    """
    if len(data) > limit:
        raise WireError(f"IPP message of {len(data)} octets, more than {limit}")
    message, end = _decode(bytes(data), limit, max_attributes, max_depth)
    return Message(
        message.version, message.code, message.request_id, message.groups, bytes(data[end:])
    )


def decode_head(
    data: bytes, *, limit: int = 1 << 20, max_attributes: int = 20_000, max_depth: int = 8
) -> tuple[Message, int] | None:
    """Give the message at the start of a stream and where its document begins.

    Returns None while `data` does not reach the end of the attributes; the message's `data` stays
    empty. `limit` bounds the attributes only. Raises WireError.
    """
    try:
        return _decode(bytes(data[:limit]), limit, max_attributes, max_depth)
    except _TruncatedError:
        if len(data) >= limit:
            raise WireError(f"IPP attributes of more than {limit} octets") from None
        return None


def encode(message: Message, *, max_depth: int = 8) -> bytes:
    """Give the octets of `message`; raises WireError for what IPP cannot carry."""
    try:
        out = bytearray(HEADER.pack(*message.version, message.code, message.request_id))
        for group in message.groups:
            if group.tag == GroupTag.END or not 0 < group.tag < 0x10:
                raise WireError(f"no IPP group has the tag {group.tag:#04x}")
            out.append(group.tag)
            for attribute in group.attributes:
                _put_attribute(out, attribute, max_depth)
        out.append(GroupTag.END)
        return bytes(out + message.data)
    except (struct.error, UnicodeError, TypeError, ValueError) as error:
        raise WireError(f"not an IPP message: {error}") from error


def _decode(data: bytes, limit: int, most: int, deepest: int) -> tuple[Message, int]:
    if len(data) < HEADER.size:
        raise _TruncatedError("IPP message shorter than its header")
    major, minor, code, request_id = HEADER.unpack_from(data)
    end = [0]
    fields = _fields(data, most, end)
    groups = tuple(_groups(fields, deepest))
    if end[0] > limit:
        raise WireError(f"IPP attributes of more than {limit} octets")
    return Message((major, minor), code, request_id, groups), end[0]


def _fields(data: bytes, most: int, end: list[int]) -> Iterator[Field]:
    """Cut `data` into fields up to end-of-attributes, whose end it leaves in `end`."""
    position, short, size = HEADER.size, _SHORT.unpack_from, len(data)
    for _ in range(most + 1):
        if position >= size:
            raise _TruncatedError("IPP message without end-of-attributes")
        tag = data[position]
        position += 1
        if tag < 0x10:
            if tag == GroupTag.END:
                end[0] = position
                return
            yield tag, b"", b""
            continue
        if position + 2 > size:
            raise _TruncatedError("IPP attribute cut in its name length")
        (length,) = short(data, position)
        start = position + 2
        position = start + length
        if length > _LONGEST:
            raise WireError(f"IPP name of {length} octets")
        if position + 2 > size:
            raise _TruncatedError("IPP attribute cut in its name")
        name = data[start:position]
        (length,) = short(data, position)
        start = position + 2
        position = start + length
        if length > _LONGEST:
            raise WireError(f"IPP value of {length} octets")
        if position > size:
            raise _TruncatedError("IPP attribute cut in its value")
        yield tag, name, data[start:position]
    raise WireError(f"more than {most} IPP attributes")


def _groups(fields: Iterator[Field], deepest: int) -> Iterator[Group]:
    tag = 0
    attributes: list[Attribute] = []
    name: bytes = b""
    values: list[Value] = []
    for field_tag, field_name, raw in fields:
        if field_name or field_tag < 0x10:
            if values:
                attributes.append(Attribute(_name(name), tuple(values)))
                values = []
            name = field_name
        if field_tag < 0x10:
            if tag:
                yield Group(tag, tuple(attributes))
                attributes = []
            if not field_tag:
                raise WireError("reserved IPP group tag 0x00")
            tag = field_tag
        elif not tag:
            raise WireError(f"IPP value tag {field_tag:#04x} outside any group")
        elif not name:
            raise WireError("IPP value without an attribute name")
        else:
            values.append(_value(field_tag, raw, fields, deepest))
    if values:
        attributes.append(Attribute(_name(name), tuple(values)))
    if tag:
        yield Group(tag, tuple(attributes))


def _collection(fields: Iterator[Field], deepest: int) -> Collection:
    """Read members up to endCollection (RFC 8010 section 3.1.6)."""
    if deepest < 0:
        raise WireError("IPP collections nested too deep")
    members: list[Attribute] = []
    name: bytes = b""
    values: list[Value] = []
    for tag, _, raw in fields:
        if tag in (ValueTag.MEMBER_NAME, ValueTag.END_COLLECTION):
            if values:
                members.append(Attribute(_name(name), tuple(values)))
                values = []
            elif name:
                raise WireError(f"IPP collection member {_name(name)} without a value")
            if tag == ValueTag.END_COLLECTION:
                return Collection(tuple(members))
            name = raw
            if not name:
                raise WireError("IPP collection member without a name")
        elif tag < 0x10:
            raise WireError("IPP group inside a collection")
        elif not name:
            raise WireError("IPP collection value without a member name")
        else:
            values.append(_value(tag, raw, fields, deepest))
    raise WireError("IPP collection without its end")


def _name(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        raise WireError("IPP attribute name is not text") from error


def _value(tag: int, raw: bytes, fields: Iterator[Field], deepest: int) -> Value:
    if tag == ValueTag.BEGIN_COLLECTION:
        return Value(tag, _collection(fields, deepest - 1))
    if tag in (ValueTag.END_COLLECTION, ValueTag.MEMBER_NAME):
        raise WireError("IPP collection tag outside a collection")
    if 0x40 <= tag < 0x60:
        try:
            return Value(tag, raw.decode())
        except UnicodeDecodeError:
            return Value(tag, raw)
    read = _READERS.get(tag)
    if read is not None:
        return Value(tag, read(raw))
    if 0x10 <= tag < 0x20 and not raw:
        return Value(tag, None)
    return Value(tag, raw)


def _integer(raw: bytes) -> Data:
    return _INTEGER.unpack(raw)[0] if len(raw) == 4 else raw


def _boolean(raw: bytes) -> Data:
    return raw != b"\0" if len(raw) == 1 else raw


def _range(raw: bytes) -> Data:
    return Range(*_RANGE.unpack(raw)) if len(raw) == _RANGE.size else raw


def _resolution(raw: bytes) -> Data:
    return Resolution(*_RESOLUTION.unpack(raw)) if len(raw) == _RESOLUTION.size else raw


def _date_time(raw: bytes) -> Data:
    if len(raw) != _DATE_TIME.size or raw[8:9] not in (b"+", b"-"):
        return raw
    year, month, day, hour, minute, second, tenth, direction, *offset = _DATE_TIME.unpack(raw)
    utc_hours, utc_minutes = offset
    return DateTime(
        year, month, day, hour, minute, second, tenth, direction.decode(), utc_hours, utc_minutes
    )


def _localized(raw: bytes) -> Data:
    """Split a language and a text, each behind its length; anything else stays raw."""
    if len(raw) < 4:
        return raw
    (first,) = _SHORT.unpack_from(raw)
    if first + 4 > len(raw):
        return raw
    (second,) = _SHORT.unpack_from(raw, 2 + first)
    if first + second + 4 != len(raw):
        return raw
    try:
        return Localized(raw[2 : 2 + first].decode(), raw[4 + first :].decode())
    except UnicodeDecodeError:
        return raw


_READERS: dict[int, Callable[[bytes], Data]] = {
    ValueTag.INTEGER: _integer,
    ValueTag.BOOLEAN: _boolean,
    ValueTag.ENUM: _integer,
    ValueTag.DATE_TIME: _date_time,
    ValueTag.RESOLUTION: _resolution,
    ValueTag.RANGE: _range,
    ValueTag.TEXT_WITH_LANGUAGE: _localized,
    ValueTag.NAME_WITH_LANGUAGE: _localized,
}


def _put_field(out: bytearray, tag: int, name: bytes, raw: bytes) -> None:
    if len(name) > _LONGEST or len(raw) > _LONGEST:
        raise WireError(f"IPP name or value of more than {_LONGEST} octets")
    out.append(tag)
    out += _SHORT.pack(len(name))
    out += name
    out += _SHORT.pack(len(raw))
    out += raw


def _put_attribute(out: bytearray, attribute: Attribute, deepest: int) -> None:
    name = attribute.name.encode()
    if not name or not attribute.values:
        raise WireError("an IPP attribute needs a name and a value")
    for value in attribute.values:
        _put_value(out, name, value, deepest)
        name = b""


def _put_value(out: bytearray, name: bytes, value: Value, deepest: int) -> None:
    data = value.data
    if not isinstance(data, Collection):
        if not 0x10 <= value.tag <= 0xFF or value.tag in _COLLECTION_TAGS:
            raise WireError(f"no IPP value has the tag {value.tag:#04x}")
        _put_field(out, value.tag, name, _raw(data))
        return
    if value.tag != ValueTag.BEGIN_COLLECTION:
        raise WireError(f"an IPP collection under the tag {value.tag:#04x}")
    if deepest < 1:
        raise WireError("IPP collections nested too deep")
    _put_field(out, value.tag, name, b"")
    for member in data.members:
        _put_field(out, ValueTag.MEMBER_NAME, b"", member.name.encode())
        if not member.name or not member.values:
            raise WireError("an IPP collection member needs a name and a value")
        for item in member.values:
            _put_value(out, b"", item, deepest - 1)
    _put_field(out, ValueTag.END_COLLECTION, b"", b"")


_COLLECTION_TAGS = (ValueTag.BEGIN_COLLECTION, ValueTag.END_COLLECTION, ValueTag.MEMBER_NAME)


def _raw(data: Data) -> bytes:
    if data is None:
        return b""
    if isinstance(data, bytes):
        return data
    if isinstance(data, str):
        return data.encode()
    if isinstance(data, bool):
        return b"\1" if data else b"\0"
    if isinstance(data, int):
        return _INTEGER.pack(data)
    if isinstance(data, Range):
        return _RANGE.pack(data.low, data.high)
    if isinstance(data, Resolution):
        return _RESOLUTION.pack(data.cross_feed, data.feed, data.units)
    if isinstance(data, Localized):
        language, text = data.language.encode(), data.text.encode()
        return _SHORT.pack(len(language)) + language + _SHORT.pack(len(text)) + text
    if isinstance(data, DateTime):
        return _DATE_TIME.pack(
            data.year,
            data.month,
            data.day,
            data.hour,
            data.minute,
            data.second,
            data.decisecond,
            data.direction.encode(),
            data.utc_hours,
            data.utc_minutes,
        )
    raise WireError("an IPP collection where a plain value belongs")
