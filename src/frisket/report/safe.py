"""Every text within a value made safe to show: what devices say may hold anything."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from enum import Enum
from typing import Any, TypeVar

from frisket.report.escape import visible

T = TypeVar("T")


def safe(value: T) -> T:
    """Return a copy in which every text, at any depth, is safe to show."""
    return _safe(value)  # type: ignore[no-any-return]


def _safe(value: Any) -> Any:
    if isinstance(value, Enum):
        return value
    if isinstance(value, str):
        return visible(value)
    if isinstance(value, tuple):
        return tuple(_safe(part) for part in value)
    if isinstance(value, Mapping):
        return {key: _safe(part) for key, part in value.items()}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        names = [field.name for field in dataclasses.fields(value)]
        return dataclasses.replace(value, **{name: _safe(getattr(value, name)) for name in names})
    return value
