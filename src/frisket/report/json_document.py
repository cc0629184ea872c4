"""JSON: one document (design.md 6; content/schemas/audit-1.json), stable and versioned."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from frisket.model.finding import (
    AuditResult,
    DeviceResult,
    Evidence,
    Finding,
    Incomplete,
    compliance,
    coverage,
)
from frisket.model.reading import Value
from frisket.report.escape import RECORD
from frisket.report.figures import all_findings, counts, failing_by_severity, instant
from frisket.report.format import Format, ReportContext


def plain(value: Value) -> bool | int | str | list[str]:
    """Return a value as JSON knows it."""
    return list(value) if isinstance(value, tuple) else value


def _evidence(evidence: Evidence) -> dict[str, Any]:
    return {
        "key": evidence.key,
        "value": plain(evidence.value),
        "witness": evidence.witness,
        "via": evidence.via,
        "at": instant(evidence.at),
        "detail": evidence.detail,
    }


def finding_table(finding: Finding) -> dict[str, Any]:
    """Return one finding as a table of the published schema."""
    return {
        "consideration": finding.consideration,
        "feature": finding.feature,
        "rule": finding.rule,
        "title": finding.title,
        "verdict": finding.verdict.value,
        "severity": finding.severity.value,
        "because": finding.because,
        "evidence": [_evidence(e) for e in finding.evidence],
        "fix": {
            "set": {key: plain(value) for key, value in finding.fix.set.items()},
            "menu": finding.fix.menu,
            "how": finding.fix.how,
            "breaks": list(finding.fix.breaks),
            "restart": finding.fix.restart,
        },
        "stops": finding.stops,
        "maps": {standard: list(ids) for standard, ids in finding.maps.items()},
        "conflicts": [asdict(c) for c in finding.conflicts],
        "alternatives": list(finding.alternatives),
    }


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


def document(result: AuditResult) -> dict[str, Any]:
    """Return the whole result as a table of the published schema."""
    return {
        "schema_version": result.schema_version,
        "baseline": result.baseline,
        "started": instant(result.started),
        "finished": instant(result.finished),
        "summary": summary_table(all_findings(result), len(result.devices), result.incomplete),
        "devices": [device_table(d) for d in result.devices],
        "incomplete": [incomplete_table(i) for i in result.incomplete],
    }


def _draw(result: AuditResult, _context: ReportContext) -> bytes:
    return (json.dumps(document(result), indent=2, ensure_ascii=False) + "\n").encode()


FORMAT = Format(name="json", suffixes=(".json",), draw=_draw, limit=RECORD, prose=RECORD)
