"""JSON Lines: one event a line as devices finish: start, device, incomplete, end."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from frisket.model.finding import AuditResult, DeviceResult, Finding, Incomplete
from frisket.report.escape import RECORD, clean_device, visible
from frisket.report.figures import instant
from frisket.report.format import Format, Opening, ReportContext
from frisket.report.json_document import device_table, incomplete_table, summary_table

SCHEMA_VERSION = 1


def _line(event: str, table: Mapping[str, Any]) -> bytes:
    return (json.dumps({"event": event, **table}, ensure_ascii=False) + "\n").encode()


@dataclass(slots=True)
class LineWriter:
    """Writes a line at once for every device; keeps only what the closing figures need."""

    opening: Opening
    context: ReportContext
    devices: int = 0
    findings: list[Finding] = field(default_factory=list)
    incomplete: list[Incomplete] = field(default_factory=list)

    def begin(self) -> bytes:
        """Return the start event."""
        table = {
            "schema_version": SCHEMA_VERSION,
            "baseline": visible(self.opening.baseline, RECORD),
            "started": instant(self.opening.started),
            "tool_version": self.context.tool_version,
        }
        return _line("start", table)

    def add(self, device: DeviceResult) -> bytes:
        """Return the device's event."""
        self.devices += 1
        # Only verdict and severity are counted at the end; evidence would fill the memory.
        self.findings.extend(replace(f, evidence=(), because="") for f in device.findings)
        return _line("device", device_table(clean_device(device, limit=RECORD, prose=RECORD)))

    def miss(self, incomplete: Incomplete) -> bytes:
        """Return the event of a target that was not judged."""
        safe = replace(
            incomplete,
            target=visible(incomplete.target, RECORD),
            why=visible(incomplete.why, RECORD),
        )
        self.incomplete.append(safe)
        return _line("incomplete", incomplete_table(safe))

    def close(self, finished: datetime) -> bytes:
        """Return the end event with the figures over all devices."""
        summary = summary_table(self.findings, self.devices, self.incomplete)
        return _line("end", {"finished": instant(finished), "summary": summary})


def _draw(result: AuditResult, context: ReportContext) -> bytes:
    writer = LineWriter(Opening(result.baseline, result.started), context)
    parts = [writer.begin()]
    parts += [writer.add(device) for device in result.devices]
    parts += [writer.miss(incomplete) for incomplete in result.incomplete]
    parts.append(writer.close(result.finished))
    return b"".join(parts)


FORMAT = Format(
    name="jsonl",
    suffixes=(".jsonl", ".ndjson"),
    draw=_draw,
    limit=RECORD,
    prose=RECORD,
    stream=LineWriter,
)
