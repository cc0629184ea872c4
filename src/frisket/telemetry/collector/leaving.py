"""What of a device's values may leave the site. Pure.

Free text that a device shows may hold what somebody printed, and for whom: a display says
`Printing salaries.pdf`, an alert `Job of M. Smith held`. Such text stays here; what it is about
leaves as code, group and severity.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from frisket.telemetry.batch import Value

_STAYS: Final = frozenset({"status.display", "notes"})
_ALERT: Final = "alert."
_TEXT: Final = 4  # where an alert's list has its text


def leaving(values: Mapping[str, Value]) -> dict[str, Value]:
    """Return the values without those that stay."""
    return {
        name: _without_text(value) if name.startswith(_ALERT) else value
        for name, value in values.items()
        if name not in _STAYS
    }


def _without_text(value: Value) -> Value:
    if isinstance(value, list) and len(value) > _TEXT:
        return [*value[:_TEXT], "", *value[_TEXT + 1 :]]
    return value
