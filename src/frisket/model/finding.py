"""Verdicts and findings: what an audit says about one device."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from frisket.model.reading import Readings, Value
from frisket.model.target import Identity


class Verdict(StrEnum):
    """What was found. `unknown` never counts as `pass`."""

    PASS = "pass"  # noqa: S105
    FAIL = "fail"
    DISPUTED = "disputed"
    UNKNOWN = "unknown"
    MANUAL = "manual"
    NOT_APPLICABLE = "not-applicable"
    WAIVED = "waived"


class Severity(StrEnum):
    """How bad a failure is, in rising order."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"

    @property
    def rank(self) -> int:
        """Return 0 for low to 2 for high."""
        return list(Severity).index(self)


@dataclass(frozen=True, slots=True)
class Evidence:
    """One statement of one witness about one key."""

    key: str
    value: Value
    witness: str
    via: str
    at: datetime
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Fix:
    """What to set, where, what it breaks. `set` is empty where only a person can act (`how`)."""

    set: Mapping[str, Value] = field(default_factory=dict)
    menu: str = ""
    how: str = ""
    breaks: tuple[str, ...] = ()
    restart: bool = False


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two demands that cannot both be met, with the consideration that asks for the opposite."""

    other: str
    text: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One rule judged for one consideration on one device."""

    consideration: str
    feature: str
    rule: str
    title: str
    verdict: Verdict
    severity: Severity
    because: str
    evidence: tuple[Evidence, ...] = ()
    fix: Fix = field(default_factory=Fix)
    stops: str = ""
    maps: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    conflicts: tuple[Conflict, ...] = ()
    alternatives: tuple[str, ...] = ()


def compliance(findings: Sequence[Finding]) -> float | None:
    """Return passed of judged (pass, fail, disputed), or None where nothing could be judged."""
    judged = [f for f in findings if f.verdict in {Verdict.PASS, Verdict.FAIL, Verdict.DISPUTED}]
    if not judged:
        return None
    return sum(f.verdict is Verdict.PASS for f in judged) / len(judged)


def coverage(findings: Sequence[Finding]) -> float | None:
    """Return judged (waived included) of applicable, or None where nothing applies."""
    applicable = [f for f in findings if f.verdict is not Verdict.NOT_APPLICABLE]
    if not applicable:
        return None
    open_ = {Verdict.UNKNOWN, Verdict.MANUAL}
    return sum(f.verdict not in open_ for f in applicable) / len(applicable)


@dataclass(frozen=True, slots=True)
class DeviceResult:
    """An audited device: who it is, what was found, and what was read."""

    target: str
    identity: Identity
    findings: tuple[Finding, ...]
    readings: Readings = field(default_factory=Readings)
    notes: tuple[str, ...] = ()

    @property
    def compliance(self) -> float | None:
        """Passed of judged."""
        return compliance(self.findings)

    @property
    def coverage(self) -> float | None:
        """Judged of applicable."""
        return coverage(self.findings)


@dataclass(frozen=True, slots=True)
class Incomplete:
    """A target that was not judged, and why; `skipped` where it simply is no printer."""

    target: str
    why: str
    skipped: bool = False


@dataclass(frozen=True, slots=True)
class AuditResult:
    """The outcome of one audit run (design.md 6). Times are aware UTC."""

    baseline: str
    started: datetime
    finished: datetime
    devices: tuple[DeviceResult, ...]
    incomplete: tuple[Incomplete, ...] = ()
    schema_version: int = 1
