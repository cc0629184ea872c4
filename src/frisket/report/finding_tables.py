"""A finding as a table of the published schema: what every machine format and the store keep."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from frisket.model.finding import Evidence, Finding
from frisket.model.reading import Value
from frisket.report.figures import instant


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
