"""A security policy as text: which of the 45 items are ticked, and what is entered beside them.

The text is TOML, and complete: every item says true or false, so that nothing is unticked because
somebody left out a line. What `write_sheet` writes, `read_sheet` reads.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from frisket.audit.baseline import Baseline
from frisket.audit.entries import printable
from frisket.audit.load import Content, Contradiction
from frisket.audit.policy import PolicyItem, check_parameters, forced
from frisket.audit.rule import Parameters
from frisket.errors import SettingRefused, UsageError
from frisket.model.reading import Value

FORMAT: Final = 1
ITEMS: Final = "policy.items"
VALUES: Final = "policy.values"
LARGEST: Final = 100_000  # characters of a file


@dataclass(frozen=True, slots=True)
class Sheet:
    """Ticked items in the device's order, and the values entered beside them by parameter."""

    items: tuple[str, ...] = ()
    values: Mapping[str, Value] = field(default_factory=dict)


def parameters_of(item: PolicyItem) -> tuple[str, ...]:
    """Return the names of what is entered beside an item."""
    return (*(limit.parameter for limit in item.ranges), *item.text)


def ticked(sheet: Sheet, content: Content) -> tuple[PolicyItem, ...]:
    """Return the ticked items."""
    return tuple(item for item in content.policy if item.id in sheet.items)


def make_sheet(items: Iterable[str], values: Parameters, content: Content) -> Sheet:
    """Return a sheet that a device would take; values beside items not ticked are left out.

    Raises `SettingRefused` for an unknown item, a number outside its range, a text that is missing
    or that the setting behind it does not take.
    """
    wanted = set(items)
    if strange := wanted - {item.id for item in content.policy}:
        names = ", ".join(sorted(printable(name)[:20] for name in strange))
        raise SettingRefused(f"no such security policy item: {names}")
    chosen = [item for item in content.policy if item.id in wanted]
    own = {n: values[n] for item in chosen for n in parameters_of(item) if n in values}
    check_parameters(chosen, own)
    sheet = Sheet(tuple(item.id for item in chosen), own)
    for key, value in forces(sheet, content).items():
        content.catalog[key].check(value)
    return sheet


def forces(sheet: Sheet, content: Content) -> Mapping[str, Value]:
    """Return the settings that a device with this policy holds, and their values."""
    return forced(ticked(sheet, content), content.rules, sheet.values, content.catalog)


def held_by(sheet: Sheet, content: Content) -> Mapping[str, tuple[PolicyItem, ...]]:
    """Return which ticked items hold each forced setting."""
    found: dict[str, tuple[PolicyItem, ...]] = {}
    for item in ticked(sheet, content):
        for key in forced([item], content.rules, sheet.values, content.catalog):
            found[key] = (*found.get(key, ()), item)
    return found


def locked(items: Iterable[str], content: Content) -> Mapping[str, str]:
    """Return the settings that ticked items hold, and by which item in words."""
    wanted = set(items)
    packaged = content.baselines["security-policy"].parameters
    found: dict[str, str] = {}
    for item in content.policy:
        if item.id in wanted:
            why = f"locked by the security policy: {item.id} {item.label}"
            for key in forced([item], content.rules, packaged, content.catalog):
                found.setdefault(key, why)
    return found


def as_settings(sheet: Sheet) -> dict[str, Value]:
    """Return a sheet as values of the keys `policy.items` and `policy.values`."""
    pairs = tuple(f"{name}={value}" for name, value in sheet.values.items())
    return {ITEMS: sheet.items, VALUES: pairs}


def from_settings(settings: Mapping[str, Value], content: Content) -> Sheet:
    """Return the sheet that two keys speak of, or raise `SettingRefused`."""
    items, pairs = settings[ITEMS], settings[VALUES]
    if not isinstance(items, tuple) or not isinstance(pairs, tuple):
        raise SettingRefused("a policy is a set of items and a list of values")
    numbers = {limit.parameter for item in content.policy for limit in item.ranges}
    values: dict[str, Value] = {}
    for pair in pairs:
        name, _, text = pair.partition("=")
        number = name in numbers and text.isascii() and text.isdigit() and len(text) < 10
        values[name] = int(text) if number else text
    return make_sheet(items, values, content)


def from_baseline(baseline: Baseline, content: Content) -> Sheet:
    """Return the items of which a baseline demands every forced setting just so.

    What the baseline does not say of numbers is taken from the policy's own baseline.
    """
    given = {**content.baselines["security-policy"].parameters, **baseline.parameters}
    demanded: dict[str, set[Value]] = {}
    for _, need in baseline.needs():
        for rule in (content.rules[name] for name in need.rules):
            for key, value in rule.fixes(baseline.parameters, content.catalog).items():
                demanded.setdefault(key, set()).add(value)
    items = [item for item in content.policy if _demands(demanded, item, given, content)]
    return make_sheet((item.id for item in items), given, content)


