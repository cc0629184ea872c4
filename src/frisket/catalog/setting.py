"""One key of the catalogue: its type, its range and its place on the device."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from frisket.errors import SettingRefused
from frisket.model.reading import Value


class Kind(StrEnum):
    """What a key speaks of."""

    SETTING = "setting"  # the device can be told
    STATE = "state"  # seen of the device, not settable by itself
    PRACTICE = "practice"  # only a person can say


class Type(StrEnum):
    """The type of a key's value."""

    BOOLEAN = "boolean"
    INTEGER = "integer"
    TEXT = "text"
    CHOICE = "choice"  # one of `values`
    SET = "set"  # any of `values`, kept in their order
    LIST = "list"  # free strings


# Text that is hostile wherever it is shown has no place in a setting either.
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Setting:
    """One key. `values` limits choice and set; `max_length` counts characters or list items.

    `used_by`: people, programs and other devices that lose or must change something with it.
    """

    key: str
    kind: Kind
    type: Type
    label: str
    topic: str
    menu: str = ""
    about: str = ""
    values: tuple[str, ...] = ()
    minimum: int = 0
    maximum: int = 0
    max_length: int = 255
    pattern: str = ""
    unit: str = ""
    guide: tuple[str, ...] = ()
    secret: bool = False
    services: tuple[str, ...] = ()
    used_by: tuple[str, ...] = ()
    restart: bool = False
    doors: tuple[str, ...] = ("remote-ui", "panel")
    role: str = ""
    sure: str = "inferred"

    def check(self, value: object) -> Value:
        """Return `value` as this key's type, or raise `SettingRefused` with the allowed range."""
        match self.type:
            case Type.BOOLEAN if isinstance(value, bool):
                return value
            case Type.INTEGER if isinstance(value, int) and not isinstance(value, bool):
                if self.minimum <= value <= self.maximum:
                    return value
            case Type.TEXT if isinstance(value, str):
                if self._text_fits(value):
                    return value
            case Type.CHOICE if isinstance(value, str):
                if value in self.values:
                    return value
            case Type.SET if isinstance(value, list | tuple):
                if all(isinstance(v, str) and v in self.values for v in value):
                    return tuple(v for v in self.values if v in value)
            case Type.LIST if isinstance(value, list | tuple):
                if len(value) <= self.max_length and all(
                    isinstance(v, str) and len(v) <= 255 and not _CONTROL.search(v) for v in value
                ):
                    return tuple(value)
            case _:
                pass
        shown = "this value" if self.secret else repr(value)[:80]
        raise SettingRefused(f"{self.key} does not accept {shown}; it takes {self.range}")

    def _text_fits(self, value: str) -> bool:
        if len(value) > self.max_length or _CONTROL.search(value):
            return False
        return not self.pattern or not value or re.fullmatch(self.pattern, value) is not None

    def parse(self, text: str) -> Value:
        """Read a value from one line of text (`on`, `30`, `a,b`), or raise `SettingRefused`."""
        match self.type:
            case Type.BOOLEAN:
                word = text.strip().lower()
                if word in _TRUE or word in _FALSE:
                    return word in _TRUE
                return self.check(text)
            case Type.INTEGER:
                number = re.fullmatch(r"\s*-?[0-9]{1,9}\s*", text)
                return self.check(int(text) if number else text)
            case Type.SET | Type.LIST:
                return self.check([part.strip() for part in text.split(",") if part.strip()])
            case _:
                return self.check(text)

    @property
    def range(self) -> str:
        """Say in words which values are allowed."""
        match self.type:
            case Type.BOOLEAN:
                return "on or off"
            case Type.INTEGER:
                return f"{self.minimum} to {self.maximum}" + (f" {self.unit}" if self.unit else "")
            case Type.CHOICE:
                return "one of " + ", ".join(self.values)
            case Type.SET:
                return "any of " + ", ".join(self.values)
            case Type.TEXT:
                form = f" of the form {self.pattern}" if self.pattern else ""
                return f"text of at most {self.max_length} characters{form}"
            case Type.LIST:
                return f"at most {self.max_length} texts"


_TRUE = frozenset({"on", "true", "yes", "1"})
_FALSE = frozenset({"off", "false", "no", "0"})


def show(value: Value) -> str:
    """Return a value as people write it: on/off, comma-separated lists."""
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, tuple):
        return ", ".join(value) if value else "none"
    return str(value)
