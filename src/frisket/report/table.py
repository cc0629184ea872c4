"""A report for people at a terminal: Rich, any width from 60, with or without colour.

Nothing here is parsed as markup: device text only ever enters `rich.text.Text`.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence

from rich import box
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from frisket.model.finding import AuditResult, DeviceResult, Finding, Fix, Severity, Verdict
from frisket.report.advice import next_steps
from frisket.report.figures import (
    OPEN,
    QUIET,
    Consideration,
    all_findings,
    by_consideration,
    conflicts,
    counts,
    device_title,
    evidence_text,
    overall,
    percent,
    setting_text,
    urgency,
    widespread,
)
from frisket.report.format import Format, ReportContext

_VERDICT = {
    Verdict.FAIL: ("✗", "bold red"),
    Verdict.DISPUTED: ("≠", "bold magenta"),
    Verdict.UNKNOWN: ("?", "yellow"),
    Verdict.MANUAL: ("☐", "cyan"),
    Verdict.WAIVED: ("~", "blue"),
    Verdict.PASS: ("✓", "green"),
    Verdict.NOT_APPLICABLE: ("·", "dim"),
}
_SHORT = {Verdict.NOT_APPLICABLE: "n/a"}
_SEVERITY = {Severity.HIGH: "bold", Severity.MEDIUM: "", Severity.LOW: "dim"}
_BAR = 16

# A rule under the head and above the totals, and nothing that costs width.
_HEAD_ONLY = box.Box("    \n    \n ── \n    \n ── \n    \n    \n    \n")

# With more devices than this, what could not be judged is counted, not listed, for each.
_DETAILED = 3


def verdict_text(verdict: Verdict) -> Text:
    """Return a verdict as a sign and a word; colour only repeats it."""
    sign, style = _VERDICT[verdict]
    return Text(f"{sign} {_SHORT.get(verdict, verdict.value)}", style=style, no_wrap=True)


def _bar(share: float | None, style: str) -> Text:
    filled = 0 if share is None else round(share * _BAR)
    return Text.assemble(("━" * filled, style), ("╌" * (_BAR - filled), "dim"))


def _gauges(compliant: float | None, covered: float | None) -> RenderableType:
    grid = Table.grid(padding=(0, 1))
    cells: list[RenderableType] = []
    for label, share in (("Compliance", compliant), ("Coverage", covered)):
        style = "green" if share is not None and share >= 0.9 else "yellow"
        cells += [label, Text(f"{percent(share):>5}", style="bold"), _bar(share, style), " "]
        for _ in range(4):
            grid.add_column(no_wrap=True)
    grid.add_row(*cells[:-1])
    return grid


def _heading(device: DeviceResult) -> Iterator[RenderableType]:
    identity = device.identity
    title = Text(f" {device_title(device)} ", style="bold", no_wrap=True, overflow="ellipsis")
    yield Rule(title, align="left", characters="━", style="default")
    facts = [
        ("", device.target if device_title(device) != device.target else "says not who it is"),
        ("serial ", identity.serial),
        ("firmware ", identity.firmware),
        ("name ", identity.name),
        ("at ", identity.location),
    ]
    line = Text(" · ").join(Text.assemble((label, "dim"), value) for label, value in facts if value)
    yield Padding(line, (0, 0, 0, 2))
    yield Padding(_gauges(device.compliance, device.coverage), (0, 0, 0, 2))
    for note in device.notes:
        yield Padding(Text(f"note: {note}"), (0, 0, 0, 2))


def _detail(finding: Finding) -> Iterator[tuple[str, str]]:
    """Yield the long part of a finding as label and text, empty texts included."""
    yield "rule", finding.rule  # a waiver names it
    for evidence in finding.evidence:
        yield "seen", evidence_text(evidence)
    if finding.verdict not in QUIET:
        yield from _remedy(finding.fix)
    yield "stops", finding.stops
    yield "or", ", ".join(finding.alternatives)
    yield "maps", "; ".join(f"{name} {' '.join(ids)}" for name, ids in finding.maps.items())
    for conflict in finding.conflicts:
        yield "conflict", f"{conflict.text} ({conflict.other})"


def _remedy(fix: Fix) -> Iterator[tuple[str, str]]:
    yield "set", setting_text(fix.set)
    yield "how", fix.how
    yield "menu", fix.menu
    for text in fix.breaks:
        yield "breaks", text
    yield "restart", "the device restarts" if fix.restart else ""


def _finding_body(finding: Finding, *, verbose: bool) -> RenderableType:
    lines: list[RenderableType] = [Text(finding.title, style=_SEVERITY[finding.severity])]
    if finding.because:
        lines.append(Text(finding.because, style="dim"))
    if verbose:
        grid = Table.grid(padding=(0, 1))
        grid.add_column(no_wrap=True, style="dim")
        grid.add_column(overflow="fold")
        for label, text in _detail(finding):
            if text:
                grid.add_row(label, Text(text))
        lines.append(grid)
    elif finding.evidence:
        seen = "; ".join(
            evidence_text(e) for e in finding.evidence[:2] if e.via not in finding.because
        )
        if seen:
            lines.append(Text.assemble(("seen ", "dim"), seen))
    return Group(*lines)


def _consideration(group: Consideration, *, verbose: bool) -> RenderableType:
    heading = Text.assemble((group.feature, "bold"), f"  {group.id}")
    grid = Table.grid(padding=(0, 1), expand=True)
    grid.add_column(no_wrap=True, width=10)
    grid.add_column(no_wrap=True, width=6)
    grid.add_column(ratio=1, overflow="fold")
    for finding in group.findings:
        severity = Text(finding.severity.value, style=_SEVERITY[finding.severity])
        body = _finding_body(finding, verbose=verbose)
        grid.add_row(verdict_text(finding.verdict), severity, body)
    return Padding(Group(heading, Padding(grid, (0, 0, 0, 2))), (1, 0, 0, 2))


def _open(findings: Sequence[Finding]) -> Iterator[RenderableType]:
    """Yield what could not be judged, a line each below the reason that they share."""
    reasons: dict[tuple[Verdict, str], list[Finding]] = {}
    for finding in sorted(findings, key=urgency):
        reasons.setdefault((finding.verdict, finding.because), []).append(finding)
    for (verdict, because), group in reasons.items():
        heading = Text.assemble(verdict_text(verdict), "  ", (because, "dim"))
        grid = Table.grid(padding=(0, 1))
        for width in (6, None):
            grid.add_column(no_wrap=True, width=width)
        grid.add_column(overflow="fold")
        for finding in group:
            style = _SEVERITY[finding.severity]
            title = Text(finding.title, style=style)
            severity = Text(finding.severity.value, style=style)
            grid.add_row(severity, Text(finding.consideration, style="dim"), title)
        yield Padding(Group(heading, Padding(grid, (0, 0, 0, 2))), (0, 0, 0, 4))


def _findings(device: DeviceResult, *, verbose: bool, brief: bool) -> Iterator[RenderableType]:
    """Yield a device's findings; `brief` (many devices) only counts what was not judged."""
    shown = [f for f in device.findings if verbose or f.verdict not in QUIET | OPEN]
    for group in by_consideration(shown):
        yield _consideration(group, verbose=verbose)
    if verbose:
        return
    unjudged = [f for f in device.findings if f.verdict in OPEN]
    if unjudged and not brief:
        yield Padding(Text("Not judged", style="bold"), (1, 0, 0, 2))
        yield from _open(unjudged)
    hidden = [
        f"{number} {verdict.value}"
        for verdict, number in counts(device.findings).items()
        if number and verdict in (QUIET | OPEN if brief else QUIET)
    ]
    if hidden:
        yield Padding(Text(f"not shown: {', '.join(hidden)}", style="dim"), (1, 0, 0, 2))


