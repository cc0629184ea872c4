"""What differs between two baselines, and between two policies, as lines for people. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from frisket.audit.baseline import Baseline, Consideration
from frisket.audit.load import Content
from frisket.audit.sheet import Sheet, contrasts
from frisket.catalog.setting import show
from frisket.model.reading import Value

# What, in the one, in the other; an empty text where it is not there.
Line = tuple[str, str, str]


def differences(one: Baseline, other: Baseline) -> tuple[Line, ...]:
    """Return what differs: title, parameters, then considerations in the order of both."""
    lines = [("title", one.title, other.title)] if one.title != other.title else []
    return (*lines, *_parameters(one, other), *_considerations(one, other))


def _parameters(one: Baseline, other: Baseline) -> Iterator[Line]:
    for name in dict.fromkeys((*one.parameters, *other.parameters)):
        before, after = one.parameters.get(name), other.parameters.get(name)
        if before != after:
            yield (name, _shown(before), _shown(after))


def _shown(value: Value | None) -> str:
    return "" if value is None else show(value)


def _considerations(one: Baseline, other: Baseline) -> Iterator[Line]:
    before = {c.id: c for c in one.considerations}
    after = {c.id: c for c in other.considerations}
    for name in dict.fromkeys((*before, *after)):
        was, now = before.get(name), after.get(name)
        if was != now:
            feature = (now or was or Consideration("", "", "", ())).feature
            yield (f"{name} {feature}", _asked(was), _asked(now))


def _asked(one: Consideration | None) -> str:
    if one is None:
        return ""
    return f"{one.text} [{', '.join(need.id for need in one.needs)}]"


def sheet_differences(one: Sheet, other: Sheet, content: Content) -> tuple[Line, ...]:
    """Return the items on which two policies differ, in the device's order."""
    return tuple(
        (f"{row.item.id} {row.item.label}", _entered(row.one), _entered(row.other))
        for row in contrasts(one, other, content)
    )


def _entered(values: Mapping[str, Value] | None) -> str:
    if values is None:
        return "off"
    entered = ", ".join(f"{name} = {show(value)}" for name, value in values.items())
    return f"on, {entered}" if entered else "on"
