"""What an IPP attribute can hold: values, attributes, groups and messages (RFC 8010)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import TypeAlias

from frisket.proto.ipp.names import GroupTag, ValueTag

Data: TypeAlias = (
    "bool | int | str | bytes | Range | Resolution | DateTime | Localized | Collection | None"
)


@dataclass(frozen=True, slots=True)
class Range:
    """A rangeOfInteger: `low` to `high`, both included."""

    low: int
    high: int


@dataclass(frozen=True, slots=True)
class Resolution:
    """A resolution: dots across and along the feed; `units` 3 is per inch, 4 per centimetre."""

    cross_feed: int
    feed: int
    units: int = 3


@dataclass(frozen=True, slots=True)
class DateTime:
    """A dateTime as the device sent it (RFC 2579 DateAndTime, eleven octets), unchecked."""

    year: int
    month: int
    day: int
    hour: int
    minute: int
    second: int
    decisecond: int = 0
    direction: str = "+"
    utc_hours: int = 0
    utc_minutes: int = 0

    @classmethod
    def of(cls, moment: datetime) -> DateTime:
        """Give the dateTime of an aware `moment` (a naive one is taken as UTC)."""
        offset = moment.utcoffset() or timedelta(0)
        hours, minutes = divmod(abs(offset) // timedelta(minutes=1), 60)
        return cls(
            moment.year,
            moment.month,
            moment.day,
            moment.hour,
            moment.minute,
            moment.second,
            moment.microsecond // 100_000,
            "-" if offset < timedelta(0) else "+",
            hours,
            minutes,
        )

    def moment(self) -> datetime | None:
        """Give the moment in UTC, or None when the device sent no real date."""
        offset = timedelta(hours=self.utc_hours, minutes=self.utc_minutes)
        try:
            return datetime(
                self.year,
                self.month,
                self.day,
                self.hour,
                self.minute,
                min(self.second, 59),  # 60 is a leap second
                min(self.decisecond, 9) * 100_000,
                timezone(-offset if self.direction == "-" else offset),
            ).astimezone(UTC)
        except (ValueError, OverflowError):
            return None


@dataclass(frozen=True, slots=True)
class Localized:
    """A textWithLanguage or nameWithLanguage: `text` in natural `language`."""

    language: str
    text: str


@dataclass(frozen=True, slots=True)
class Collection:
    """A collection: member attributes in order."""

    members: tuple[Attribute, ...] = ()

    def get(self, name: str) -> Attribute | None:
        """Give the first member called `name`."""
        return _first(self.members, name)


@dataclass(frozen=True, slots=True)
class Value:
    """One value and its tag.

    `data` is None for an out-of-band value, bool, int (integer, enum), str (the text and keyword
    family), bytes (octetString; also an unknown tag, text that is not UTF-8, or a value whose
    length does not fit its tag: kept raw), or one of the classes above.
    """

    tag: int
    data: Data


@dataclass(frozen=True, slots=True)
class Attribute:
    """A named, ordered set of one or more values."""

    name: str
    values: tuple[Value, ...]

    @classmethod
    def of(cls, name: str, tag: int, *data: Data) -> Attribute:
        """Give the attribute `name` whose values are `data`, all tagged `tag`."""
        return cls(name, tuple(Value(tag, item) for item in data))

    @property
    def first(self) -> Data:
        """The first value's data (None also when it is out-of-band or there is none)."""
        return self.values[0].data if self.values else None

    def texts(self) -> tuple[str, ...]:
        """Give the values that are text, without their language; raw bytes are shown as UTF-8."""
        return tuple(text for value in self.values if (text := _text(value)) is not None)

    def integers(self) -> tuple[int, ...]:
        """Give the values that are integers or enums."""
        return tuple(
            value.data
            for value in self.values
            if isinstance(value.data, int) and not isinstance(value.data, bool)
        )


@dataclass(frozen=True, slots=True)
class Group:
    """Attributes in order under one delimiter `tag`."""

    tag: int
    attributes: tuple[Attribute, ...] = ()

    def get(self, name: str) -> Attribute | None:
        """Give the first attribute called `name`."""
        return _first(self.attributes, name)


@dataclass(frozen=True, slots=True)
class Message:
    """A request or response.

    `version` is (major, minor); `code` is the operation of a request or the status of a response;
    `data` is what follows the attributes (the document).
    """

    version: tuple[int, int]
    code: int
    request_id: int
    groups: tuple[Group, ...] = ()
    data: bytes = b""

    def groups_of(self, tag: int) -> Iterator[Group]:
        """Give every group with this delimiter tag (one per job in a Get-Jobs response)."""
        return (group for group in self.groups if group.tag == tag)

    def get(self, tag: int, name: str) -> Attribute | None:
        """Give the first attribute called `name` in a group with this delimiter tag."""
        for group in self.groups_of(tag):
            found = group.get(name)
            if found is not None:
                return found
        return None


def opening(charset: str = "utf-8", language: str = "en") -> tuple[Attribute, Attribute]:
    """Give the two attributes that open every operation group, in order (RFC 8011 4.1.4)."""
    return (
        Attribute.of("attributes-charset", ValueTag.CHARSET, charset),
        Attribute.of("attributes-natural-language", ValueTag.NATURAL_LANGUAGE, language),
    )


def request(
    operation: int,
    request_id: int,
    uri: str,
    *attributes: Attribute,
    version: tuple[int, int] = (1, 1),
) -> Message:
    """Give a request to the printer `uri` with further operation `attributes` in order."""
    target = Attribute.of("printer-uri", ValueTag.URI, uri)
    group = Group(GroupTag.OPERATION, (*opening(), target, *attributes))
    return Message(version, operation, request_id, (group,))


def _first(attributes: tuple[Attribute, ...], name: str) -> Attribute | None:
    return next((item for item in attributes if item.name == name), None)


_TEXT_TAGS = range(0x40, 0x60)


def _text(value: Value) -> str | None:
    data = value.data
    if isinstance(data, str):
        return data
    if isinstance(data, Localized):
        return data.text
    if isinstance(data, bytes) and value.tag in _TEXT_TAGS:
        return data.decode("utf-8", "replace")
    return None
