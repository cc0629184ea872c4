"""CSV (RFC 4180): a row for each device and rule, and one for each target not judged."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator

from frisket.model.finding import AuditResult, DeviceResult, Finding
from frisket.report.escape import guarded
from frisket.report.figures import evidence_text, instant, setting_text
from frisket.report.format import Format, ReportContext

HEADER = (
    "target",
    "vendor",
    "model",
    "serial",
    "mac",
    "firmware",
    "name",
    "location",
    "baseline",
    "finished",
    "consideration",
    "feature",
    "rule",
    "title",
    "verdict",
    "severity",
    "because",
    "evidence",
    "set",
    "menu",
    "how",
    "breaks",
    "restart",
    "stops",
    "maps",
    "conflicts",
)


def _row(result: AuditResult, device: DeviceResult, finding: Finding) -> tuple[str, ...]:
    identity = device.identity
    fix = finding.fix
    return (
        device.target,
        identity.vendor,
        identity.model,
        identity.serial,
        identity.mac,
        identity.firmware,
        identity.name,
        identity.location,
        result.baseline,
        instant(result.finished),
        finding.consideration,
        finding.feature,
        finding.rule,
        finding.title,
        finding.verdict.value,
        finding.severity.value,
        finding.because,
        "; ".join(evidence_text(e) for e in finding.evidence),
        setting_text(fix.set),
        fix.menu,
        fix.how,
        "; ".join(fix.breaks),
        "yes" if fix.restart else "no",
        finding.stops,
        "; ".join(f"{name} {' '.join(ids)}" for name, ids in finding.maps.items()),
        "; ".join(f"{c.other}: {c.text}" for c in finding.conflicts),
    )


def _missing(result: AuditResult, target: str, why: str, *, skipped: bool) -> tuple[str, ...]:
    known = {
        "target": target,
        "baseline": result.baseline,
        "finished": instant(result.finished),
        "verdict": "skipped" if skipped else "incomplete",
        "because": why,
    }
    return tuple(known.get(name, "") for name in HEADER)


def _lines(rows: Iterable[tuple[str, ...]]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerows([guarded(cell) for cell in row] for row in rows)
    return out.getvalue().encode()


def _pieces(
    head: AuditResult, devices: Iterable[DeviceResult], _context: ReportContext
) -> Iterator[bytes]:
    yield _lines([HEADER])
    for device in devices:
        yield _lines(_row(head, device, finding) for finding in device.findings)
    yield _lines(
        _missing(head, missed.target, missed.why, skipped=missed.skipped)
        for missed in head.incomplete
    )


def _draw(result: AuditResult, context: ReportContext) -> bytes:
    return b"".join(_pieces(result, result.devices, context))


FORMAT = Format(name="csv", suffixes=(".csv",), draw=_draw, pieces=_pieces)
