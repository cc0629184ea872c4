"""A baseline as text: what the packaged ones are written in, and what people write their own in.

What `write_baseline` writes, `read_baseline` reads; a text is judged by the packaged ones' loader.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from frisket.audit.baseline import Baseline, Consideration, Need, parse_baseline
from frisket.audit.entries import printable
from frisket.audit.load import Content
from frisket.audit.policy import Range
from frisket.audit.questionnaire import quoted
from frisket.errors import ContentError, SettingRefused, UsageError
from frisket.model.reading import Value

LARGEST: Final = 400_000  # characters of a file
MOST: Final = 500  # considerations of a baseline
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,58}[a-z0-9]")
_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")
_LONG: Final = 3000  # characters of one text
_MOST_NEEDS: Final = 100
_FIELDS: Final = frozenset({"id", "title", "source", "policy", "parameters", "consideration"})
_ROW: Final = frozenset({"id", "feature", "text", "need", "note"})


def check_name(name: str) -> str:
    """Return a baseline's or policy's name, or raise `UsageError`: small letters, digits, `-`."""
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"{printable(name)[:60]!r} is no name", hint="2 to 60 small letters, digits and hyphens"
        )
    return name


def ranges(content: Content) -> Mapping[str, Range]:
    """Return the guide's limits of each number that is entered beside a demand."""
    return {limit.parameter: limit for item in content.policy for limit in item.ranges}


def read_baseline(text: str, source: str, content: Content) -> Baseline:
    """Read a baseline's text. Raises `UsageError` for whatever is not just so."""
    if len(text) > LARGEST:
        raise UsageError(f"{source}: larger than {LARGEST} characters")
    try:
        raw = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as fault:
        raise UsageError(f"{source}: {printable(str(fault))[:200]}") from fault
    try:
        return make_baseline(raw, content)
    except (ContentError, UsageError) as fault:
        raise UsageError(f"{source}: {printable(str(fault))[:400]}") from fault


def make_baseline(raw: Mapping[str, Any], content: Content) -> Baseline:
    """Return the baseline of a table, or raise `UsageError` or `ContentError`."""
    _only(raw, _FIELDS, "the baseline")
    for name in ("id", "title", "source"):
        _text(raw, name, "the baseline")
    name = check_name(raw["id"])
    if not isinstance(raw.get("policy", False), bool):
        raise UsageError("policy is true or false")
    rows = raw.get("consideration", [])
    if not isinstance(rows, list) or len(rows) > MOST:
        raise UsageError(f"up to {MOST} [[consideration]] entries belong in a baseline")
    for number, row in enumerate(rows, 1):
        _check_row(row, f"consideration {number}")
    _check_parameters(raw.get("parameters", {}), content)
    extra = tuple(item.as_consideration() for item in content.policy)
    baseline = parse_baseline(name, raw, content.rules, extra)
    ids = [one.id for one in baseline.considerations]
    if twice := sorted({one for one in ids if ids.count(one) > 1}):
        raise UsageError(f"consideration {twice[0]} stands twice")
    _check_values(baseline, content)
    return baseline


def _only(table: Mapping[str, Any], known: frozenset[str], where: str) -> None:
    if strange := sorted(set(table) - known):
        names = ", ".join(sorted(known))
        raise UsageError(f"{where}: unknown field {printable(strange[0])[:40]}; known are {names}")


def _text(table: Mapping[str, Any], name: str, where: str, *, needed: bool = True) -> None:
    value = table.get(name, None if needed else "")
    if not isinstance(value, str) or (needed and not value.strip()):
        raise UsageError(f"{where}: {name} is a text that is not empty")
    if len(value) > _LONG or not value.isprintable():
        raise UsageError(f"{where}: {name} is too long, or cannot be printed")


