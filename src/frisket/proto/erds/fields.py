"""Reading JSON that a stranger sent: whole, bounded, and with no field that is not expected."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final, NoReturn, TypeVar

from frisket.errors import WireError

T = TypeVar("T")
E = TypeVar("E", bound=StrEnum)

_MOMENT: Final = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)Z", re.ASCII)
# Control and format characters, and what is no character: nothing of that stands in a name.
_ILLEGAL: Final = re.compile(
    "[\0-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufdd0-\ufdef\ufeff\ufffe\uffff]"
)


def _refuse(word: str) -> NoReturn:
    raise WireError(f"JSON has no {word}")


def _pairs(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise WireError("a field stands twice")
    return found


def read_json(data: bytes, *, most: int) -> object:
    """Return the value of a JSON text (RFC 8259) of at most `most` octets. Raises `WireError`."""
    if len(data) > most:
        raise WireError(f"a message of {len(data)} octets, more than {most}")
    try:
        value: object = json.loads(
            data.decode("utf-8"),
            parse_constant=_refuse,
            parse_float=lambda _: _refuse("fractions here"),
            object_pairs_hook=_pairs,
        )
    except UnicodeDecodeError as fault:
        raise WireError("the message is not UTF-8") from fault
    except (ValueError, RecursionError) as fault:  # digits or brackets without end
        raise WireError("the message is not JSON") from fault
    return value


class Fields:
    """The fields of one JSON object; a name that is not among `names` is refused."""

    __slots__ = ("_raw", "_what")

    def __init__(self, raw: object, what: str, names: Collection[str]) -> None:
        if not isinstance(raw, dict):
            raise WireError(f"{what} is no object")
        if strange := [name for name in raw if name not in names]:
            raise WireError(f"{what} has an unknown field {strange[0][:40]!r}")
        self._raw: dict[str, object] = raw
        self._what = what

    def __contains__(self, name: str) -> bool:
        return name in self._raw

    def _bad(self, name: str) -> WireError:
        return WireError(f"{self._what}: {name} is missing or not as it must be")

    def text(self, name: str, longest: int, *, least: int = 0) -> str:
        """Return a text without control characters; "" where it is absent and may be empty."""
        value = self._raw.get(name, "")
        if not isinstance(value, str) or not least <= len(value) <= longest:
            raise self._bad(name)
        if _ILLEGAL.search(value):
            raise self._bad(name)
        return value

    def number(self, name: str, low: int, high: int) -> int:
        """Return a whole number within bounds."""
        value = self._raw.get(name)
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise self._bad(name)
        return value

    def maybe_number(self, name: str, low: int, high: int) -> int | None:
        """Return a whole number within bounds, None where it is absent."""
        return self.number(name, low, high) if name in self._raw else None

    def flag(self, name: str) -> bool:
        """Return a yes or no."""
        value = self._raw.get(name)
        if not isinstance(value, bool):
            raise self._bad(name)
        return value

    def moment(self, name: str) -> datetime:
        """Return a UTC time to the second (RFC 3339 with Z)."""
        found = _MOMENT.fullmatch(self.text(name, 20))
        if found is None:
            raise self._bad(name)
        try:
            year, month, day, hour, minute, second = map(int, found.groups())
            return datetime(year, month, day, hour, minute, second, tzinfo=UTC)
        except ValueError as fault:
            raise self._bad(name) from fault

    def word(self, name: str, kind: type[E]) -> E:
        """Return a word of a closed list."""
        try:
            return kind(self.text(name, 40))
        except ValueError as fault:
            raise self._bad(name) from fault

    def scalar(self, name: str, longest: int) -> bool | int | str:
        """Return a switch, a number of up to 53 bits, or a short text."""
        value = self._raw.get(name)
        if isinstance(value, bool):
            return value
        if isinstance(value, int):
            return self.number(name, -(1 << 53), 1 << 53)
        return self.text(name, longest, least=1)

    def rows(self, name: str, most: int, read: Callable[[object], T]) -> tuple[T, ...]:
        """Return the items of a list of at most `most`; none where it is absent."""
        value = self._raw.get(name, [])
        if not isinstance(value, list) or len(value) > most:
            raise self._bad(name)
        return tuple(read(each) for each in value)

    def inner(self, name: str) -> object:
        """Return a value as it stands."""
        return self._raw.get(name)


def moment_text(at: datetime) -> str:
    """Return a time as `Fields.moment` reads it."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
