"""An audit as a paper: the numbers, what fails, each device with what is to be done."""

from __future__ import annotations

from collections.abc import Iterator

from frisket.model.finding import AuditResult, DeviceResult, Finding
from frisket.report.figures import (
    BAD,
    ORDER,
    QUIET,
    all_findings,
    counts,
    device_title,
    evidence_text,
    instant,
    moment,
    overall,
    percent,
    setting_text,
    urgency,
    widespread,
)
from frisket.report.paper import Bars, Block, Figures, Grid, Heading, Paper, Words


def audit_paper(result: AuditResult) -> Paper:
    """Return an audit as a paper: the numbers, what fails, and each device."""
    return Paper(
        "Audit of printers",
        f"Baseline {result.baseline}, {moment(result.started)}",
        result.finished,
        tuple(_blocks(result)),
    )


def _blocks(result: AuditResult) -> Iterator[Block]:
    compliant, covered = overall(result)
    number = counts(all_findings(result))
    yield Figures(
        (
            (percent(compliant), "compliance: met, of what could be judged"),
            (percent(covered), "coverage: judged, of what applies"),
            (str(len(result.devices)), "devices judged"),
            (str(len(result.incomplete)), "not judged"),
        )
    )
    most = max(number.values(), default=0) or 1
    bars = tuple((v.value.replace("-", " "), n / most, str(n)) for v, n in number.items())
    yield Bars("Findings by verdict", bars)
    failing = widespread(result)[:20]
    if failing:
        rows = tuple(
            (one.finding.consideration, one.finding.title, one.finding.severity.value, str(n))
            for one in failing
            for n in [len(one.targets)]
        )
        headings = ("Consideration", "What is not met", "Severity", "Devices")
        yield Grid("What fails most", headings, rows, frozenset({3}), (2, 6, 1.5, 1.2))
    for device in result.devices:
        yield from device_blocks(device)
    if result.incomplete:
        missed = tuple((one.target, one.why) for one in result.incomplete)
        yield Grid("Not judged", ("Target", "Why"), missed, widths=(2, 5))


def device_blocks(device: DeviceResult) -> Iterator[Block]:
    """Yield one device's findings, those that need a person first."""
    who = device.identity
    yield Heading(device_title(device))
    facts = (device.target, who.serial, who.firmware, who.location)
    told = f"{percent(device.compliance)} compliance, {percent(device.coverage)} coverage"
    yield Words(" · ".join([*(fact for fact in facts if fact), told]))
    findings = sorted((f for f in device.findings if f.verdict not in QUIET), key=urgency)
    if findings:
        headings = ("Rule", "Verdict", "Because", "To do")
        rows = tuple(_row(finding) for finding in findings)
        yield Grid(f"Findings of {device_title(device)}", headings, rows, widths=(3, 1.5, 4, 3.5))
    number = counts(device.findings)
    quiet = ", ".join(f"{number[v]} {v.value.replace('-', ' ')}" for v in ORDER if v in QUIET)
    yield Words(f"Not shown: {quiet}.")


def _row(finding: Finding) -> tuple[str, str, str, str]:
    fix = finding.fix
    todo = "; ".join(part for part in (setting_text(fix.set), fix.menu, fix.how) if part)
    name = f"{finding.consideration} {finding.title or finding.rule}"
    verdict = f"{finding.verdict.value}, {finding.severity.value}"
    return name, verdict, finding.because, todo if finding.verdict in BAD else ""


def evidence_rows(device: str, finding: Finding) -> Iterator[tuple[str, ...]]:
    """Yield what was seen for a finding: device, rule, verdict, evidence, time."""
    head = (device, finding.rule, finding.verdict.value)
    for one in finding.evidence:
        yield (*head, evidence_text(one), instant(one.at))
    if not finding.evidence:
        yield (*head, finding.because, "")