def _check_row(row: object, where: str) -> None:
    if not isinstance(row, dict):
        raise UsageError(f"{where}: write it as a [[consideration]] table")
    _only(row, _ROW, where)
    for name in ("id", "feature"):
        _text(row, name, where)
    if not _ID.fullmatch(row["id"]):
        raise UsageError(f"{where}: an id is up to 40 letters, digits, dots and hyphens")
    _text(row, "text", where, needed=False)
    _text(row, "note", where, needed=False)
    if "text" not in row:
        raise UsageError(f"{where}: text missing")
    needs = row.get("need")
    if not isinstance(needs, list) or not 1 <= len(needs) <= _MOST_NEEDS:
        raise UsageError(f"{where}: need lists 1 to {_MOST_NEEDS} rules")
    for need in needs:
        names = [need] if isinstance(need, str) else need.get("any") if _is_any(need) else None
        if not isinstance(names, list) or not all(isinstance(one, str) for one in names):
            raise UsageError(f"{where}: a need is a rule id or {{any = [two or more ids]}}")


def _is_any(need: object) -> bool:
    return isinstance(need, dict) and isinstance(need.get("title", ""), str)


def _check_parameters(table: object, content: Content) -> None:
    known = {rule.parameter for rule in content.rules.values() if rule.parameter}
    limits = ranges(content)
    if not isinstance(table, dict):
        raise UsageError("[parameters] is a table")
    for name, value in table.items():
        if name not in known:
            raise UsageError(f"no rule has the parameter {printable(name)[:40]}")
        limit = limits.get(name)
        if limit is None:
            _text(table, name, "parameters")
        elif isinstance(value, bool) or not isinstance(value, int):
            raise UsageError(f"parameter {name} is a number")
        elif not limit.minimum <= value <= limit.maximum:
            raise UsageError(
                f"parameter {name} takes {limit.minimum} to {limit.maximum} {limit.unit}"
            )


def _check_values(baseline: Baseline, content: Content) -> None:
    for consideration, need in baseline.needs():
        for name in need.rules:
            fixes = content.rules[name].fixes(baseline.parameters, content.catalog)
            for key, value in fixes.items():
                try:
                    content.catalog[key].check(value)
                except SettingRefused as fault:
                    raise UsageError(f"{consideration.id}: {fault}") from fault


def write_baseline(baseline: Baseline, content: Content, heading: Iterable[str] = ()) -> str:
    """Return a baseline as its text; `heading` are lines of comment, made printable."""
    lines = [f"# {printable(line)}".rstrip() for line in heading]
    lines += [f"{name} = {quoted(getattr(baseline, name))}" for name in ("id", "title", "source")]
    if baseline.parameters:
        lines += ["", "[parameters]", *_parameter_lines(baseline, content)]
    for consideration in baseline.considerations:
        lines += ["", *_consideration_lines(consideration)]
    return "\n".join(lines) + "\n"


def _parameter_lines(baseline: Baseline, content: Content) -> Iterator[str]:
    limits = ranges(content)
    for name, value in baseline.parameters.items():
        limit = limits.get(name)
        about = f"  # {limit.minimum} to {limit.maximum} {limit.unit}" if limit else ""
        yield f"{name} = {_shown(value)}{about}"


def _shown(value: Value) -> str:
    return quoted(value) if isinstance(value, str) else str(value)


def _consideration_lines(consideration: Consideration) -> Iterator[str]:
    yield "[[consideration]]"
    for name in ("id", "feature", "text"):
        yield f"{name} = {quoted(getattr(consideration, name))}"
    yield "need = ["
    for need in consideration.needs:
        yield f"  {_need(need)},"
    yield "]"
    if consideration.note:
        yield f"note = {quoted(consideration.note)}"


def _need(need: Need) -> str:
    if len(need.rules) == 1:
        return quoted(need.rules[0])
    listed = ", ".join(quoted(one) for one in need.rules)
    title = f", title = {quoted(need.title)}" if need.title else ""
    return f"{{any = [{listed}]{title}}}"