def _device_table(result: AuditResult) -> RenderableType:
    table = Table(box=_HEAD_ONLY, padding=(0, 0, 0, 1), expand=True, show_edge=False)
    table.add_column("Device", ratio=1, overflow="ellipsis", no_wrap=True)
    for name in ("Compl.", "Cover."):
        table.add_column(name, justify="right", no_wrap=True)
    for name in ("fail", "disp.", "unkn.", "man.", "waived", "pass"):
        table.add_column(name, justify="right", no_wrap=True)
    verdicts = [v for v in _VERDICT if v is not Verdict.NOT_APPLICABLE]
    rows = [
        (
            "  ".join(dict.fromkeys((d.target, device_title(d)))),
            d.compliance,
            d.coverage,
            counts(d.findings),
        )
        for d in result.devices
    ]
    findings = all_findings(result)
    if len(rows) > 1:
        rows.append(("All devices", *overall(result), counts(findings)))
    for number, (name, compliant, covered, count) in enumerate(rows):
        last = number == len(rows) - 2
        cells = [Text(str(count[v]), style=_VERDICT[v][1] if count[v] else "dim") for v in verdicts]
        table.add_row(Text(name), percent(compliant), percent(covered), *cells, end_section=last)
    return table


def _summary(result: AuditResult, *, verbose: bool) -> Iterator[RenderableType]:
    yield Rule(Text(" Summary ", style="bold"), align="left", characters="━", style="default")
    many = "device" if len(result.devices) == 1 else "devices"
    yield Padding(
        Text.assemble(f"{len(result.devices)} {many} against ", (result.baseline, "bold")),
        (0, 0, 0, 2),
    )
    if result.devices:
        if len(result.devices) > 1:
            yield Padding(_gauges(*overall(result)), (0, 0, 0, 2))
        yield Padding(_device_table(result), (1, 0, 0, 2))
    if result.incomplete:
        yield _listing(
            "Not judged",
            [(i.target, f"{i.why}{' (skipped)' * i.skipped}") for i in result.incomplete],
        )
    worst = widespread(result)[:5]
    total = len(result.devices)
    if worst and total > 1:
        spread = [
            (f"{w.finding.severity.value}, {len(w.targets)} of {total}", w.finding.title)
            for w in worst
        ]
        yield _listing("Most in need", spread)
    yield from _contradictions(all_findings(result), verbose=verbose)
    steps = next_steps(result)
    if steps:
        plain_steps = [step.replace("`", "") for step in steps]
        yield _listing("What to do next", [(f"{n}.", s) for n, s in enumerate(plain_steps, 1)])


