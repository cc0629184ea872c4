"""Reads content files. `load_catalog` walks content/settings: one file a topic, one table a key."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any

from frisket.catalog.setting import Kind, Setting, Type
from frisket.errors import ContentError, UsageError

_KEY = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+(-[a-z0-9]+)*)+")


@dataclass(frozen=True, slots=True)
class Catalog:
    """All keys, in the order of their files."""

    settings: Mapping[str, Setting]

    def __getitem__(self, key: str) -> Setting:
        """Return the setting of `key`, or raise `UsageError` naming near ones."""
        try:
            return self.settings[key]
        except KeyError:
            near = [k for k in self.settings if key.split(".", maxsplit=1)[0] in k][:5]
            hint = f"near ones: {', '.join(near)}" if near else ""
            raise UsageError(f"unknown key {key[:80]!r}", hint=hint) from None

    def __contains__(self, key: object) -> bool:
        return key in self.settings

    def __iter__(self) -> Iterator[Setting]:
        return iter(self.settings.values())

    def __len__(self) -> int:
        return len(self.settings)


def content(*parts: str) -> Traversable:
    """Return the packaged content file or folder at `parts`."""
    return resources.files("frisket").joinpath("content", *parts)


def read_toml(path: Traversable) -> dict[str, Any]:
    """Parse one TOML file, or raise `ContentError` naming it."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as fault:
        raise ContentError(f"{path.name}: {fault}") from fault


def toml_files(folder: Traversable) -> Iterator[Traversable]:
    """Yield the TOML files below `folder`, depth first, in name order."""
    for entry in sorted(folder.iterdir(), key=lambda e: e.name):
        if entry.is_dir():
            yield from toml_files(entry)
        elif entry.name.endswith(".toml"):
            yield entry


def build(cls: type[Any], raw: Mapping[str, Any], where: str) -> Any:
    """Build a frozen dataclass from a TOML table; lists become tuples. Raises `ContentError`."""
    known = {f.name for f in fields(cls)}
    if strange := set(raw) - known:
        raise ContentError(f"{where}: unknown field {', '.join(sorted(strange))}")
    try:
        return cls(**{k: tuple(v) if isinstance(v, list) else v for k, v in raw.items()})
    except (TypeError, ValueError) as fault:
        raise ContentError(f"{where}: {fault}") from fault


def parse_topic(topic: str, raw: Mapping[str, Any]) -> Iterator[Setting]:
    """Yield the settings of one topic file, or raise `ContentError`."""
    for key, table in raw.items():
        where = f"settings/{topic}.toml [{key}]"
        if not _KEY.fullmatch(key):
            raise ContentError(f"{where}: a key is lower-case words joined by dots and hyphens")
        if not isinstance(table, dict):
            raise ContentError(f"{where}: a table is expected")
        try:
            kind = Kind(table.get("kind", "setting"))
            kind_of_value = Type(table.get("type", ""))
        except ValueError as fault:
            raise ContentError(f"{where}: {fault}") from fault
        row = {**table, "key": key, "topic": topic, "kind": kind, "type": kind_of_value}
        if kind_of_value in {Type.CHOICE, Type.SET} and not row.get("values"):
            raise ContentError(f"{where}: values are missing")
        if kind is Kind.SETTING and not row.get("menu"):
            raise ContentError(f"{where}: a setting has a menu path")
        yield build(Setting, row, where)


@cache
def load_catalog() -> Catalog:
    """Return the packaged catalogue. Raises `ContentError` on a malformed or repeated key."""
    settings: dict[str, Setting] = {}
    for path in toml_files(content("settings")):
        for setting in parse_topic(path.name.removesuffix(".toml"), read_toml(path)):
            if setting.key in settings:
                raise ContentError(f"{setting.key} stands twice in the catalogue")
            settings[setting.key] = setting
    return Catalog(settings)
