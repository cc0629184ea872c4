"""All reports of one run, fed device by device."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import BinaryIO

from frisket.audit.load import Content
from frisket.cli.support.output import Outlet, for_outlet, report_context
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
    writers: list[tuple[Outlet, Writer, BinaryIO]]
    singles: list[tuple[Outlet, ReportContext]]
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
        for outlet, context in self.singles:
            self._write_singles(outlet, context)

    def _write_singles(self, outlet: Outlet, context: ReportContext) -> None:
        whole = AuditResult(
            baseline=self.opening.baseline,
            started=self.opening.started,
            finished=now(),
            devices=(),
        )
        if len(self.devices) > 1 and outlet.path is None:
            hint = f"name one with -o NAME.{outlet.format.name}: each device gets its own"
            raise UsageError(f"{outlet.format.name} needs a file for each device", hint=hint)
        for device in self.devices:
            data = outlet.format.render(replace(whole, devices=(device,)), context)
            path = outlet.path
            if path is not None and len(self.devices) > 1:
                path = path.with_name(f"{path.stem}-{file_name(device.target)}{path.suffix}")
            with Outlet(outlet.format, path).open() as place:
                place.write(data)


def open_reports(
    outlets: Sequence[Outlet], baseline: str, content: Content, *, verbose: bool
) -> Reports:
    """Open every report before the first device is visited. Raises `UsageError`."""
    context = report_context(content, verbose=verbose)
    opening = Opening(baseline, now())
    many = [outlet for outlet in outlets if not outlet.format.single]
    for outlet in outlets:
        folder = outlet.path.parent if outlet.path else Path()
        if not folder.is_dir():
            raise UsageError(f"cannot write {outlet.path}: there is no folder {folder}")
    return Reports(
        opening,
        [(o, o.format.open(opening, for_outlet(context, o)), o.open()) for o in many],
        [(o, for_outlet(context, o)) for o in outlets if o.format.single],
    )
