"""Reads the TOML files that people write beside an audit: attestations and waivers.

Whatever stands in them ends up in reports, so every text is bounded and free of control characters.
Faults are `UsageError`s that name the entry and its line.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from fnmatch import fnmatchcase
from typing import Any

from frisket.errors import UsageError
from frisket.model.target import Identity, Target

_MODEL = "model:"


@dataclass(frozen=True, slots=True)
class Entry:
    """One table of the file and where it stands, for messages."""

    where: str
    fields: Mapping[str, Any]

    def fault(self, message: str) -> UsageError:
        """Return the error that says what is wrong with this entry."""
        return UsageError(f"{self.where}: {message}")

    def only(self, *known: str) -> None:
        """Raise where the entry has a field that is not among `known`."""
        if strange := sorted(set(self.fields) - set(known)):
            names = ", ".join(printable(name)[:40] for name in strange[:5])
            raise self.fault(f"unknown field {names}; known are {', '.join(known)}")

    def text(self, name: str, default: str | None = None, *, limit: int = 500) -> str:
        """Return a text of 1 to `limit` printable characters, or `default` where it is absent."""
        if name not in self.fields and default is None:
            raise self.fault(f"{name} missing")
        value = self._sound(name, self.fields.get(name, default), limit)
        if not value and default is None:
            raise self.fault(f"{name} is empty")
        return value

    def texts(self, name: str, *, limit: int = 500) -> tuple[str, ...]:
        """Return the texts of a list, or of a single text; empty ones are left out."""
        value = self.fields.get(name, [])
        each = value if isinstance(value, list) else [value]
        return tuple(filter(None, (self._sound(name, text, limit) for text in each)))

    def _sound(self, name: str, value: object, limit: int) -> str:
        if not isinstance(value, str):
            raise self.fault(f"{name} must be a text")
        text = value.strip()
        if len(text) > limit:
            raise self.fault(f"{name} is longer than {limit} characters")
        if not text.isprintable():
            raise self.fault(f"{name} has characters that cannot be printed")
        return text

    def day(self, name: str) -> date | None:
        """Return a date, given as a TOML date or as text `2026-01-31`; None where it is absent."""
        value = self.fields.get(name)
        if isinstance(value, datetime):
            return value.date()
        if isinstance(value, date):
            return value
        if value is None or value == "":
            return None
        try:
            return date.fromisoformat(value)
        except (TypeError, ValueError):
            raise self.fault(f"{name} must be a date such as 2026-01-31") from None


def entries(
    text: str, table: str, source: str, *, limit: int = 20_000, size: int = 16_000_000
) -> Iterator[Entry]:
    """Yield the `[[table]]` entries of a TOML text, or raise `UsageError`.

    `limit` bounds their number, `size` the text's characters; `source` names the file in messages.
    """
    if len(text) > size:
        raise UsageError(f"{source}: larger than {size} characters")
    try:
        raw = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as fault:
        raise UsageError(f"{source}: {printable(str(fault))[:200]}") from fault
    rows = raw.pop(table, [])
    if raw or not isinstance(rows, list):
        raise UsageError(f"{source}: nothing but [[{table}]] entries belongs in this file")
    if len(rows) > limit:
        raise UsageError(f"{source}: more than {limit} entries")
    lines = [n for n, line in enumerate(text.splitlines(), 1) if _heads(line, table)]
    for number, row in enumerate(rows, 1):
        # Where a multi-line text imitates a heading, the lines are not to be trusted.
        line = f" (line {lines[number - 1]})" if len(lines) == len(rows) else ""
        where = f"{source}: {table} {number}{line}"
        if not isinstance(row, dict):
            raise UsageError(f"{where}: write it as a [[{table}]] table")
        yield Entry(where, row)


def _heads(line: str, table: str) -> bool:
    return line.replace(" ", "").replace("\t", "").startswith(f"[[{table}]]")


def printable(text: str) -> str:
    """Return `text` with every character replaced that could mislead a terminal or a reader."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def covers(scope: str, target: Target, identity: Identity) -> bool:
    """Say whether `scope` means this device: `*`, an address, a name, a serial or `model:GLOB`.

    Serial and model are what the device itself says.
    """
    if scope == "*":
        return True
    if scope.startswith(_MODEL):
        glob = scope.removeprefix(_MODEL).strip().casefold()
        return bool(identity.model) and fnmatchcase(identity.model.casefold(), glob)
    names = {name.casefold() for name in (target.address, target.name, identity.serial) if name}
    return scope.casefold() in names


def nearness(scope: str) -> int:
    """Return how closely a scope names a device: 2 itself, 1 its model, 0 any."""
    if scope == "*":
        return 0
    return 1 if scope.startswith(_MODEL) else 2
