"""Polls for people and machines: a table with bars, JSON, CSV. Every text is made visible first."""

from __future__ import annotations

import csv
import dataclasses
import io
import sys
from collections.abc import Iterator, Sequence
from typing import Any

from rich.console import Console
from rich.text import Text

from frisket.report.escape import guarded
from frisket.telemetry.poll import Polled
from frisket.telemetry.sample import Alert, Counter, Level, Sample, State
from frisket.telemetry.words import CODES

SCHEMA_VERSION = 1
_BAR = 20  # characters
_LOW = 10  # percent
CSV_HEADER = (
    *("target", "at", "serial", "group", "index", "name", "number", "value", "capacity"),
    *("unit", "percent", "state", "table", "oid", "rule"),
)


def level_words(level: Level) -> str:
    """Return a level in words: `63 %`, `120 of 550 sheets`, `some left`."""
    if level.state is not State.MEASURED or level.amount is None:
        return level.state.value
    percent = level.percent
    if level.unit == "percent" and percent is not None:
        return f"{percent} %"
    amount = f"{level.amount:,} of {level.capacity:,}" if level.capacity else f"{level.amount:,}"
    words = f"{amount} {level.unit}".rstrip()
    return words if percent is None else f"{percent} % ({words})"


def print_samples(polled: Sequence[Polled]) -> None:
    """Print what devices report to standard output."""
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 160)
    for one in polled:
        for line in _lines(one):
            console.print(line, soft_wrap=True)
        console.print()


def _lines(one: Polled) -> Iterator[Text]:
    sample = one.sample
    who = sample.identity
    facts = (
        f"{who.vendor} {who.model}".strip(),
        who.serial and f"serial {who.serial}",
        who.firmware and f"firmware {who.firmware}",
        who.name and f"name {who.name}",
        who.location and f"at {who.location}",
    )
    yield Text.assemble((one.target, "bold"), "  ", " · ".join(fact for fact in facts if fact))
    yield from _status(sample)
    yield from _levels("Supplies", [(_supply_name(s), s.level) for s in sample.supplies])
    yield from _levels("Paper", [(_tray_name(t), t.level) for t in sample.trays])
    yield from _alerts(sample.alerts)
    yield from _counters(sample.counters)
    for note in sample.notes:
        yield Text(f"  ! {note}", "yellow")


def _supply_name(supply: Any) -> str:
    return f"{supply.name} (room left)" if supply.receptacle else str(supply.name)


def _tray_name(tray: Any) -> str:
    return f"{tray.name}, {tray.media}" if tray.media else str(tray.name)


def _status(sample: Sample) -> Iterator[Text]:
    status = sample.status
    words = ", ".join(word for word in (status.printer, status.device) if word)
    if words or status.problems:
        yield Text.assemble(
            "  Status    ", words or "not told", (_prefixed(status.problems), "yellow")
        )
    if status.display:
        yield Text(f"  Display   {' / '.join(status.display)}")


def _prefixed(problems: Sequence[str]) -> str:
    return f" · {', '.join(problems)}" if problems else ""


def _bar(level: Level) -> tuple[str, str]:
    """Return a bar and its style; dots where there is nothing to draw."""
    percent = level.percent
    if percent is None:
        return "·" * _BAR, "dim"
    filled = min(_BAR, (percent * _BAR + 99) // 100)
    style = "red" if not percent else "yellow" if percent <= _LOW else "green"
    return "━" * filled + "╌" * (_BAR - filled), style


def _levels(title: str, rows: Sequence[tuple[str, Level]]) -> Iterator[Text]:
    if not rows:
        return
    yield Text(f"  {title}", "bold")
    width = min(max(len(name) for name, _ in rows), 48)
    for name, level in rows:
        yield Text.assemble(f"    {name:<{width}}  ", _bar(level), f"  {level_words(level)}")


def _alerts(alerts: Sequence[Alert]) -> Iterator[Text]:
    if alerts:
        yield Text("  Alerts", "bold")
    for alert in alerts:
        style = "bold red" if alert.severity == "critical" else "yellow"
        where = f"{alert.group} {alert.member}".strip()
        yield Text.assemble(
            (f"    {alert.severity or 'other':<8}", style),
            f"  {where}  {alert.text or CODES.get(alert.code, f'code {alert.code}')}",
        )


def _counters(counters: Sequence[Counter]) -> Iterator[Text]:
    if not counters:
        return
    yield Text("  Counters", "bold")
    width = min(max(len(counter.label) for counter in counters), 48)
    for counter in counters:
        number = "" if counter.number is None else str(counter.number)
        words = f"{counter.value:>13,} {counter.unit}"
        yield Text.assemble((f"    {number:>4}", "dim"), f"  {counter.label:<{width}}  {words}")


def document(polled: Sequence[Polled]) -> dict[str, Any]:
    """Return the polls as one JSON document: devices that gave values, and those that did not."""
    return {
        "schema_version": SCHEMA_VERSION,
        "devices": [_device(one) for one in polled if one.sample],
        "silent": [{"target": one.target, "why": one.why} for one in polled if not one.sample],
    }


def _device(one: Polled) -> dict[str, Any]:
    sample = one.sample
    facts = dataclasses.asdict(sample)
    for group in ("supplies", "trays"):
        for row, thing in zip(facts[group], getattr(sample, group), strict=True):
            row["level"]["percent"] = thing.level.percent
    return {"target": one.target, "at": one.at.isoformat(), "via": one.via, **facts}


def csv_text(polled: Sequence[Polled]) -> str:
    """Return the polls as CSV (RFC 4180), a row a value; cells that start a formula are quoted."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(CSV_HEADER)
    for one in polled:
        head = (one.target, one.at.isoformat(), one.sample.identity.serial)
        for row in _csv_rows(one.sample):
            cells = (*head, *("" if cell is None else str(cell) for cell in row))
            writer.writerow([guarded(cell) for cell in cells])
    return out.getvalue()


def _csv_rows(sample: Sample) -> Iterator[tuple[Any, ...]]:
    who, nowhere = sample.identity, ("", "", "")
    named = [(f"identity.{name}", getattr(who, name), name) for name in type(who).__slots__]
    status = sample.status
    named += [
        ("status.printer", status.printer, "status.printer"),
        ("status.device", status.device, "status.device"),
        ("status.problems", ", ".join(status.problems), "status.problems"),
    ]
    for name, text, key in named:
        source = sample.sources.get(key)
        origin = (source.table, source.oid, source.rule) if source else nowhere
        if text:
            yield ("fact", "", name, None, text, None, "", None, "", *origin)
    levels = [("supply", s.index, s.name, s.level) for s in sample.supplies]
    levels += [("tray", t.index, t.name, t.level) for t in sample.trays]
    for group, index, name, lvl in levels:
        origin = (lvl.source.table, lvl.source.oid, lvl.source.rule)
        cells = (lvl.amount, lvl.capacity, lvl.unit, lvl.percent, lvl.state.value)
        yield (group, index, name, None, *cells, *origin)
    for alert in sample.alerts:
        origin = (alert.source.table, alert.source.oid, alert.source.rule)
        where = f"{alert.group} {alert.member}".strip()
        yield ("alert", alert.index, where, alert.code, alert.text, None, "", None, alert.severity,
               *origin)  # fmt: skip
    for c in sample.counters:
        origin = (c.source.table, c.source.oid, c.source.rule)
        yield ("counter", "", c.name, c.number, c.value, None, c.unit, None, "", *origin)
