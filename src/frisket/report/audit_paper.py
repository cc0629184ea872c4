"""An audit as a paper: the numbers, what fails, each device with what is to be done."""

from __future__ import annotations

from collections.abc import Iterator

from frisket.model.finding import AuditResult, DeviceResult, Finding, Verdict
from frisket.report.figures import (
    BAD,
    ORDER,
    QUIET,
    all_findings,
    counts,
    device_title,
    evidence_text,
    overall,
    percent,
    setting_text,
    urgency,
    widespread,
)
from frisket.report.paper import Bars, Block, Figures, Grid, Heading, Paper, Words
from frisket.report.speech import Speech


def audit_paper(result: AuditResult, speech: Speech | None = None) -> Paper:
    """Return an audit as a paper: the numbers, what fails, and each device."""
    told = speech or Speech()
    about = told.say(
        "Baseline %(name)s, %(when)s", name=result.baseline, when=told.moment(result.started)
    )
    blocks = tuple(_blocks(result, told))
    return Paper(told.say("Audit of printers"), about, result.finished, blocks, told)


def word_of(verdict: Verdict, speech: Speech) -> str:
    """Return a verdict in words."""
    return speech.say(verdict.value.replace("-", " "))


def _blocks(result: AuditResult, speech: Speech) -> Iterator[Block]:
    say = speech.say
    compliant, covered = overall(result)
    number = counts(all_findings(result))
    yield Figures(
        (
            (share(compliant, speech), say("compliance: met, of what could be judged")),
            (share(covered, speech), say("coverage: judged, of what applies")),
            (f"{len(result.devices):,}", say("devices judged")),
            (f"{len(result.incomplete):,}", say("not judged")),
        )
    )
    most = max(number.values(), default=0) or 1
    bars = tuple((word_of(v, speech), n / most, f"{n:,}") for v, n in number.items())
    yield Bars(say("Findings by verdict"), bars)
    failing = widespread(result)[:20]
    if failing:
        rows = tuple(
            (
                *(one.finding.consideration, one.finding.title),
                *(say(one.finding.severity.value), f"{len(one.targets):,}"),
            )
            for one in failing
        )
        headings = tuple(map(say, ("Consideration", "What is not met", "Severity", "Devices")))
        yield Grid(say("What fails most"), headings, rows, frozenset({3}), (2, 6, 1.5, 1.2))
    for device in result.devices:
        yield from device_blocks(device, speech)
    if result.incomplete:
        missed = tuple((one.target, one.why) for one in result.incomplete)
        yield Grid(say("Not judged"), (say("Target"), say("Why")), missed, widths=(2, 5))


def share(part: float | None, speech: Speech) -> str:
    """Return a share in words, `42 %`, or that there was nothing to count."""
    return speech.say("none") if part is None else percent(part)


def device_blocks(device: DeviceResult, speech: Speech) -> Iterator[Block]:
    """Yield one device's findings, those that need a person first."""
    say, who = speech.say, device.identity
    yield Heading(device_title(device))
    facts = (device.target, who.serial, who.firmware, who.location)
    told = say(
        "%(compliance)s compliance, %(coverage)s coverage",
        compliance=share(device.compliance, speech),
        coverage=share(device.coverage, speech),
    )
    yield Words(" · ".join([*(fact for fact in facts if fact), told]))
    findings = sorted((f for f in device.findings if f.verdict not in QUIET), key=urgency)
    yield Grid(
        say("Findings of %(device)s", device=device_title(device)),
        tuple(map(say, ("Rule", "Verdict", "Because", "To do"))),
        tuple(_row(finding, speech) for finding in findings),
        widths=(3, 1.5, 4, 3.5),
        empty=say("Nothing needs a person."),
    )
    number = counts(device.findings)
    quiet = ", ".join(f"{number[v]} {word_of(v, speech)}" for v in ORDER if v in QUIET)
    yield Words(say("Not shown: %(counts)s.", counts=quiet))


def _row(finding: Finding, speech: Speech) -> tuple[str, str, str, str]:
    fix = finding.fix
    todo = "; ".join(part for part in (setting_text(fix.set), fix.menu, fix.how) if part)
    name = f"{finding.consideration} {finding.title or finding.rule}"
    verdict = f"{word_of(finding.verdict, speech)}, {speech.say(finding.severity.value)}"
    return name, verdict, finding.because, todo if finding.verdict in BAD else ""


def evidence_rows(device: str, finding: Finding, speech: Speech) -> Iterator[tuple[str, ...]]:
    """Yield what was seen for a finding: device, rule, verdict, evidence, time."""
    head = (device, f"{finding.consideration} {finding.rule}", word_of(finding.verdict, speech))
    for one in finding.evidence:
        yield (*head, evidence_text(one), speech.second(one.at))
    if not finding.evidence:
        yield (*head, finding.because, "")
