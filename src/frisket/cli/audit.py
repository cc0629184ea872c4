"""`frisket audit`: judge devices, or captures of them, by a baseline."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, Parameter

from frisket.audit.capture import Capture, read_capture
from frisket.audit.load import load_content
from frisket.audit.session import Session
from frisket.cli.support.logins import Logging
from frisket.cli.support.options import Drawing, Visiting, Words
from frisket.cli.support.output import outlets
from frisket.cli.support.planning import device_witness
from frisket.cli.support.progress import progress
from frisket.cli.support.reports import Reports, open_reports
from frisket.cli.support.run import Run, visit_all
from frisket.cli.support.session import open_session, read_text
from frisket.cli.support.shown import say
from frisket.errors import UsageError
from frisket.model.finding import Severity, Verdict

app = App(name="audit", help="Judge devices by a baseline of the hardening guide.")

EXIT_CLEAN, EXIT_FINDINGS, EXIT_INCOMPLETE = 0, 1, 3


def exit_code(reports: Reports, fail_on: Severity) -> int:
    """Return 3 where a target the user named was not judged, 1 for findings, else 0."""
    if reports.missed or not reports.devices:
        return EXIT_INCOMPLETE
    bad = {Verdict.FAIL, Verdict.DISPUTED}
    found = any(
        finding.verdict in bad and finding.severity.rank >= fail_on.rank
        for device in reports.devices
        for finding in device.findings
    )
    return EXIT_FINDINGS if found else EXIT_CLEAN


def judge_captures(session: Session, reports: Reports, captures: list[Capture]) -> None:
    """Judge what was recorded earlier."""
    reports.begin()
    for capture in captures:
        reports.add(session.judge(capture))


def say_expired(session: Session) -> None:
    """Say which waivers count for nothing any more."""
    for waiver in session.expired():
        say(f"waiver of {waiver.rule} for {waiver.scope}: expired on {waiver.expires}")


@app.default
def audit(
    *targets: str,
    baseline: Annotated[str, Parameter(alias="-b")] = "small-office",
    readings: tuple[Path, ...] = (),
    record: Path | None = None,
    fail_on: Literal["low", "medium", "high"] = "medium",
    exit_zero: bool = False,
    words: Words = Words(),
    drawing: Drawing = Drawing(),
    visiting: Visiting = Visiting(),
    logging: Logging = Logging(),
) -> int:
    """Judge devices by a baseline of the hardening guide.

    Reads only: nothing is written to a device, no password is tried, not one byte goes to a
    print port. With --credentials a device is asked for its settings too; where its word and
    what the network sees differ, the verdict is disputed.

    Parameters
    ----------
    targets
        Address, host name, network (10.0.0.0/24), @file with one target a line, group:NAME of the
        inventory, or `lab`.
    baseline
        small-office (Table 1), enterprise (Table 2), security-policy (the 45 items) or modern.
    readings
        Judge this capture instead of a live device. May be given several times.
    record
        Keep what was read of each device in this folder.
    fail_on
        Lowest severity that makes the exit code 1.
    exit_zero
        Exit with 0 whatever was found.
    """
    content = load_content()
    if readings and targets:
        raise UsageError("give targets or --readings, not both")
    session = open_session(content, baseline, words)
    captures = [
        read_capture(read_text(path, "capture"), str(path), content.catalog) for path in readings
    ]
    witness = device_witness(visiting, logging)
    if not visiting.quiet:
        say_expired(session)
    found = outlets(drawing.format, drawing.output)
    reports = open_reports(found, session.baseline.id, session.content, verbose=drawing.verbose)
    try:
        if captures:
            judge_captures(session, reports, captures)
        else:
            run = Run(session, reports, visiting, record, witness)
            show = partial(progress, "auditing", quiet=visiting.quiet)
            asyncio.run(visit_all(run, targets, show))
            if not (visiting.quiet or reports.devices or reports.missed):
                say("no printer was found among the targets")
        reports.close(session.final())
    finally:
        reports.drop()
    code = exit_code(reports, Severity(fail_on))
    return EXIT_CLEAN if exit_zero else code
