"""JSON: one document (design.md 6; content/schemas/audit-1.json), stable and versioned."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from typing import Any

from frisket.model.finding import (
    AuditResult,
    DeviceResult,
    Finding,
    Incomplete,
    compliance,
    coverage,
)
from frisket.report.escape import RECORD
from frisket.report.figures import all_findings, counts, failing_by_severity, instant
from frisket.report.finding_tables import finding_table
from frisket.report.format import Format, ReportContext

_INDENT = 2


def _rounded(share: float | None) -> float | None:
    """Round to four places, never up to 1 nor down to 0: 1 means all."""
    if share is None or share in {0.0, 1.0}:
        return share
    return min(max(round(share, 4), 0.0001), 0.9999)


def device_table(device: DeviceResult) -> dict[str, Any]:
    """Return one device as a table of the published schema."""
    return {
        "target": device.target,
        "identity": asdict(device.identity),
        "compliance": _rounded(device.compliance),
        "coverage": _rounded(device.coverage),
        "findings": [finding_table(f) for f in device.findings],
        "notes": list(device.notes),
    }


def incomplete_table(incomplete: Incomplete) -> dict[str, Any]:
    """Return one target that was not judged as a table of the published schema."""
    return {"target": incomplete.target, "why": incomplete.why, "skipped": incomplete.skipped}


def summary_table(
    findings: Sequence[Finding], devices: int, incomplete: Sequence[Incomplete]
) -> dict[str, Any]:
    """Return the figures over all devices as a table of the published schema."""
    return {
        "devices": devices,
        "incomplete": sum(not i.skipped for i in incomplete),
        "skipped": sum(i.skipped for i in incomplete),
        "compliance": _rounded(compliance(findings)),
        "coverage": _rounded(coverage(findings)),
        "verdicts": {verdict.value: number for verdict, number in counts(findings).items()},
        "failing": {s.value: number for s, number in failing_by_severity(findings).items()},
    }


def _spelt(table: object, depth: int) -> bytes:
    """Return a table as JSON that stands `depth` levels inside a document."""
    text = json.dumps(table, indent=_INDENT, ensure_ascii=False)
    return text.replace("\n", "\n" + " " * _INDENT * depth).encode()


def _spelt_devices(devices: Iterable[DeviceResult]) -> Iterator[bytes]:
    """Yield the list of devices piece by piece: the tables of a thousand take ten times as much."""
    place = -1
    for place, device in enumerate(devices):
        yield b",\n    " if place else b"[\n    "
        yield _spelt(device_table(device), 2)
    yield b"[]" if place < 0 else b"\n  ]"


def _pieces(
    head: AuditResult, devices: Iterable[DeviceResult], _context: ReportContext
) -> Iterator[bytes]:
    """Yield the document; its summary stands at the end, where it is known."""
    tables: dict[str, object] = {
        "schema_version": head.schema_version,
        "baseline": head.baseline,
        "started": instant(head.started),
        "finished": instant(head.finished),
    }
    # One finding stands for all of its verdict and severity: nothing else is counted.
    alike: dict[tuple[str, str], Finding] = {}
    counted: list[Finding] = []
    number = 0

    def seen() -> Iterator[DeviceResult]:
        nonlocal number
        for device in devices:
            number += 1
            counted.extend(alike.setdefault((f.verdict, f.severity), f) for f in device.findings)
            yield device

    yield _spelt(tables, 0).removesuffix(b"\n}") + b',\n  "devices": '
    yield from _spelt_devices(seen())
    yield b',\n  "incomplete": '
    yield _spelt([incomplete_table(i) for i in head.incomplete], 1)
    summary = summary_table(counted, number, head.incomplete)
    yield b',\n  "summary": ' + _spelt(summary, 1) + b"\n}\n"


def _draw(result: AuditResult, _context: ReportContext) -> bytes:
    summary = summary_table(all_findings(result), len(result.devices), result.incomplete)
    tables: dict[str, object] = {
        "schema_version": result.schema_version,
        "baseline": result.baseline,
        "started": instant(result.started),
        "finished": instant(result.finished),
        "summary": summary,
    }
    drawn = io.BytesIO()
    drawn.write(_spelt(tables, 0).removesuffix(b"\n}") + b',\n  "devices": ')
    drawn.writelines(_spelt_devices(result.devices))
    drawn.write(b',\n  "incomplete": ')
    drawn.write(_spelt([incomplete_table(i) for i in result.incomplete], 1) + b"\n}\n")
    return drawn.getvalue()


FORMAT = Format(
    name="json", suffixes=(".json",), draw=_draw, limit=RECORD, prose=RECORD, pieces=_pieces
)
