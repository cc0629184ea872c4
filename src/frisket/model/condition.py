"""A condition on devices: what a filter, a saved view, a group and a bulk action mean. Pure.

Written as a table of names and values, as the console's address bar, the interface and groups
have it: `{"site": ["Head office"], "toner_below": 10, "q": "hall"}`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Final

from frisket.errors import UsageError
from frisket.model.finding import Severity

STATES: Final = ("new", "managed", "retired")
_LISTS: Final = ("site", "state", "status", "model", "vendor", "firmware", "tag", "worst", "group")
_SHARES: Final = ("score_below", "coverage_below")
_MOST: Final = 50  # values of one name
_LONG: Final = 200  # characters of one value


@dataclass(frozen=True, slots=True)
class Condition:
    """Devices that meet all of it; several values of one name are alternatives.

    `group` names saved conditions, of which one must be met. `score_below` and `coverage_below`
    are shares (0 to 1), `toner_below` is percent, `unseen_days` asks for devices not seen for so
    long, `q` for text anywhere in a device's marks.
    """

    q: str = ""
    site: tuple[str, ...] = ()
    state: tuple[str, ...] = ()
    status: tuple[str, ...] = ()
    vendor: tuple[str, ...] = ()
    model: tuple[str, ...] = ()
    firmware: tuple[str, ...] = ()
    tag: tuple[str, ...] = ()
    worst: tuple[str, ...] = ()
    group: tuple[str, ...] = ()
    score_below: float | None = None
    coverage_below: float | None = None
    toner_below: int | None = None
    unseen_days: int | None = None
    unaudited: bool = False

    def __bool__(self) -> bool:
        return self != Condition()

    def table(self) -> dict[str, Any]:
        """Return it as it is written, without what says nothing."""
        found = {}
        for one in fields(self):
            value = getattr(self, one.name)
            if value not in ("", (), None, False):
                found[one.name] = list(value) if isinstance(value, tuple) else value
        return found

    def without(self, name: str) -> Condition:
        """Return the condition with one name left out."""
        return replace(self, **{name: getattr(Condition(), name)})


def read_condition(table: Mapping[str, Any]) -> Condition:
    """Return the condition that a table writes. Raises `UsageError` for what it cannot mean."""
    known = {one.name for one in fields(Condition)}
    unknown = sorted(set(table) - known)
    if unknown:
        raise UsageError(
            f"{str(unknown[0])[:60]} is nothing to choose devices by",
            hint=f"one of {', '.join(sorted(known))}",
        )
    found: dict[str, Any] = {}
    for name, value in table.items():
        if value in ("", None, [], ()):
            continue
        found[name] = _value(name, value)
    return Condition(**found)


def _value(name: str, value: Any) -> Any:
    if name in _LISTS:
        return _list(name, value)
    if name == "q":
        return str(value).strip()[:_LONG]
    if name == "unaudited":
        return value in (True, "true", "1", "on")
    return _number(name, value)


def _list(name: str, value: Any) -> tuple[str, ...]:
    values = [value] if isinstance(value, str) else value
    if not isinstance(values, list | tuple) or len(values) > _MOST:
        raise UsageError(f"{name} takes a text or a list of up to {_MOST}")
    found = tuple(dict.fromkeys(str(one)[:_LONG] for one in values if str(one)))
    allowed = {"state": STATES, "worst": (*(s.value for s in Severity), "none")}.get(name)
    for one in found:
        if allowed and one not in allowed:
            raise UsageError(f"{name} cannot be {one[:60]}", hint=f"one of {', '.join(allowed)}")
    return found


def _number(name: str, value: Any) -> float | int:
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise UsageError(f"{name} is a number, not {str(value)[:60]}") from None
    most = 1.0 if name in _SHARES else 100 if name == "toner_below" else 10_000
    if not 0 <= number <= most:
        raise UsageError(f"{name} lies between 0 and {most:g}")
    return number if name in _SHARES else int(number)
