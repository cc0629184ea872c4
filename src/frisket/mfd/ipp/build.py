"""Short ways to make IPP attributes."""

from __future__ import annotations

from collections.abc import Iterable

from frisket.proto.ipp.names import ValueTag
from frisket.proto.ipp.values import (
    Attribute,
    Collection,
    DateTime,
    Range,
    Resolution,
    Value,
)

Bound = tuple[int, int]


def keyword(name: str, *values: str) -> Attribute:
    """Return keywords."""
    return Attribute.of(name, ValueTag.KEYWORD, *values)


def uri(name: str, *values: str) -> Attribute:
    """Return URIs."""
    return Attribute.of(name, ValueTag.URI, *values)


def text(name: str, *values: str) -> Attribute:
    """Return texts."""
    return Attribute.of(name, ValueTag.TEXT, *values)


def named(name: str, *values: str) -> Attribute:
    """Return names."""
    return Attribute.of(name, ValueTag.NAME, *values)


def number(name: str, *values: int) -> Attribute:
    """Return integers."""
    return Attribute.of(name, ValueTag.INTEGER, *values)


def enum(name: str, *values: int) -> Attribute:
    """Return enums."""
    return Attribute.of(name, ValueTag.ENUM, *(int(value) for value in values))


def flag(name: str, value: bool) -> Attribute:  # noqa: FBT001 - a boolean is what it makes
    """Return a boolean."""
    return Attribute.of(name, ValueTag.BOOLEAN, value)


def span(name: str, *values: Bound) -> Attribute:
    """Return ranges of integers."""
    return Attribute.of(name, ValueTag.RANGE, *(Range(low, high) for low, high in values))


def dots(name: str, *values: int) -> Attribute:
    """Return resolutions in dots per inch, the same both ways."""
    return Attribute.of(name, ValueTag.RESOLUTION, *(Resolution(n, n) for n in values))


def mime(name: str, *values: str) -> Attribute:
    """Return MIME media types."""
    return Attribute.of(name, ValueTag.MIME_MEDIA_TYPE, *values)


def octets(name: str, *values: bytes) -> Attribute:
    """Return octet strings."""
    return Attribute.of(name, ValueTag.OCTET_STRING, *values)


def moment(name: str, value: DateTime) -> Attribute:
    """Return a date and time."""
    return Attribute.of(name, ValueTag.DATE_TIME, value)


def nothing(name: str) -> Attribute:
    """Return the out-of-band value no-value."""
    return Attribute.of(name, ValueTag.NO_VALUE, None)


def collections(name: str, values: Iterable[Iterable[Attribute]]) -> Attribute:
    """Return collections, each of its members."""
    made = (Collection(tuple(members)) for members in values)
    return Attribute(name, tuple(Value(ValueTag.BEGIN_COLLECTION, each) for each in made))
