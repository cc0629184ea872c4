"""The numbers and orders that several formats show; pure."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from frisket.catalog.setting import show
from frisket.model.finding import (
    AuditResult,
    Conflict,
    DeviceResult,
    Evidence,
    Finding,
    Severity,
    Verdict,
    compliance,
    coverage,
)
from frisket.model.reading import Value

_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,61}[A-Za-z0-9])?")

ORDER = (
    Verdict.FAIL,
    Verdict.DISPUTED,
    Verdict.UNKNOWN,
    Verdict.MANUAL,
    Verdict.WAIVED,
    Verdict.PASS,
    Verdict.NOT_APPLICABLE,
)
"""The verdicts, what needs a person's eye first."""

BAD = frozenset({Verdict.FAIL, Verdict.DISPUTED})
OPEN = frozenset({Verdict.UNKNOWN, Verdict.MANUAL})
QUIET = frozenset({Verdict.PASS, Verdict.NOT_APPLICABLE})


@dataclass(frozen=True, slots=True)
class Consideration:
    """One consideration of the baseline with what was found for it."""

    id: str
    feature: str
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Widespread:
    """A rule that is not met, and on how many devices."""

    finding: Finding
    targets: tuple[str, ...]


def by_consideration(findings: Iterable[Finding]) -> tuple[Consideration, ...]:
    """Group findings by consideration in the baseline's order; the worst first within each."""
    groups: dict[tuple[str, str], list[Finding]] = {}
    for finding in findings:
        groups.setdefault((finding.consideration, finding.feature), []).append(finding)
    return tuple(
        Consideration(id_, feature, tuple(sorted(group, key=urgency)))
        for (id_, feature), group in groups.items()
    )


def urgency(finding: Finding) -> tuple[int, int]:
    """Return a sort key: the verdict's place in `ORDER`, then the severest first."""
    return ORDER.index(finding.verdict), -finding.severity.rank


def counts(findings: Iterable[Finding]) -> Mapping[Verdict, int]:
    """Return how many findings have each verdict, in `ORDER`, zeros included."""
    counter = Counter(f.verdict for f in findings)
    return {verdict: counter[verdict] for verdict in ORDER}


def all_findings(result: AuditResult) -> tuple[Finding, ...]:
    """Return the findings of every device."""
    return tuple(f for device in result.devices for f in device.findings)


def overall(result: AuditResult) -> tuple[float | None, float | None]:
    """Return compliance and coverage over the findings of all devices together."""
    findings = all_findings(result)
    return compliance(findings), coverage(findings)


def widespread(result: AuditResult) -> tuple[Widespread, ...]:
    """Return the failed and disputed rules, severest and most frequent first."""
    seen: dict[str, tuple[Finding, dict[str, None]]] = {}
    for device in result.devices:
        for finding in device.findings:
            if finding.verdict in BAD:
                worst, targets = seen.setdefault(finding.rule, (finding, {}))
                if finding.severity.rank > worst.severity.rank:
                    seen[finding.rule] = (finding, targets)
                targets[device.target] = None
    rows = [Widespread(finding, tuple(targets)) for finding, targets in seen.values()]
    return tuple(sorted(rows, key=lambda w: (-w.finding.severity.rank, -len(w.targets))))


def conflicts(findings: Iterable[Finding]) -> tuple[tuple[str, Conflict], ...]:
    """Return each contradiction once, with a consideration that it touches."""
    found: dict[str, tuple[str, Conflict]] = {}
    for finding in findings:
        for conflict in finding.conflicts:
            found.setdefault(conflict.text, (finding.consideration, conflict))
    return tuple(found.values())


def failing_by_severity(findings: Sequence[Finding]) -> Mapping[Severity, int]:
    """Return how many failed or disputed findings have each severity, the highest first."""
    counter = Counter(f.severity for f in findings if f.verdict in BAD)
    return {severity: counter[severity] for severity in reversed(Severity)}


def percent(share: float | None) -> str:
    """Return `42 %`, or `none` where there was nothing to count. 100 % means all, 0 % none."""
    if share is None:
        return "none"
    whole = round(share * 100)
    if share < 1:
        whole = min(whole, 99)
    if share > 0:
        whole = max(whole, 1)
    return f"{whole} %"


def instant(when: datetime) -> str:
    """Return a time as ISO 8601 in UTC to the second, with Z."""
    return when.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat() + "Z"


def moment(when: datetime) -> str:
    """Return a time as people read it, `2026-11-22 09:30 UTC`."""
    return f"{when.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def device_title(device: DeviceResult) -> str:
    """Return what people call the device: vendor and model, else name, else its address."""
    identity = device.identity
    model = identity.model
    if identity.vendor and not model.lower().startswith(identity.vendor.lower()):
        model = f"{identity.vendor} {model}".strip()
    return model or identity.name or device.target


def setting_text(settings: Mapping[str, Value]) -> str:
    """Return `key = value` pairs, separated by semicolons."""
    return "; ".join(f"{key} = {show(value)}" for key, value in settings.items())


def evidence_text(evidence: Evidence) -> str:
    """Return one line of evidence: `key = value (network, snmp): detail`."""
    text = f"{evidence.key} = {show(evidence.value)} ({evidence.witness}, {evidence.via})"
    return f"{text}: {evidence.detail}" if evidence.detail else text


def host_part(name: str) -> str:
    """Return the name as a host that every URI reader takes; two names never become one.

    Percent-encoding would be shorter, but the SARIF SDK refuses it in a host, and above ASCII.
    """
    if _HOST.fullmatch(name):
        return name
    slug = re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-")[:40]
    digest = hashlib.sha256(name.encode()).hexdigest()[:12]
    return f"{slug}-{digest}" if slug else digest
