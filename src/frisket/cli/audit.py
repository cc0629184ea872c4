"""`frisket audit`: judge devices, or captures of them, by a baseline."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Annotated, BinaryIO, Literal

from cyclopts import App, Parameter

from frisket.audit.attest import parse_attestations
from frisket.audit.capture import read_capture
from frisket.audit.load import Content, load_content
from frisket.audit.waive import parse_waivers
from frisket.cli.support.output import Outlet, for_outlet, outlets, report_context
from frisket.cli.support.progress import progress
from frisket.cli.support.run import Run, visit_all
from frisket.cli.support.session import Session, now, read_text
from frisket.cli.support.shown import in_order, say
from frisket.errors import UsageError
from frisket.model.finding import DeviceResult, Incomplete, Severity, Verdict
from frisket.probe.base import Options
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
    format: Annotated[str | None, Parameter(alias="-f")] = None,  # noqa: A002
    output: Annotated[tuple[Path, ...], Parameter(alias="-o")] = (),
    readings: tuple[Path, ...] = (),
    record: Path | None = None,
    attest: tuple[Path, ...] = (),
    waive: tuple[Path, ...] = (),
    fail_on: Literal["low", "medium", "high"] = "medium",
    exit_zero: bool = False,
    parallel: int = 40,
    pace: float = 10.0,
    patience: float = 5.0,
    anonymous_ftp: bool = False,
    state_dir: Path | None = None,
    verbose: Annotated[bool, Parameter(alias="-v")] = False,
    quiet: Annotated[bool, Parameter(alias="-q")] = False,
) -> int:
    """Judge devices by a baseline of the hardening guide.

    Reads only: nothing is written to a device, no password is tried, not one byte goes to a
    print port.

    Parameters
    ----------
    targets
        Address, host name, network (10.0.0.0/24), @file with one target a line, or `lab`.
    baseline
        small-office (Table 1), enterprise (Table 2) or security-policy (the 45 items).
    format
        table, json, jsonl, csv, html, sarif, cklb or junit.
    output
        Write to this file too; the suffix names the format. May be given several times.
    readings
        Judge this capture instead of a live device. May be given several times.
    record
        Keep what was read of each device in this folder.
    attest
        Answers that only a person can give (TOML; see `frisket attest`).
    waive
        Accepted exceptions with owner, reason and expiry (TOML).
    fail_on
        Lowest severity that makes the exit code 1.
    exit_zero
        Exit with 0 whatever was found.
    parallel
        Devices visited at the same time.
    pace
        Packets a second to one device; 0 lifts the limit. Virtual devices are not paced.
    patience
        Seconds to wait for an answer.
    anonymous_ftp
        Allow one anonymous FTP login.
    state_dir
        The lab's state folder, for the target `lab`.
    verbose
        Show what passed too, with fixes, menus and maps.
    quiet
        No progress and no notices.
    """
    content = load_content()
    session = Session(
        content,
        content.baseline(baseline),
        tuple(
            row
            for path in attest
            for row in parse_attestations(read_text(path, "attestations"), content, str(path))
        ),
        tuple(
            row
            for path in waive
            for row in parse_waivers(read_text(path, "waivers"), content, str(path))
        ),
    )
    captures = [
        read_capture(read_text(path, "capture"), str(path), content.catalog) for path in readings
    ]
    if captures and targets:
        raise UsageError("give targets or --readings, not both")
    reports = _open_reports(outlets(format, output), baseline, content, verbose=verbose)
    if captures:
        reports.begin()
        for capture in captures:
            reports.add(session.judge(capture))
    else:
        options = Options(anonymous_ftp=anonymous_ftp, patience=patience)
        run = Run(session, reports, pace, options, parallel, record, state_dir)
        show = partial(progress, "auditing", quiet=quiet)
        asyncio.run(visit_all(run, targets, show))
        if not (quiet or reports.devices or reports.missed):
            say("no printer was found among the targets")
    reports.close(session.final())
    code = exit_code(reports, Severity(fail_on))
    return EXIT_CLEAN if exit_zero else code