def _demands(
    demanded: Mapping[str, set[Value]], item: PolicyItem, given: Parameters, content: Content
) -> bool:
    held = forced([item], content.rules, given, content.catalog)
    typed = set(parameters_of(item))
    free = {
        content.rules[rule].key for rule in item.rules if content.rules[rule].parameter in typed
    }
    return bool(held) and all(
        key in demanded and (key in free or demanded[key] == {value}) for key, value in held.items()
    )


@dataclass(frozen=True, slots=True)
class Contrast:
    """One item that two policies do not agree on; None where it is not ticked."""

    item: PolicyItem
    one: Mapping[str, Value] | None
    other: Mapping[str, Value] | None


def contrasts(one: Sheet, other: Sheet, content: Content) -> tuple[Contrast, ...]:
    """Return every item on which two policies differ, in the device's order."""
    found = (Contrast(item, _entered(one, item), _entered(other, item)) for item in content.policy)
    return tuple(contrast for contrast in found if contrast.one != contrast.other)


def _entered(sheet: Sheet, item: PolicyItem) -> Mapping[str, Value] | None:
    if item.id not in sheet.items:
        return None
    return {name: sheet.values[name] for name in parameters_of(item)}


def conflicts(sheet: Sheet, content: Content) -> tuple[Contradiction, ...]:
    """Return the known contradictions of which at least two policy items are all ticked."""
    found = []
    for row in content.contradictions:
        items = [name for name in row.between if name.startswith("SP-")]
        if len(items) > 1 and set(items) <= set(sheet.items):
            found.append(row)
    return tuple(found)


def write_sheet(sheet: Sheet, content: Content, heading: Iterable[str] = ()) -> str:
    """Return a sheet as its text; `heading` are lines of comment, made printable."""
    lines = [f"# {printable(line)}".rstrip() for line in heading]
    lines += [f"frisket_policy = {FORMAT}", "", "[items]"]
    group = ""
    for item in content.policy:
        if (title := f"{item.section}: {item.group}") != group:
            lines += [f"# {title}"]
            group = title
        lines.append(f"{item.id} = {str(item.id in sheet.items).lower():<5}  # {item.label}")
    lines += ["", "[values]", *_value_lines(sheet, content)]
    return "\n".join(lines) + "\n"


def _value_lines(sheet: Sheet, content: Content) -> Iterator[str]:
    for item in content.policy:
        about = {r.parameter: f", {r.minimum} to {r.maximum} {r.unit}" for r in item.ranges}
        for name in parameters_of(item):
            if name in sheet.values:
                value = sheet.values[name]
                # A JSON string is a TOML one, but for this character, which no text here holds.
                shown = json.dumps(value, ensure_ascii=False).replace("\x7f", "")
                yield f"{name} = {shown}  # {item.id}{about.get(name, '')}"


def read_sheet(text: str, source: str, content: Content) -> Sheet:
    """Read a policy's text. Raises `UsageError` for whatever is not just so."""
    if len(text) > LARGEST:
        raise UsageError(f"{source}: larger than {LARGEST} characters")
    try:
        raw = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as fault:
        raise UsageError(f"{source}: {printable(str(fault))[:200]}") from fault
    if raw.get("frisket_policy") != FORMAT:
        hint = "make one with: frisket policy export"
        raise UsageError(f"{source} is no security policy of format {FORMAT}", hint=hint)
    if strange := set(raw) - {"frisket_policy", "items", "values"}:
        raise UsageError(f"{source}: unknown key {printable(min(strange))[:40]}")
    try:
        return make_sheet(_items(raw, source, content), _values(raw, source, content), content)
    except SettingRefused as fault:
        raise UsageError(f"{source}: {fault}") from fault


def _table(raw: Mapping[str, Any], name: str, source: str) -> Mapping[str, Any]:
    table = raw.get(name, {})
    if not isinstance(table, dict):
        raise UsageError(f"{source}: [{name}] is a table")
    return table


def _items(raw: Mapping[str, Any], source: str, content: Content) -> list[str]:
    table = _table(raw, "items", source)
    known = [item.id for item in content.policy]
    if strange := sorted(set(table) - set(known)):
        raise UsageError(f"{source}: unknown key {printable(strange[0])[:40]} among the items")
    if missing := [name for name in known if name not in table]:
        names = ", ".join(missing[:5]) + (" …" if len(missing) > 5 else "")
        raise UsageError(f"{source}: say true or false of every item; missing: {names}")
    for name, value in table.items():
        if not isinstance(value, bool):
            raise UsageError(f"{source}: {name} is true or false")
    return [name for name, value in table.items() if value]


def _values(raw: Mapping[str, Any], source: str, content: Content) -> dict[str, Value]:
    table = _table(raw, "values", source)
    numbers = {limit.parameter for item in content.policy for limit in item.ranges}
    texts = {name for item in content.policy for name in item.text}
    for name, value in table.items():
        if name not in numbers | texts:
            raise UsageError(f"{source}: unknown key {printable(name)[:40]} among the values")
        if name in numbers and (not isinstance(value, int) or isinstance(value, bool)):
            raise UsageError(f"{source}: {name} is a number")
        if name in texts and not isinstance(value, str):
            raise UsageError(f"{source}: {name} is a text")
    return dict(table)