def _contradictions(findings: Sequence[Finding], *, verbose: bool) -> Iterator[RenderableType]:
    known = conflicts(findings)
    pressing = conflicts(f for f in findings if f.verdict not in QUIET | OPEN)
    rows = [(f"{mine} / {c.other}", c.text) for mine, c in (known if verbose else pressing)]
    if rows:
        yield _listing("Demands that contradict each other", rows)
    if not verbose and len(known) > len(pressing):
        number = len(known) - len(pressing)
        more = f"contradictions that bear on nothing that failed: {number} (in the verbose report)"
        yield Padding(Text(more, style="dim"), (0 if rows else 1, 0, 0, 4))


def _listing(title: str, rows: list[tuple[str, str]]) -> RenderableType:
    grid = Table.grid(padding=(0, 1))
    grid.add_column(max_width=24, overflow="fold")
    grid.add_column(overflow="fold")
    for left, right in rows:
        grid.add_row(Text(left), Text(right))
    return Padding(Group(Text(title, style="bold"), Padding(grid, (0, 0, 0, 2))), (1, 0, 0, 2))


def _draw(result: AuditResult, context: ReportContext) -> bytes:
    out = io.StringIO()
    console = Console(
        file=out,
        width=max(context.width, 40),
        force_terminal=context.color,
        color_system="standard" if context.color else None,
        no_color=not context.color,
        force_interactive=False,
        legacy_windows=False,
        markup=False,
        emoji=False,
        highlight=False,
    )
    brief = len(result.devices) > _DETAILED
    for device in result.devices:
        body = _findings(device, verbose=context.verbose, brief=brief)
        for part in (*_heading(device), *body):
            console.print(part)
        console.print()
    for part in _summary(result, verbose=context.verbose):
        console.print(part)
    lines = (line.rstrip() for line in out.getvalue().splitlines())
    return ("\n".join(lines) + "\n").encode()


FORMAT = Format(name="table", suffixes=(".txt",), draw=_draw)
