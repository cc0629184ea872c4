"""`frisket audit`: judge devices, or captures of them, by a baseline."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Annotated, BinaryIO, Literal

from cyclopts import App, Parameter

from frisket.audit.capture import read_capture
from frisket.audit.load import Content, load_content
from frisket.cli.support.options import Drawing, Visiting, Words
from frisket.cli.support.output import Outlet, for_outlet, outlets, report_context
from frisket.cli.support.progress import progress
from frisket.cli.support.run import Run, visit_all
from frisket.cli.support.session import now, open_session, read_text
from frisket.cli.support.shown import in_order, say
from frisket.errors import UsageError
from frisket.model.finding import DeviceResult, Incomplete, Severity, Verdict
from frisket.report.format import Opening, Writer

app = App(name="audit", help="Judge devices by a baseline of the hardening guide.")

EXIT_CLEAN, EXIT_FINDINGS, EXIT_INCOMPLETE = 0, 1, 3


@dataclass(slots=True)
class Reports:
    """All reports of one run, fed device by device."""

    writers: list[tuple[Outlet, Writer, BinaryIO]]
    devices: list[DeviceResult] = field(default_factory=list)
    missed: list[Incomplete] = field(default_factory=list)

    def _put(self, place: BinaryIO, data: bytes) -> None:
        if data:
            place.write(data)
            place.flush()

    def begin(self) -> None:
        """Write what comes before the first device."""
        for _, writer, place in self.writers:
            self._put(place, writer.begin())

    def add(self, device: DeviceResult) -> None:
        """Take one judged device; streaming formats show it at once."""
        self.devices.append(device)
        for outlet, writer, place in self.writers:
            if outlet.format.stream is not None:
                self._put(place, writer.add(device))

    def miss(self, incomplete: Incomplete) -> None:
        """Take one target that was not judged."""
        self.missed.append(incomplete)
        for _, writer, place in self.writers:
            self._put(place, writer.miss(incomplete))

    def close(self, final: dict[str, DeviceResult]) -> None:
        """Write the rest, with the verdicts that waited for the last device."""
        self.devices = [
            final.get(device.target, device)
            for device in sorted(self.devices, key=lambda device: in_order(device.target))
        ]
        for outlet, writer, place in self.writers:
            if outlet.format.stream is None:
                for device in self.devices:
                    writer.add(device)
            self._put(place, writer.close(now()))
            if outlet.path is not None:
                place.close()


def _open_reports(
    found: list[Outlet], baseline: str, content: Content, *, verbose: bool
) -> Reports:
    context = report_context(content, verbose=verbose)
    opening = Opening(baseline, now())
    return Reports([(o, o.format.open(opening, for_outlet(context, o)), o.open()) for o in found])


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
) -> int:
    """Judge devices by a baseline of the hardening guide.

    Reads only: nothing is written to a device, no password is tried, not one byte goes to a
    print port.

    Parameters
    ----------
    targets
        Address, host name, network (10.0.0.0/24), @file with one target a line, or `lab`.
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
    found = outlets(drawing.format, drawing.output)
    reports = _open_reports(found, baseline, content, verbose=drawing.verbose)
    if captures:
        reports.begin()
        for capture in captures:
            reports.add(session.judge(capture))
    else:
        run = Run(session, reports, visiting, record)
        asyncio.run(visit_all(run, targets, partial(progress, "auditing", quiet=visiting.quiet)))
        if not (visiting.quiet or reports.devices or reports.missed):
            say("no printer was found among the targets")
    reports.close(session.final())
    code = exit_code(reports, Severity(fail_on))
    return EXIT_CLEAN if exit_zero else code
