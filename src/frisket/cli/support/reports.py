"""All reports of one run, fed device by device."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from frisket.audit.load import Content
from frisket.cli.support.output import Outlet, Place, for_outlet, report_context
from frisket.cli.support.session import now
from frisket.cli.support.shown import in_order
from frisket.errors import UsageError
from frisket.model.finding import AuditResult, DeviceResult, Incomplete
from frisket.report.format import Opening, ReportContext, Writer


def file_name(target: str) -> str:
    """Return a target as part of a file name."""
    return re.sub(r"[^A-Za-z0-9.-]", "_", target)


@dataclass(slots=True)
class Reports:
    """All reports of one run. Formats that hold one device write one file for each."""

    opening: Opening
    writers: list[tuple[Outlet, Writer, Place]]
    singles: list[tuple[Outlet, ReportContext]]
    devices: list[DeviceResult] = field(default_factory=list)
    missed: list[Incomplete] = field(default_factory=list)

    def begin(self) -> None:
        """Write what comes before the first device."""
        for _, writer, place in self.writers:
            place.write(writer.begin())

    def add(self, device: DeviceResult) -> None:
        """Take one judged device; streaming formats show it at once."""
        self.devices.append(device)
        for outlet, writer, place in self.writers:
            if outlet.format.stream is not None:
                place.write(writer.add(device))

    def miss(self, incomplete: Incomplete) -> None:
        """Take one target that was not judged."""
        self.missed.append(incomplete)
        for _, writer, place in self.writers:
            place.write(writer.miss(incomplete))

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
            place.write(writer.close(now()))
            place.finish()
        whole = AuditResult(
            baseline=self.opening.baseline,
            started=self.opening.started,
            finished=now(),
            devices=tuple(self.devices),
        )
        for outlet, context in self.singles:
            write_singles(whole, outlet, context)

    def drop(self) -> None:
        """Give up what is not finished."""
        for _, _, place in self.writers:
            place.drop()


def write_singles(result: AuditResult, outlet: Outlet, context: ReportContext) -> None:
    """Write a file for each device, in a format that holds one. Raises `UsageError`."""
    if len(result.devices) > 1 and outlet.path is None:
        hint = f"name one with -o NAME.{outlet.format.name}: each device gets its own"
        raise UsageError(f"{outlet.format.name} needs a file for each device", hint=hint)
    for device in result.devices:
        path = outlet.path
        if path is not None and len(result.devices) > 1:
            path = path.with_name(f"{path.stem}-{file_name(device.target)}{path.suffix}")
        write_report(replace(result, devices=(device,)), Outlet(outlet.format, path), context)


def write_report(result: AuditResult, outlet: Outlet, context: ReportContext) -> None:
    """Write a result that is whole. Raises `UsageError`."""
    place = outlet.open()
    try:
        place.write(outlet.format.render(result, context))
        place.finish()
    finally:
        place.drop()


def open_reports(
    outlets: Sequence[Outlet], baseline: str, content: Content, *, verbose: bool
) -> Reports:
    """Open every report before the first device is visited. Raises `UsageError`."""
    context = report_context(content, verbose=verbose)
    opening = Opening(baseline, now())
    singles = [(o, for_outlet(context, o)) for o in outlets if o.format.single]
    reports = Reports(opening, [], singles)
    try:
        for outlet in outlets:
            place = outlet.open()
            if outlet.format.single:
                # Only whether it can be written: the files are named by device.
                place.drop()
                continue
            writer = outlet.format.open(opening, for_outlet(context, outlet))
            reports.writers.append((outlet, writer, place))
    except UsageError:
        reports.drop()
        raise
    return reports
