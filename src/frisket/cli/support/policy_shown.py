"""Security policies for people and machines: a table an item a row, and JSON."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from rich.console import Console
from rich.text import Text

from frisket.audit.load import Content
from frisket.audit.policy import PolicyItem
from frisket.audit.sheet import Contrast, Sheet, conflicts, held_by, parameters_of
from frisket.catalog.setting import show
from frisket.cli.support.shown import print_table
from frisket.drivers.base import Settings
from frisket.model.reading import Value
from frisket.report.escape import visible

FORMAT: Final = 1
_STYLE = {"held": "green", "open": "yellow", "other value": "bold red", "absent": "dim"}


def beside(item: PolicyItem, values: Mapping[str, Value]) -> str:
    """Return what is entered beside an item, in words."""
    units = {limit.parameter: f" {limit.unit}" for limit in item.ranges}
    return ", ".join(
        f"{name} {show(values[name])}{units.get(name, '')}"
        for name in parameters_of(item)
        if name in values
    )


@dataclass(frozen=True, slots=True)
class Shown:
    """One policy by name. `states` says how a device holds what it forces; {} for a file."""

    name: str
    sheet: Sheet
    states: Mapping[str, str] = field(default_factory=dict)
    values: Settings = field(default_factory=dict)
    serial: str = ""


def print_policy(shown: Shown, content: Content) -> None:
    """Print one policy."""
    name, sheet, states, values = shown.name, shown.sheet, shown.states, shown.values
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 160)
    title = f"# {visible(name)}"
    count = f"  {len(sheet.items)} of {len(content.policy)} items ticked"
    console.print(Text.assemble((title, "bold"), count), soft_wrap=True)
    by_item: dict[str, list[str]] = {}
    for key, items in held_by(sheet, content).items():
        for item in items:
            by_item.setdefault(item.id, []).append(key)
    group = ""
    for item in content.policy:
        if item.group != group:
            group = item.group
            console.print(Text(f"  {item.section} · {group}", "dim"), soft_wrap=True)
        ticked = item.id in sheet.items
        line = Text(f"    {'■' if ticked else '□'} {item.id} {item.label}")
        if entered := beside(item, sheet.values) if ticked else "":
            line.append(f"  {visible(entered)}", "cyan")
        console.print(line, soft_wrap=True)
        for key in by_item.get(item.id, ()):
            if states:
                state = states[key]
                told = f" = {visible(show(values[key]))}" if key in values else ""
                found = Text(f"        {key}{told}  ", "dim").append(state, _STYLE[state])
                console.print(found, soft_wrap=True)
    for row in conflicts(sheet, content):
        console.print(Text(f"  ! {' '.join(row.between)}: {row.text}", "yellow"), soft_wrap=True)
    if states:
        counted = Counter(states.values())
        words = ", ".join(f"{counted[state]} {state}" for state in _STYLE if counted[state])
        console.print(Text(f"  forced settings: {words}"), soft_wrap=True)


def policy_table(shown: Shown, content: Content) -> dict[str, Any]:
    """Return one policy as plain tables."""
    sheet, states, values = shown.sheet, shown.states, shown.values
    holders = held_by(sheet, content)
    return {
        "target": shown.name,
        "serial": shown.serial,
        "items": [
            {
                "id": item.id,
                "label": item.label,
                "ticked": item.id in sheet.items,
                "values": {n: sheet.values[n] for n in parameters_of(item) if n in sheet.values},
                "holds": [
                    {"key": key, "state": states.get(key, ""), "value": _plain(values.get(key))}
                    for key, items in holders.items()
                    if item in items
                ],
            }
            for item in content.policy
        ],
        "conflicts": [
            {"between": list(row.between), "text": row.text} for row in conflicts(sheet, content)
        ],
    }


def _plain(value: Value | None) -> Any:
    return list(value) if isinstance(value, tuple) else value


def print_contrasts(names: Sequence[str], found: Iterable[Contrast]) -> None:
    """Print what two policies differ in."""
    rows = [
        (row.item.id, row.item.label, _state(row.item, row.one), _state(row.item, row.other))
        for row in found
    ]
    print_table(("item", "", *names), rows)


def _state(item: PolicyItem, entered: Mapping[str, Value] | None) -> str:
    if entered is None:
        return "off"
    text = beside(item, entered)
    return f"on: {text}" if text else "on"


def contrast_table(names: Sequence[str], found: Iterable[Contrast]) -> dict[str, Any]:
    """Return what two policies differ in as plain tables; null is an item that is not ticked."""
    return {
        "format_version": FORMAT,
        "between": list(names),
        "items": [
            {
                "id": row.item.id,
                "label": row.item.label,
                "one": None if row.one is None else dict(row.one),
                "other": None if row.other is None else dict(row.other),
            }
            for row in found
        ],
    }
